"""All of Signoff against the local workspace; only the agents are hand-written here."""

import contextlib
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from temporalio.service import RPCError

from agents.runtime.activity import TurnRunning
from agents.runtime.local import LocalAgents
from bot.approvals import delivery
from bot.config.agents import StoredInputs
from bot.config.sections.secrets import Secrets
from bot.config.sections.slack import SlackSettings
from bot.config.sections.storage import StorageSettings
from bot.config.sections.temporal import TemporalSettings
from bot.config.sections.web import WebSettings
from bot.config.settings import Settings, load
from bot.processes import bootstrap
from playground.config import PlaygroundConfig
from playground.server import Playground
from playground.testing.person import Person
from tests.fakes import ADA, GRACE, LINUS, FakeAgent

ROOT = Path(__file__).parents[2]
CHANNEL = "C0GENERAL1"
PATIENCE = 60


class Office:
    """A workspace, the bot and a worker; Ada asks, Grace and Linus decide."""

    def __init__(self, workspace: Playground, settings: Settings) -> None:
        self.workspace = workspace
        self.settings = settings
        self.agent = FakeAgent()
        self.ada = self.person(ADA)
        self.grace = self.person(GRACE)
        self.linus = self.person(LINUS)
        self._people: list[Person] = [self.ada, self.grace, self.linus]

    def person(self, user: str) -> Person:
        return Person(self.workspace.url, self.workspace.local_token, user)

    async def close(self) -> None:
        for person in self._people:
            await person.close_session()

    async def thread(self) -> str:
        """The newest task message's thread, once it is there."""
        root = await self.ada.wait_for(
            lambda m: (m.get("metadata") or {}).get("event_type") == "signoff_task",
            CHANNEL,
            timeout=PATIENCE,
        )
        return str(root["ts"])

    async def root(self, thread: str, words: str) -> dict[str, Any]:
        """The task's own message once it says these words; a card in the channel may say them, too."""
        return await self.ada.wait_for(
            lambda m: m["ts"] == thread and words in f"{m['text']} {m['blocks']}",
            CHANNEL,
            timeout=PATIENCE,
        )

    async def card(self, thread: str, step: str, revision: int = 1) -> dict[str, Any]:
        """The card of this step, as Grace sees it."""
        return await self.grace.wait_for(
            lambda m: (
                f".{step}.v{revision}" in str(m.get("metadata"))
                and any(block["type"] == "actions" for block in m["blocks"])
            ),
            CHANNEL,
            thread=thread,
            timeout=PATIENCE,
        )

    async def decided(self, thread: str, step: str, revision: int = 1) -> dict[str, Any]:
        """The card of this step once it carries its end and no button."""
        return await self.ada.wait_for(
            lambda m: (
                f".{step}.v{revision}" in str(m.get("metadata"))
                and not any(block["type"] == "actions" for block in m["blocks"])
            ),
            CHANNEL,
            thread=thread,
            timeout=PATIENCE,
        )


def settings_for(workspace: Playground, address: str, folder: Path) -> Settings:
    """The project's own settings, pointed at this test's servers."""
    secrets = Secrets(
        slack_bot_token=SecretStr(workspace.bot_token),
        slack_app_token=SecretStr(workspace.app_token),
    )
    return load(ROOT / "signoff.toml").model_copy(
        update={
            "slack": SlackSettings(
                base_url=workspace.api_url, local_files=workspace.api_url, read_seconds=0
            ),
            "web": WebSettings(port=0),
            "temporal": TemporalSettings(
                address=address, task_queue=f"e2e-{uuid.uuid4().hex}", embedded=False
            ),
            "storage": StorageSettings(folder=folder),
            "secrets": secrets,
        }
    )


def offline_agents(settings: Settings) -> TurnRunning:
    """The real agents on the offline model, in this process."""
    inputs = StoredInputs(bootstrap.payload_files(settings))
    return TurnRunning(inputs=inputs, runner=LocalAgents(offline=True))


@pytest.fixture
async def workspace(tmp_path: Path) -> AsyncIterator[Playground]:
    """A local Slack workspace with our manifest, and more patient than Slack: nobody waits here."""
    config = PlaygroundConfig(manifest=ROOT / "manifest.yml", ack_seconds=30, trigger_seconds=30)
    async with Playground(config, tmp_path / "playground.db") as running:
        yield running


async def _end_everything(settings: Settings) -> None:
    """Nothing of this test waits for anybody in the next one's lists."""
    client = await bootstrap.connect(settings)
    mine = f"TaskQueue = '{settings.temporal.task_queue}' AND ExecutionStatus = 'Running'"
    async for found in client.list_workflows(mine):
        with contextlib.suppress(RPCError):
            await client.get_workflow_handle(found.id).terminate()


@pytest.fixture
def read_seconds() -> float:
    """Nobody reads here, unless a test says otherwise."""
    return 0


@pytest.fixture
async def office(
    workspace: Playground,
    temporal_address: str,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    read_seconds: float,
) -> AsyncIterator[Office]:
    """Everything running; an indirect parameter changes the general policy."""
    # Everything shares one event loop here: a click must not be kept for that alone.
    monkeypatch.setattr(delivery, "FIRST_TRY_SECONDS", 2.0)
    settings = settings_for(workspace, temporal_address, tmp_path / "signoff")
    policy = settings.policy | getattr(request, "param", {})
    slack = settings.slack.model_copy(update={"read_seconds": read_seconds})
    settings = settings.model_copy(update={"policy": policy, "slack": slack})
    settings.folder.mkdir()
    built = Office(workspace, settings)
    async with contextlib.AsyncExitStack() as stack:
        await bootstrap.prepare(settings)
        await stack.enter_async_context(bootstrap.worker(settings, built.agent))
        await stack.enter_async_context(bootstrap.bot(settings))
        yield built
        await built.close()
    await _end_everything(settings)


@pytest.fixture
async def offline_office(
    workspace: Playground, temporal_address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Office]:
    """Everything running, with the real agents on the offline model, in the worker."""
    monkeypatch.setattr(
        delivery, "FIRST_TRY_SECONDS", 2.0
    )  # agents compute on this very event loop
    settings = settings_for(workspace, temporal_address, tmp_path / "signoff")
    settings.folder.mkdir()
    built = Office(workspace, settings)
    async with contextlib.AsyncExitStack() as stack:
        await bootstrap.prepare(settings)
        await stack.enter_async_context(bootstrap.worker(settings, offline_agents(settings)))
        await stack.enter_async_context(bootstrap.bot(settings))
        yield built
        await built.close()
