"""Memory of bot and worker, each a process of its own, while 1,000 approvals wait."""

import asyncio

import psutil

from benchmarks.drain import APPROVALS, AT_ONCE, channels, raise_approvals
from benchmarks.figures import Json, say
from benchmarks.setting.office import base
from benchmarks.setting.part import BOT, WORKER, part
from benchmarks.setting.place import place
from bot.config.settings import Settings
from bot.processes import bootstrap
from playground.config import PlaygroundConfig
from playground.server import Playground

PATIENCE = 200.0
MEGABYTE = 1_000_000


async def memory() -> None:
    """One line per process; the floor is the same process before the first approval."""
    with place() as here:
        async with (
            base(here, PlaygroundConfig(channels=channels())) as (settings, workspace),
            part(here, settings, BOT) as bot,
            part(here, settings, WORKER) as worker,
        ):
            await _warm_up(settings, workspace)
            idle = {"bot": _rss(bot), "worker": _rss(worker)}
            await _raise(settings, workspace, APPROVALS)
            for name, process in (("bot", bot), ("worker", worker)):
                say(f"memory of {name}, {APPROVALS} waiting", _figure(_rss(process), idle[name]))


def _figure(now: int, idle: int) -> Json:
    return {
        "rss_mb": round(now / MEGABYTE, 1),
        "floor_rss_mb": round(idle / MEGABYTE, 1),
        "kb_per_approval": round((now - idle) / 1_000 / APPROVALS, 1),
        "ratio": round(now / idle, 2),
        "n": 1,
    }


def _rss(process: int) -> int:
    return int(psutil.Process(process).memory_info().rss)


async def _warm_up(settings: Settings, workspace: Playground) -> None:
    """A first few approvals bring in what is loaded only once."""
    await _raise(settings, workspace, AT_ONCE)


async def _raise(settings: Settings, workspace: Playground, count: int) -> None:
    """Start so many approvals and wait for their cards."""
    before = _cards(workspace)
    await raise_approvals(await bootstrap.connect(settings), settings, count)
    async with asyncio.timeout(PATIENCE):
        while _cards(workspace) < before + count:  # noqa: ASYNC110 - looked at, never told
            await asyncio.sleep(0.2)


def _cards(workspace: Playground) -> int:
    return sum(
        bool(call["response"] and call["response"].get("ok"))
        for call in workspace.journal.calls(method="chat.postMessage")
    )
