"""What Temporal keeps is encrypted, from the command to the report, and keys change meanwhile."""

import base64
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.approvals import delivery
from bot.config.settings import Settings
from bot.processes import bootstrap
from notifications.cards.buttons import ActionId
from playground.server import Playground
from storage.payloads.codec import ENCODING
from tests.e2e.conftest import CHANNEL, PATIENCE, Office, settings_for
from tests.e2e.gestures import first_card
from workflows.messages.results import AgentResult

WORDS = "Nobody but us may read this."


def keyed(settings: Settings, *names: str) -> Settings:
    """With these keys, the last of which encrypts."""
    keys = [f"{name}={base64.b64encode(name.encode() * 8).decode()}" for name in names]
    secrets = settings.secrets.model_copy(update={"payload_keys": SecretStr(" ".join(keys))})
    storage = settings.storage.model_copy(update={"encrypt_with": names[-1]})
    return settings.model_copy(update={"secrets": secrets, "storage": storage})


@contextlib.asynccontextmanager
async def running(office: Office, settings: Settings) -> AsyncIterator[None]:
    """Bot and worker with these settings."""
    async with bootstrap.worker(settings, office.agent), bootstrap.bot(settings):
        yield


@pytest.fixture
async def office(
    workspace: Playground, temporal_address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Office]:
    """Nothing runs yet; results large and small say what nobody may read."""
    monkeypatch.setattr(delivery, "FIRST_TRY_SECONDS", 2.0)
    settings = settings_for(workspace, temporal_address, tmp_path / "signoff")
    settings.folder.mkdir()
    built = Office(workspace, settings)
    built.agent.make = lambda request: AgentResult(
        summary=f"{request.step}: {WORDS}", full_text=WORDS * 5_000
    )
    await bootstrap.prepare(settings)
    yield built
    await built.close()


async def test_a_task_lives_through_a_change_of_keys(office: Office) -> None:
    """Begun with the old key, ended with the new one; no word stands in a history or a file."""
    old, both = keyed(office.settings, "key1"), keyed(office.settings, "key1", "key2")
    async with running(office, old):
        _, card = await first_card(office)
    async with running(office, both):
        await office.grace.click(card, ActionId.APPROVE)
        thread = str(card["thread_ts"])
        for step in ("strategy", "patterns", "report"):
            await office.grace.click(await office.card(thread, step), ActionId.APPROVE)
        await office.ada.wait_for(lambda m: "completed" in m["text"], CHANNEL, timeout=PATIENCE)
    client = await bootstrap.connect(both)
    ours = client.list_workflows(f"TaskQueue = '{both.temporal.task_queue}'")
    kept = [
        event.SerializeToString()
        async for found in ours
        async for event in client.get_workflow_handle(found.id).fetch_history_events()
    ]
    files = bootstrap.payload_files(both)
    stored = [files.path(name).read_bytes() for name in await files.names()]
    assert WORDS.encode() not in b"".join([*kept, *stored])
    for key in (b"key1", b"key2"):
        assert any(ENCODING in content and key in content for content in kept)
        assert any(ENCODING in content and key in content for content in stored)
