"""Server-sent events: what changed, as it changes."""

import asyncio
import contextlib

from aiohttp import web

from playground.feed import Change
from playground.http.wire import Json, dumps
from playground.store.channels import kind_of
from playground.testing.control.desk import Desk

HEARTBEAT_SECONDS = 15.0
MOST_WAITING = 10_000


async def events(desk: Desk, request: web.Request) -> web.StreamResponse:
    """Stream the changes a person may see, until the client goes."""
    user = request.query.get("user", "")
    waiting: asyncio.Queue[Json] = asyncio.Queue(MOST_WAITING)

    def listen(change: Change) -> None:
        if _concerns(desk, change, user):
            with contextlib.suppress(asyncio.QueueFull):
                waiting.put_nowait(change.announcement())

    silence = desk.workspace.feed.listen(listen)
    response = web.StreamResponse(
        headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
    )
    try:
        await response.prepare(request)
        await response.write(b"retry: 1000\n\n")
        await _pump(response, waiting)
    except ConnectionError:
        pass
    finally:
        silence()
    return response


async def _pump(response: web.StreamResponse, waiting: asyncio.Queue[Json]) -> None:
    while True:
        try:
            async with asyncio.timeout(HEARTBEAT_SECONDS):
                announcement = await waiting.get()
        except TimeoutError:
            await response.write(b": still here\n\n")
            continue
        name = announcement.pop("type")
        await response.write(f"event: {name}\ndata: {dumps(announcement)}\n\n".encode())


def _concerns(desk: Desk, change: Change, user: str) -> bool:
    """Whether a person may know of a change. Without `user`, everything is told."""
    if change.kind in ("opened", "group"):
        return False
    if not user:
        return True
    if change.user:
        return change.user == user
    if not change.channel:
        return True
    channel = desk.workspace.channels.get(change.channel)
    is_public = channel is not None and kind_of(channel) == "channel"
    return is_public or desk.workspace.channels.has_member(change.channel, user)
