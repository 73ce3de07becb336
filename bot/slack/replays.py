"""A request that comes twice is done once: the second gets the first one's answer."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

REMEMBERED = 100_000


@dataclass(frozen=True)
class RecordedResponse:
    """What went back; `failed` when nothing was done, so that it may be tried again."""

    status: int
    body: str = ""
    content_type: str = "text/plain"

    @property
    def failed(self) -> bool:
        """A failure of ours."""
        return self.status >= 500


class Replays:
    """Remembers replies until their requests are too old to be accepted, the newest 100,000.

    Only requests with a valid signature come here, so nobody else can fill it.
    """

    def __init__(self, now: Callable[[], float] = time.time, most: int = REMEMBERED) -> None:
        self._now = now
        self._most = most
        self._known: OrderedDict[bytes, tuple[float, asyncio.Future[RecordedResponse]]] = (
            OrderedDict()
        )

    async def once(
        self, key: bytes, until: float, work: Callable[[], Awaitable[RecordedResponse]]
    ) -> RecordedResponse:
        """The reply to the request `key`; `work` goes on even if the caller is cancelled."""
        self._forget()
        if key not in self._known:
            doing = asyncio.ensure_future(work())
            doing.add_done_callback(lambda done: self._keep_if_done(key, done))
            self._known[key] = (until, doing)
        return await asyncio.shield(self._known[key][1])

    def _keep_if_done(self, key: bytes, done: asyncio.Future[RecordedResponse]) -> None:
        if done.cancelled() or done.exception() is not None or done.result().failed:
            self._known.pop(key, None)
        elif key in self._known:
            self._known[key] = (self._known[key][0], _settled(done.result()))

    def _forget(self) -> None:
        now = self._now()
        while self._known:
            until, _ = next(iter(self._known.values()))
            if until >= now and len(self._known) < self._most:
                return
            self._known.popitem(last=False)


def _settled(reply: RecordedResponse) -> asyncio.Future[RecordedResponse]:
    """Without the task that made it, and all that hangs on that."""
    future: asyncio.Future[RecordedResponse] = asyncio.get_running_loop().create_future()
    future.set_result(reply)
    return future
