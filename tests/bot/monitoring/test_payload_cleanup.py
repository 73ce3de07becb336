"""Payload files are taken away only when no history on a real server leads to them."""

import asyncio
import base64
import os
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import SecretStr
from temporalio import workflow
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from bot.config.errors import ConfigurationError
from bot.config.payload_keys import payload_codec
from bot.config.settings import Settings, load
from bot.monitoring import payload_cleanup
from bot.processes import bootstrap, dev_server
from bot.processes.bootstrap import payload_files
from bot.temporal.data_converter import data_converter
from notifications.reminders import scheduler
from storage.errors import PayloadCorrupt, PayloadMissing
from storage.payloads.codec import AesGcmCodec
from storage.payloads.files import PayloadFiles

KEY = base64.b64encode(b"k" * 32).decode()
TOML = """
[policy]
approvers = ["U1"]
[pipelines.review]
steps = [{ name = "analysis" }]
"""


@workflow.defn
class Hold:
    """Takes a text; waits, or ends at once with a text as large."""

    @workflow.run
    async def run(self, text: str, wait: bool) -> str:
        """The text, backwards."""
        await workflow.wait_condition(lambda: not wait)
        return text[::-1]


@dataclass(frozen=True)
class House:
    """A server, and an installation's settings and payload files."""

    client: Client
    settings: Settings
    files: PayloadFiles

    async def start(self, text: str, *, wait: bool, queue: str = "signoff") -> str:
        """Start it; its id."""
        name = f"hold-{uuid4()}"
        handle = await self.client.start_workflow(
            Hold.run, args=[text, wait], id=name, task_queue=queue
        )
        if not wait:
            runner = UnsandboxedWorkflowRunner()
            async with Worker(
                self.client, task_queue=queue, workflows=[Hold], workflow_runner=runner
            ):
                await handle.result()
        return name

    async def old(self, data: bytes) -> str:
        """A file that was stored long ago."""
        name = await self.files.put(data)
        self.age()
        return name

    def age(self) -> None:
        """Make every file a month old."""
        moment = time.time() - 30 * 86_400
        for path in self.files.root.glob("??/*"):
            os.utime(path, (moment, moment))


