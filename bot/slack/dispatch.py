"""Bolt's answer at the moment of the ack: Bolt itself looks for it only every 10 ms."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

Payload = dict[str, Any]
Headers = Mapping[str, str | Sequence[str]]

_CLICKS = ("block_actions", "view_submission")


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
