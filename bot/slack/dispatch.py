"""Bolt's answer at the moment of the ack: Bolt itself looks for it only every 10 ms."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from slack_bolt.adapter.socket_mode.async_internals import send_async_response
from slack_bolt.adapter.socket_mode.internals import build_headers
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.listener.async_listener_start_handler import AsyncListenerStartHandler
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

Payload = dict[str, Any]
Headers = Mapping[str, str | Sequence[str]]

_CLICKS = ("block_actions", "view_submission")
LAST_SECONDS = 2.0
"""So long listeners may go on once nothing comes in any more."""


class PromptAck(AsyncAck):
    """An ack that can be waited for."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # as it is in Bolt
        self.acked: asyncio.Future[BoltResponse] = asyncio.get_running_loop().create_future()

    async def __call__(self, *args: Any, **kwargs: Any) -> BoltResponse:
        """The same as Bolt's."""
        response = await super().__call__(*args, **kwargs)
        if not self.acked.done():
            self.acked.set_result(response)
        return response


def nothing(_seconds: float = 0.0) -> None:
    """Nobody counts."""


class RunningListeners(AsyncListenerStartHandler):
    """Bolt starts each listener in a task and keeps none; here they can be waited for."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    async def handle(self, request: AsyncBoltRequest, response: BoltResponse | None) -> None:
        """Called by Bolt in the listener's own task, before it runs."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Let them end; what has not by then is cancelled. None is left."""
        tasks = tuple(self._tasks)
        if tasks:
            await asyncio.wait(tasks, timeout=LAST_SECONDS)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class PromptDispatch:
    """Hands payloads to the app, read already, as they come over a socket or by HTTP.

    `acked` is told the seconds to each ack of a click or a form, `heard` that something came in.
    """

    def __init__(
        self,
        app: AsyncApp,
        acked: Callable[[float], None] = nothing,
        heard: Callable[[], None] = nothing,
    ) -> None:
        self.app = app
        self._acked = acked
        self._heard = heard
        self._running: set[asyncio.Task[BoltResponse]] = set()
        self._listeners = RunningListeners()
        app.listener_runner.listener_start_handler = self._listeners

    async def close(self) -> None:
        """After the last payload: no listener uses anything after this."""
        await self._listeners.close()

    async def envelope(self, client: SocketModeClient, req: SocketModeRequest) -> None:
        """What came over a socket; the answer leaves by the same."""
        started = time.time()
        answer = await self(req.payload, build_headers(req))
        await send_async_response(client, req, answer, started)

    async def __call__(self, payload: Payload, headers: Headers | None = None) -> BoltResponse:
        """What goes back to Slack; the listener goes on beside that."""
        self._heard()
        ack, started = PromptAck(), time.perf_counter()
        request = AsyncBoltRequest(
            mode="socket_mode", body=payload, headers=dict(headers or {}), context={"ack": ack}
        )
        running = asyncio.create_task(self.app.async_dispatch(request))
        self._running.add(running)
        running.add_done_callback(self._running.discard)
        await asyncio.wait({running, ack.acked}, return_when=asyncio.FIRST_COMPLETED)
        if not ack.acked.done():
            return running.result()
        if payload.get("type") in _CLICKS:
            self._acked(time.perf_counter() - started)
        return ack.acked.result()