@pytest.fixture(params=["plain", "encrypted"])
async def house(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[House]:
    """With and without keys."""
    file = tmp_path / "signoff.toml"
    file.write_text(TOML, encoding="utf-8")
    settings = load(file)
    if request.param == "encrypted":
        secrets = settings.secrets.model_copy(update={"payload_keys": SecretStr(f"new={KEY}")})
        storage = settings.storage.model_copy(update={"encrypt_with": "new"})
        settings = settings.model_copy(update={"secrets": secrets, "storage": storage})
    files = payload_files(settings)
    converter = data_converter(files, payload_codec(settings))
    async with await WorkflowEnvironment.start_local(
        dev_server_existing_path=dev_server.binary()
    ) as server:
        config = server.client.config()
        config["data_converter"] = converter
        yield House(Client(**config), settings, files)


async def test_what_a_history_leads_to_stays(house: House) -> None:
    """Open and ended workflows; in a reference, in plain words, and inside a large payload."""
    named = await house.old(b"an input that a small payload names")
    nested = await house.old(b"an input that a large payload names")
    await house.start(named, wait=True)
    await house.start(f"{nested} " + "x" * 200_000, wait=True)
    await house.start("yo" * 100_000, wait=False)
    live = await house.files.names()
    assert len(live) == 5
    lost = await house.old(b"nothing names this")
    house.age()
    young = await house.files.put(b"nothing names this either, yet")
    would = await payload_cleanup.clean(house.settings, house.client, house.files, dry_run=True)
    assert would.removed == (lost,)
    assert lost in await house.files.names()
    done = await payload_cleanup.clean(house.settings, house.client, house.files)
    assert (done.removed, done.kept) == ((lost,), 6)
    assert await house.files.names() == sorted([*live, young])


async def test_what_temporal_forgets_goes(house: House) -> None:
    """A workflow whose retention ended takes its files along; those of others stay."""
    gone = await house.start("z" * 200_000, wait=True)
    [file] = await house.files.names()
    await house.start("w" * 200_000, wait=True)
    await house.client.workflow_service.delete_workflow_execution(
        DeleteWorkflowExecutionRequest(
            namespace="default", workflow_execution=WorkflowExecution(workflow_id=gone)
        )
    )
    house.age()
    removed: tuple[str, ...] = ()
    for _ in range(200):
        removed = (await payload_cleanup.clean(house.settings, house.client, house.files)).removed
        if removed:
            break
        await asyncio.sleep(0.05)
    assert removed == (file,)
    assert len(await house.files.names()) == 1


async def test_a_lost_file_stops_the_cleaning(house: House) -> None:
    """What it would have led to is not known: nothing goes, and the scheduler's chore goes on."""
    await house.start("v" * 200_000, wait=True)
    [file] = await house.files.names()
    spare = await house.old(b"nothing names this")
    damaged = house.files.path(file)
    damaged.write_bytes(b"\0" + damaged.read_bytes()[1:])
    house.age()
    with pytest.raises(PayloadCorrupt, match=file):
        await payload_cleanup.clean(house.settings, house.client, house.files)
    await payload_cleanup.chore(house.settings, house.client, house.files)
    assert spare in await house.files.names()
    damaged.unlink()
    with pytest.raises(PayloadMissing, match=file):
        await payload_cleanup.clean(house.settings, house.client, house.files)
    assert spare in await house.files.names()


async def test_another_installation_is_in_nobody_s_way(house: House, tmp_path: Path) -> None:
    """It shares the namespace, with files and keys of its own; and where it shares the files, what
    it needs stays."""
    config = house.client.config()
    other_keys = AesGcmCodec({"other": b"o" * 32}, "other")
    config["data_converter"] = data_converter(PayloadFiles(tmp_path / "away"), other_keys)
    away = House(Client(**config), house.settings, PayloadFiles(tmp_path / "away"))
    await away.start("u" * 200_000, wait=True, queue="other")
    await away.start("small", wait=True, queue="other")
    await house.start("t" * 200_000, wait=True, queue="other")
    [shared] = await house.files.names()
    spare = await house.old(b"nothing names this")
    assert (await payload_cleanup.clean(house.settings, house.client, house.files)).removed == (
        spare,
    )
    assert await house.files.names() == [shared]


async def test_the_scheduler_cleans(
    temporal_address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its chore runs, beside the reminders."""
    monkeypatch.setattr(scheduler, "FIRST_CHORE", timedelta(0))
    file = tmp_path / "signoff.toml"
    file.write_text(TOML + f'[temporal]\naddress = "{temporal_address}"\n', encoding="utf-8")
    settings = load(file)
    settings = settings.model_copy(
        update={
            "temporal": settings.temporal.model_copy(
                update={"task_queue": f"clean-{uuid4()}", "embedded": False}
            )
        }
    )
    await bootstrap.prepare(settings)
    files = payload_files(settings)
    name = await files.put(b"nothing names this")
    os.utime(files.path(name), (0, 0))
    async with bootstrap.scheduler(settings):
        for _ in range(600):
            if not await files.names():
                break
            await asyncio.sleep(0.05)
    assert await files.names() == []


@pytest.mark.parametrize(
    ("keys", "name", "says"),
    [
        ("old=" + KEY, "new", "no key of that name"),
        ("", "new", "no key of that name"),
        ("new=" + KEY[:-8], "new", "27 bytes"),
        ("new=?", "new", "not base64"),
    ],
)
def test_keys_that_do_not_fit_refuse_to_start(
    tmp_path: Path, keys: str, name: str, says: str
) -> None:
    """One sentence, without the key."""
    file = tmp_path / "signoff.toml"
    file.write_text(TOML, encoding="utf-8")
    settings = load(file)
    settings = settings.model_copy(
        update={
            "secrets": settings.secrets.model_copy(update={"payload_keys": SecretStr(keys)}),
            "storage": settings.storage.model_copy(update={"encrypt_with": name}),
        }
    )
    with pytest.raises(ConfigurationError, match=says) as told:
        payload_codec(settings)
    assert KEY[:20] not in str(told.value)
