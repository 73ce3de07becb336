"""One Signoff for all pages: `signoff demo`, with the settings that they show."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.conftest import free_port
from tests.how_to.reader import OURS, Reader
from tests.models.gemini import KEY, GeminiStandIn
from tests.models.openai_like import KEY as OPENAI_KEY
from tests.models.openai_like import OpenAIStandIn

PAGES = ("adk", "to-a2a", "curl", "langgraph", "openai-agents", "pydantic-ai")
TOKEN = "a-token-of-the-chairs"
REST = """
[policy]
approvers = ["grace@acme.example"]
[models]
address = "{address}"
[playground]
port = {playground}
[web]
port = {web}
[agent_server]
port = {agents}
[approval_server]
port = {approvals}
[temporal]
address = "127.0.0.1:{temporal}"
ui_port = {ui}
"""


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def gemini() -> AsyncIterator[GeminiStandIn]:
    """What the ADK agents ask."""
    async with GeminiStandIn().serving() as running:
        yield running


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def openai() -> AsyncIterator[OpenAIStandIn]:
    """What the others ask."""
    async with OpenAIStandIn().serving() as running:
        yield running


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def reader(
    tmp_path_factory: object, gemini: GeminiStandIn, openai: OpenAIStandIn
) -> AsyncIterator[Reader]:
    """Has written what the pages say, and started Signoff."""
    folder: Path = tmp_path_factory.mktemp("how_to")  # type: ignore[attr-defined]
    ports = {"8333": free_port(), "8001": free_port()}
    reader = Reader(
        folder,
        ports,
        variables={
            "SIGNOFF_TOKEN": TOKEN,
            "GOOGLE_API_KEY": KEY,
            "GOOGLE_GEMINI_BASE_URL": gemini.address,
            "OPENAI_API_KEY": OPENAI_KEY,
            "OPENAI_BASE_URL": openai.address,
            "OPENAI_AGENTS_DISABLE_TRACING": "1",
        },
    )
    reader.write(*PAGES)
    names = ("playground", "web", "agents", "temporal", "ui")
    rest = {name: free_port() for name in names}
    text = REST.format(address=gemini.address, approvals=ports["8333"], **rest)
    (folder / "signoff.toml").write_text(reader.settings(*PAGES) + text, encoding="utf-8")
    (folder / ".env").write_text(f"GOOGLE_API_KEY={KEY}\nPROGRAM_TOKENS=chairs={TOKEN}\n")
    (folder / "examples").mkdir()
    log = folder / "demo.log"
    with log.open("wb") as output:
        demo = await asyncio.create_subprocess_exec(
            *(OURS / "signoff", "demo"),
            cwd=folder,
            env={"PATH": os.environ["PATH"], "HOME": str(folder)},
            stdout=output,
            stderr=output,
        )
    try:
        async with asyncio.timeout(150):
            while "Ctrl-C" not in log.read_text():
                assert demo.returncode is None, log.read_text()
                await asyncio.sleep(0.5)
        yield reader
    finally:
        if demo.returncode is None:
            demo.send_signal(signal.SIGINT)
            await demo.wait()
        sys.stdout.write(log.read_text())
