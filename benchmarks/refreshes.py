"""Clicks while Slack refreshes every socket: `python -m benchmarks.refreshes [--refreshes 100]`.

Signoff's own sockets run in a process of their own, with a Bolt app that acknowledges clicks. All
its connections are asked to reconnect at the same moment, again and again, while clicks leave at
an even pace. A click is lost when its acknowledgement does not arrive within three seconds; of
those, the undelivered ones found no socket at all. Slack gives ten seconds' notice, here it is two.
"""

import argparse
import asyncio
import json
import multiprocessing
import time
from multiprocessing.synchronize import Event
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from benchmarks.clicks import CARD, CHANNEL, CONNECTIONS
from benchmarks.figures import quantile
from bot.slack.dispatch import PromptDispatch
from bot.slack.socket_mode import sockets
from playground.gestures.click import click
from playground.server import Playground

RATE = 200
REFRESHES = 100
EVERY = 2.2
NOTICE = 2.0
START_SECONDS = 30.0

Json = dict[str, Any]


def main() -> None:
    """Measure, print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=int, default=RATE, help="clicks a second")
    parser.add_argument("--refreshes", type=int, default=REFRESHES)
    options = parser.parse_args()
    print(json.dumps(asyncio.run(measure(options.rate, options.refreshes))), flush=True)


async def measure(rate: int, refreshes: int) -> Json:
    """Figures of one run, times in milliseconds from the click to its acknowledgement."""
    async with Playground() as playground:
        spawn = multiprocessing.get_context("spawn")
        done = spawn.Event()
        tokens = (playground.api_url, playground.bot_token, playground.app_token)
        process = spawn.Process(target=run_bot, args=(*tokens, done), daemon=True)
        process.start()
        try:
            async with asyncio.timeout(START_SECONDS):
                while playground.sockets.count() < CONNECTIONS:  # noqa: ASYNC110 - polled once
                    await asyncio.sleep(0.05)
            figures = await _click_through(playground, rate, refreshes)
        finally:
            done.set()
            await asyncio.to_thread(process.join, 5)
            process.kill()
    return {"name": "clicks through Socket Mode refreshes", "rate_wanted": rate, **figures}


async def _click_through(playground: Playground, rate: int, refreshes: int) -> Json:
    clicker = Clicker(playground, await _card(playground))
    started = time.perf_counter()
    clicking = asyncio.create_task(clicker.click_evenly(rate))
    refreshed = 0
    while refreshed < refreshes:
        refreshed += await playground.sockets.refresh(refreshes - refreshed, NOTICE)
        await asyncio.sleep(EVERY)
    clicking.cancel()
    await clicker.finish()
    return {
        "clicks": len(clicker.times) + clicker.lost,
        "lost": clicker.lost,
        "undelivered": clicker.undelivered,
        "p50_ms": round(quantile(clicker.times, 0.5), 1),
        "p99_ms": round(quantile(clicker.times, 0.99), 1),
        "max_ms": round(max(clicker.times), 1),
        "refreshes": refreshed,
        "seconds": round(time.perf_counter() - started, 1),
    }


async def _card(playground: Playground) -> str:
    client = AsyncWebClient(playground.bot_token, base_url=playground.api_url)
    posted = await client.chat_postMessage(channel=CHANNEL, text="Refund?", blocks=CARD)
    return str(posted["ts"])


class Clicker:
    """Clicks at an even pace, whether or not earlier clicks came back."""

    def __init__(self, playground: Playground, ts: str) -> None:
        self.times: list[float] = []
        self.lost = self.undelivered = 0
        self._playground = playground
        self._body = {"user": "U0GRACE001", "channel": CHANNEL, "ts": ts, "action_id": "approve"}
        self._clicks: set[asyncio.Task[None]] = set()

    async def click_evenly(self, rate: int) -> None:
        """Until it is cancelled."""
        started, sent = time.perf_counter(), 0
        while True:
            due = started + sent / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            task = asyncio.create_task(self._click(due))
            self._clicks.add(task)
            task.add_done_callback(self._clicks.discard)
            sent += 1

    async def finish(self) -> None:
        """Wait for the clicks on their way; each is acknowledged or lost within seconds."""
        await asyncio.gather(*self._clicks)

    async def _click(self, due: float) -> None:
        there = self._playground
        told = await click(there.workspace, there.postman, there.faults, self._body)
        if told["acked"]:
            self.times.append((time.perf_counter() - due) * 1_000)
        else:
            self.lost += 1
            self.undelivered += not told["delivered"]


def run_bot(api_url: str, bot_token: str, app_token: str, done: Event) -> None:
    """A bot that acknowledges every click, until it is done."""
    asyncio.run(_run_bot(api_url, bot_token, app_token, done))


async def _run_bot(api_url: str, bot_token: str, app_token: str, done: Event) -> None:
    async def approve(ack: AsyncAck) -> None:
        await ack()

    web = AsyncWebClient(bot_token, base_url=api_url)
    app = AsyncApp(client=web, request_verification_enabled=False)
    app.action("approve")(approve)
    async with sockets(PromptDispatch(app), app_token, web, CONNECTIONS):
        await asyncio.to_thread(done.wait)


if __name__ == "__main__":
    main()
