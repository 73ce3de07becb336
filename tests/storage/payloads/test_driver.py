"""Large payloads outside of Temporal's history, with a real Temporal server."""

import asyncio
import dataclasses
import shutil
import sys
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from temporalio import activity, workflow
from temporalio.api.common.v1 import Payload
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle
from temporalio.common import RetryPolicy
from temporalio.converter import (
    DataConverter,
    StorageDriverClaim,
    StorageDriverRetrieveContext,
    StorageDriverStoreContext,
)
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from storage.errors import PayloadCorrupt, PayloadMissing, StorageError
from storage.payloads.codec import AesGcmCodec
from storage.payloads.driver import FileStorageDriver, file_storage
from storage.payloads.files import PayloadFiles

BIG = 150_000
TEMPORAL = Path(sys.executable).parent / "temporal"


@activity.defn
async def double(text: str) -> str:
    """Twice as large."""
    return text * 2


@workflow.defn
class Carry:
    """Takes a large text, waits for a nudge, has it doubled, returns it."""

    @workflow.init
    def __init__(self, text: str) -> None:
        self._text = text
        self._nudged = False

    @workflow.run
    async def run(self, text: str) -> str:
        """The text, twice."""
        await workflow.wait_condition(lambda: self._nudged)
        return await workflow.execute_activity(
            double,
            self._text,
            start_to_close_timeout=timedelta(seconds=10),
            retry_policy=RetryPolicy(maximum_interval=timedelta(seconds=1)),
        )

    @workflow.signal
    def nudge(self) -> None:
        """Go on."""
        self._nudged = True


class Errors:
    """The failures the driver told of."""

    def __init__(self) -> None:
        self.told: list[StorageError] = []
        self.workflows: set[str] = set()
        self.first = asyncio.Event()

    def tell(self, error: StorageError, workflow: str) -> None:
        """Called by the driver."""
        self.told.append(error)
        self.workflows.add(workflow)
        self.first.set()


@dataclasses.dataclass(frozen=True)
class Place:
    """A client of a real server, with our driver over these files."""

    client: Client
    files: PayloadFiles
    errors: "Errors"
    queue: str

    def worker(self) -> Worker:
        """A worker without cache, so that each workflow task reads its payloads again."""
        return Worker(
            self.client,
            task_queue=self.queue,
            workflows=[Carry],
            activities=[double],
            workflow_runner=UnsandboxedWorkflowRunner(),
            max_cached_workflows=0,
        )

    async def start(self, text: str) -> WorkflowHandle[Carry, str]:
        """Start it; the input is stored at once."""
        return await self.client.start_workflow(
            Carry.run,
            text,
            id=f"carry-{uuid4()}",
            task_queue=self.queue,
            task_timeout=timedelta(seconds=2),
        )


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    """A fresh server; skips where the Temporal program is not installed."""
    program = str(TEMPORAL) if TEMPORAL.exists() else shutil.which("temporal")
    if program is None:
        pytest.skip("the temporal program is not installed here")
    async with await WorkflowEnvironment.start_local(dev_server_existing_path=program) as server:
        files, errors = PayloadFiles(tmp_path), Errors()
        storage = file_storage(files, errors.tell)
        converter = dataclasses.replace(
            DataConverter.default,
            external_storage=storage,
            payload_codec=AesGcmCodec({"k": b"0" * 32}, "k"),
        )
        config = server.client.config()
        config["data_converter"] = converter
        yield Place(Client(**config), files, errors, f"queue-{uuid4()}")


async def failing(handle: WorkflowHandle[Carry, str], errors: Errors) -> None:
    """Wait until the workflow has met the fault."""
    await asyncio.wait_for(errors.first.wait(), 20)
    assert (await handle.describe()).status is WorkflowExecutionStatus.RUNNING


async def test_only_large_payloads_leave_the_history(place: Place) -> None:
    """Input and result lie in files, the history stays small, and the values come back."""
    async with place.worker():
        handle = await place.start("x" * BIG)
        await handle.signal(Carry.nudge)
        assert await handle.result() == "x" * BIG * 2
    history = await handle.fetch_history()
    assert sum(event.ByteSize() for event in history.events) < 20_000
    assert len(await place.files.names()) >= 2
    assert place.errors.told == []


@pytest.mark.parametrize("fault", ["missing", "corrupt", "truncated"])
async def test_a_workflow_waits_for_its_file_and_heals(place: Place, fault: str) -> None:
    """The workflow keeps running while its input is away, and finishes when it is back."""
    handle = await place.start("x" * BIG)
    [name] = await place.files.names()
    path = place.files.path(name)
    data = path.read_bytes()
    if fault == "missing":
        path.unlink()
    else:
        path.write_bytes(data[:-7] if fault == "truncated" else b"\0" + data[1:])
    async with place.worker():
        await handle.signal(Carry.nudge)
        await failing(handle, place.errors)
        await asyncio.sleep(1)
        path.write_bytes(data)
        started = time.monotonic()
        assert await asyncio.wait_for(handle.result(), 60) == "x" * BIG * 2
        assert time.monotonic() - started < 60
    expected = PayloadMissing if fault == "missing" else PayloadCorrupt
    assert {type(error) for error in place.errors.told} == {expected}
    assert name in str(place.errors.told[0])
    assert place.errors.workflows == {handle.id}


async def test_a_result_that_is_away_is_waited_for_by_the_workflow(place: Place) -> None:
    """An activity's result, lost before the workflow read it, is waited for as well."""
    handle = await place.start("x" * BIG)
    async with place.worker():
        await handle.signal(Carry.nudge)
        await handle.result()
    for name in await place.files.names():
        place.files.path(name).rename(place.files.path(name).with_suffix(".away"))
    with pytest.raises(PayloadMissing):
        await handle.result()
    for path in place.files.root.rglob("*.away"):
        path.rename(path.with_suffix(""))
    assert await handle.result() == "x" * BIG * 2


async def test_a_reference_without_a_name_is_a_missing_payload(tmp_path: Path) -> None:
    """A claim that another driver wrote is told, not a KeyError."""
    driver = FileStorageDriver(PayloadFiles(tmp_path))
    with pytest.raises(PayloadMissing):
        await driver.retrieve(StorageDriverRetrieveContext(), [StorageDriverClaim({"key": "1"})])


async def test_many_payloads_keep_their_order(tmp_path: Path) -> None:
    """Claims and payloads answer each other by position."""
    driver = FileStorageDriver(PayloadFiles(tmp_path))
    payloads = [Payload(metadata={"encoding": b"x"}, data=bytes([n])) for n in range(40)]
    claims = await driver.store(StorageDriverStoreContext(), payloads)
    assert await driver.retrieve(StorageDriverRetrieveContext(), claims) == payloads
    assert claims[0].claim_data["size"] == str(payloads[0].ByteSize())
