"""What MACs and signatures cost: a payload, an approval's whole history, a row of the audit log."""

import asyncio
import json
import statistics
import time
from collections.abc import Awaitable, Callable
from typing import Any

from temporalio.client import WorkflowHistory
from temporalio.converter import DataConverter, WorkflowSerializationContext
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner

from benchmarks.figures import say
from benchmarks.setting.office import CHANNEL, Office, office
from benchmarks.setting.place import place
from bot.config.payload_keys import signing_codec
from bot.processes import bootstrap
from bot.temporal import client as temporal
from bot.temporal.data_converter import data_converter
from notifications.cards.buttons import ActionId
from storage.audit.signatures import is_signed, message, row_mac
from storage.audit.signing_keys import AuditKey
from storage.payloads.mac_codec import MAC

SIZES = {"decision": 300, "result": 5_000, "largest_in_a_history": 99_000}
TIMES = 500
REPLAYS = 30
HERE = WorkflowSerializationContext(namespace="default", workflow_id="t-1.analysis.v1")


async def macs() -> None:
    """Three lines."""
    with place() as here:
        async with office(here) as running:
            await _payloads(running)
            await _approval(running)
    _rows()


async def _payloads(running: Office) -> None:
    """Encoding and decoding one value, in microseconds of computing, with a MAC and without."""
    files, codec = bootstrap.payload_files(running.settings), signing_codec(running.settings)
    converters = {
        "with": data_converter(files, codec).with_context(HERE),
        "without": data_converter(files).with_context(HERE),
    }
    figures: dict[str, Any] = {}
    for name, size in SIZES.items():
        value = {"text": "x" * size}
        taken = {kind: await _micros(_there_and_back(c, value)) for kind, c in converters.items()}
        more = taken["with"] - taken["without"]
        figures[name] = {"bytes": size, "us": round(taken["with"], 1), "mac_us": round(more, 1)}
    say("mac, a payload there and back", figures)


async def _approval(running: Office) -> None:
    """Replaying one approval from beginning to end: what a worker does in each workflow task."""
    approval = await _decided(running)
    handle = running.client.get_workflow_handle(approval)
    await handle.result()
    history = await handle.fetch_history()
    files = bootstrap.payload_files(running.settings)
    taken: dict[str, list[float]] = {"with": [], "without": []}
    for _ in range(REPLAYS):  # by turns, so that both meet the same machine
        for kind, codec in (("with", signing_codec(running.settings)), ("without", None)):
            taken[kind].append(await _replayed(history, temporal.plugin(files, codec=codec)))
    signed = sum(str(event).count(f'"{MAC}"') for event in history.events)
    medians = {kind: statistics.median(seconds) for kind, seconds in taken.items()}
    say(
        "mac, an approval replayed",
        {
            "payloads": signed,
            "cpu_ms": round(medians["with"] * 1_000, 1),
            "floor_cpu_ms": round(medians["without"] * 1_000, 1),
            "ratio": round(medians["with"] / medians["without"], 2),
        },
    )


def _rows() -> None:
    """Signing a row of the audit log and checking it, in microseconds; HMAC for comparison."""
    key, digest = AuditKey.fresh(), "0" * 64
    public, signature = bytes.fromhex(key.public), bytes.fromhex(key.sign(digest)[-128:])
    works: dict[str, Callable[[], object]] = {
        "sign_us": lambda: key.sign(digest),
        "check_us": lambda: is_signed(public, signature, message(digest)),
        "hmac_us": lambda: row_mac(b"k" * 32, digest),
    }
    say("audit, a row signed", {name: round(_median_us(work), 1) for name, work in works.items()})


def _median_us(work: Callable[[], object]) -> float:
    taken = []
    for _ in range(TIMES):
        started = time.process_time()
        work()
        taken.append(time.process_time() - started)
    return statistics.median(taken) * 1e6


async def _decided(running: Office) -> str:
    """Ada asks, Grace approves; the approval's id."""
    await running.ada.command("/task review examples/penguins.csv", CHANNEL)
    root = await running.grace.wait_for(
        lambda m: "signoff_task" in json.dumps(m.get("metadata")), CHANNEL, timeout=60
    )
    card = await running.grace.wait_for(
        lambda m: ".analysis.v1" in json.dumps(m.get("metadata")),
        CHANNEL,
        thread=root["ts"],
        timeout=60,
    )
    await running.grace.click(card, ActionId.APPROVE)
    return str(card["metadata"]["event_payload"]["approval"])


async def _replayed(history: WorkflowHistory, ours: Any) -> float:
    """Seconds of computing, in all threads of this process."""
    plain = UnsandboxedWorkflowRunner()
    replayer = Replayer(workflows=[], plugins=[ours], namespace="default", workflow_runner=plain)
    started = time.process_time()
    await replayer.replay_workflow(history)
    return time.process_time() - started


def _there_and_back(converter: DataConverter, value: Any) -> Callable[[], Awaitable[Any]]:
    async def once() -> Any:
        return await converter.decode(await converter.encode([value]))

    return once


async def _micros(work: Callable[[], Awaitable[Any]]) -> float:
    taken = []
    for _ in range(TIMES):
        started = time.process_time()
        await work()
        taken.append(time.process_time() - started)
    return statistics.median(taken) * 1e6


if __name__ == "__main__":
    asyncio.run(macs())
