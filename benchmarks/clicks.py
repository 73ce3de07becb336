"""Clicks delivered and acked over Socket Mode: `python -m benchmarks.clicks [--seconds 30]`.

The playground runs in this process; the bot (slack_sdk's aiohttp client, two connections) in
another, as it would in life. Clicks leave at an even pace, whether or not earlier ones came back.
"""

import argparse
import asyncio
import json
import multiprocessing
import statistics
import time
from multiprocessing.synchronize import Event
from typing import Any

from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from playground.gestures.click import click
from playground.server import Playground

CONNECTIONS = 2
CHANNEL = "C0GENERAL1"
CARD: list[dict[str, Any]] = [
    {"type": "section", "text": {"type": "mrkdwn", "text": "*Refund* 42 EUR? " + "x" * 1_000}},
    {
        "type": "actions",
        "block_id": "decide",
        "elements": [
            {
                "type": "button",
                "action_id": name.lower(),
                "text": {"type": "plain_text", "text": name},
                "value": '{"approval": "a-1", "revision": 1}',
            }
            for name in ("Approve", "Reject")
        ],
    },
]


def main() -> None:
    """Measure, print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--rate", type=int, default=200, help="clicks a second")
    options = parser.parse_args()
    print(json.dumps(asyncio.run(measure(options.rate, options.seconds))), flush=True)


async def measure(rate: int, seconds: float) -> dict[str, Any]:
    """Figures of one run, times in milliseconds from the click to its ack."""
    async with Playground() as playground:
        spawn = multiprocessing.get_context("spawn")
        done = spawn.Event()
        process = spawn.Process(
            target=run_bot, args=(playground.api_url, playground.app_token, done), daemon=True
        )
        process.start()
        try:
            while playground.sockets.count() < CONNECTIONS:  # noqa: ASYNC110 - polled once
                await asyncio.sleep(0.01)
            times, lost, elapsed = await _click_evenly(playground, rate, seconds)
        finally:
            done.set()
            await asyncio.to_thread(process.join, 5)
    cuts = statistics.quantiles(times, n=100)
    return {
        "name": "playground clicks acked over Socket Mode",
        "rate_wanted": rate,
        "rate_reached": round(len(times) / elapsed, 1),
        "clicks": len(times),
        "lost": lost,
        "p50_ms": round(cuts[49], 2),
        "p99_ms": round(cuts[98], 2),
        "max_ms": round(max(times), 2),
        "seconds": round(elapsed, 2),
    }


async def _click_evenly(
    playground: Playground, rate: int, seconds: float
) -> tuple[list[float], int, float]:
    client = AsyncWebClient(playground.bot_token, base_url=playground.api_url)
    posted = await client.chat_postMessage(channel=CHANNEL, text="Refund?", blocks=CARD)
    body = {"user": "U0GRACE001", "channel": CHANNEL, "ts": posted["ts"], "action_id": "approve"}
    times: list[float] = []
    lost = 0

    async def one(due: float) -> None:
        nonlocal lost
        told = await click(playground.workspace, playground.postman, playground.faults, body)
        if told["acked"]:
            times.append((time.perf_counter() - due) * 1_000)
        else:
            lost += 1

    started = time.perf_counter()
    tasks = []
    for number in range(int(rate * seconds)):
        due = started + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(one(due)))
    await asyncio.gather(*tasks)
    return times, lost, time.perf_counter() - started


def run_bot(api_url: str, app_token: str, done: Event) -> None:
    """A bot that acks everything at once, until it is done."""
    asyncio.run(_run_bot(api_url, app_token, done))


async def _run_bot(api_url: str, app_token: str, done: Event) -> None:
    async def ack(client: Any, request: SocketModeRequest) -> None:
        await client.send_socket_mode_response(SocketModeResponse(request.envelope_id))

    clients = []
    for _ in range(CONNECTIONS):
        client = SocketModeClient(
            app_token=app_token, web_client=AsyncWebClient(base_url=api_url), ping_interval=30
        )
        client.socket_mode_request_listeners.append(ack)
        await client.connect()
        clients.append(client)
    await asyncio.to_thread(done.wait)
    for client in clients:
        await client.close()


if __name__ == "__main__":
    main()
