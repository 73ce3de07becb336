"""What the bare workflow takes on the same server, in the same run: the floor of every figure."""

import asyncio
import time
import uuid
from dataclasses import dataclass

from temporalio.client import Client, WorkflowHandle
from temporalio.worker import Worker

from benchmarks.floor.bare import BareWorkflow, note_the_time
from benchmarks.floor.resumption import resumed_at

QUEUE = "bare"
SETTLE = 0.05


@dataclass(frozen=True)
class Floor:
    """Seconds of each run: signal taken by the server, workflow resumed, local activity running."""

    accepted: tuple[float, ...]
    resumed: tuple[float, ...]
    acted: tuple[float, ...]
    per_second: float


async def floor(client: Client, runs: int = 30, burst: int = 40) -> Floor:
    """Measure with a worker of its own."""
    async with Worker(
        client, task_queue=QUEUE, workflows=[BareWorkflow], activities=[note_the_time]
    ):
        times = [await _once(client) for _ in range(runs)]
        started = time.perf_counter()
        await asyncio.gather(*(_whole(client) for _ in range(burst)))
        elapsed = time.perf_counter() - started
    accepted, resumed, acted = zip(*times, strict=True)
    return Floor(accepted, resumed, acted, burst / elapsed)


async def _start(client: Client) -> WorkflowHandle[BareWorkflow, float]:
    name = f"bare-{uuid.uuid4().hex}"
    return await client.start_workflow(BareWorkflow.run, id=name, task_queue=QUEUE)


async def _once(client: Client) -> tuple[float, float, float]:
    handle = await _start(client)
    await asyncio.sleep(SETTLE)
    before = time.time()
    await handle.signal(BareWorkflow.go)
    accepted = time.time()
    acted = await handle.result()
    return accepted - before, await resumed_at(handle, "go") - before, acted - before


async def _whole(client: Client) -> None:
    handle = await _start(client)
    await handle.signal(BareWorkflow.go)
    await handle.result()
