"""SIGKILL at the worst moment: between the card and the click. Nothing is lost."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.config.errors import UnavailableError
from bot.config.sections.temporal import TemporalSettings
from bot.config.settings import load
from bot.processes import bootstrap, dev_server
from bot.temporal import client as temporal
from playground.config import PlaygroundConfig
from playground.server import Playground
from tests.conftest import free_port
from tests.e2e.conftest import CHANNEL, ROOT, Office

SETTINGS = """
[slack]
base_url = "{api}"
read_seconds = 0
[web]
port = 0
[temporal]
address = "127.0.0.1:{port}"
task_queue = "kill"
embedded = true
[storage]
folder = "{folder}/state"
[inputs]
folders = ["{root}/examples"]
[policy]
approvers = ["grace@acme.example"]
[pipelines.review]
steps = [{{name = "analysis"}}, {{name = "report"}}]
"""


class Processes:
    """Temporal, worker and bot, each in a process that can be killed and started again."""

    def __init__(self, config: Path, port: int, workspace: Playground) -> None:
        self._config = config
        self._port = port
        self._environment = os.environ | {
            "SLACK_BOT_TOKEN": workspace.bot_token,
            "SLACK_APP_TOKEN": workspace.app_token,
        }
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str) -> None:
        with (self._config.parent / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                self._command(name), env=self._environment, stdout=log, stderr=log, cwd=ROOT
            )

    def kill(self, name: str) -> None:
        process = self._running.pop(name)
        process.send_signal(signal.SIGKILL)
        process.wait(10)

    def stop_all(self) -> None:
        for name in list(self._running):
            self.kill(name)

    def _command(self, name: str) -> list[str]:
        if name == "temporal":
            folder = self._config.parent / "state"
            folder.mkdir(exist_ok=True)
            settings = TemporalSettings(address=f"127.0.0.1:{self._port}", ui_port=free_port())
            return dev_server.command(settings, folder / "temporal.db")
        if name == "worker":
            return [sys.executable, "-m", "tests.e2e.worker", str(self._config)]
        return [sys.executable, "-m", "bot", "--config", str(self._config), "bot"]


class KillableOffice(Office):
    """An office whose parts run in processes."""

    processes: Processes


@pytest.fixture
async def workspace(tmp_path: Path) -> AsyncIterator[Playground]:
    """A local workspace that outlives the kills."""
    async with Playground(PlaygroundConfig(manifest=ROOT / "manifest.yml")) as running:
        yield running


@pytest.fixture
def config(workspace: Playground, tmp_path: Path) -> tuple[Path, int]:
    """Settings for the processes."""
    port = free_port()
    file = tmp_path / "signoff.toml"
    text = SETTINGS.format(api=workspace.api_url, port=port, folder=tmp_path, root=ROOT)
    file.write_text(text, encoding="utf-8")
    return file, port


@pytest.fixture
async def office(workspace: Playground, config: tuple[Path, int]) -> AsyncIterator[KillableOffice]:
    """Everything started, tables and search attributes made."""
    file, port = config
    async with started(Processes(file, port, workspace), workspace, file) as built:
        await _listening(built)
        yield built


@contextlib.asynccontextmanager
async def started(
    processes: Processes, workspace: Playground, file: Path
) -> AsyncIterator[KillableOffice]:
    """Temporal, prepared, then worker and bot; killed at the end, whatever became of them."""
    built = KillableOffice(workspace, load(file))
    built.processes = processes
    processes.start("temporal")
    try:
        await _prepared(built)
        processes.start("worker")
        processes.start("bot")
        yield built
    finally:
        processes.stop_all()
        await built.close()


async def _prepared(office: Office) -> None:
    for _ in range(100):
        with contextlib.suppress(UnavailableError):
            await bootstrap.prepare(office.settings)
            return
        await asyncio.sleep(0.1)
    raise TimeoutError("Temporal did not come up")


async def _listening(office: Office) -> None:
    """Until the bot answers a command."""
    for _ in range(200):
        answer = await office.ada.command("/task help", CHANNEL)
        if answer["acked"]:
            return
        await asyncio.sleep(0.1)
    raise TimeoutError("the bot does not listen")


@pytest.mark.parametrize("victim", ["worker", "bot", "temporal"])
async def test_killed_between_card_and_click(office: KillableOffice, victim: str) -> None:
    """The card is there, the process dies, a person clicks, it starts again: the task goes on."""
    await office.ada.command("/task review penguins.csv", CHANNEL)
    thread = await office.thread()
    card = await office.card(thread, "analysis")
    office.processes.kill(victim)
    if victim == "bot":
        clicked = await office.grace.click(card, "signoff_approve")
        assert not clicked["acked"]
        office.processes.start(victim)
        await _listening(office)
        card = await office.card(thread, "analysis")
        clicked = await office.grace.click(card, "signoff_approve")
    else:
        clicked = await office.grace.click(card, "signoff_approve")
        office.processes.start(victim)
    assert clicked["acked"]
    second = await office.grace.wait_for(
        lambda m: ".report.v1" in str(m.get("metadata")), CHANNEL, thread=thread, timeout=60
    )
    await office.grace.click(second, "signoff_approve")
    await office.ada.wait_for(lambda m: "completed" in m["text"], CHANNEL, timeout=60)
    for step in ("analysis", "report"):
        await office.ada.wait_for(
            lambda m, step=step: (
                f".{step}.v1" in str(m.get("metadata")) and "Approved" in m["text"]
            ),  # type: ignore[misc]
            CHANNEL,
            thread=thread,
            timeout=60,
        )
    shown = await office.ada.messages(CHANNEL, thread)
    assert len([m for m in shown if "Approved" in m["text"]]) == 2


async def test_prepared_attributes_survive(office: KillableOffice) -> None:
    """Starting again on the same file finds the search attributes."""
    office.processes.kill("temporal")
    office.processes.start("temporal")
    await _prepared(office)
    client = await bootstrap.connect(office.settings)
    assert not await temporal.missing_attributes(client)
