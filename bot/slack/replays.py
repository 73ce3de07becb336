"""A request that comes twice is done once: the second gets the first one's answer."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from cachetools import TLRUCache
from slack_bolt.response import BoltResponse

REMEMBERED = 100_000


class Replays:
    """Remembers replies until their requests are too old to be accepted, the newest 100,000.

    Only requests with a valid signature come here, so nobody else can fill it. A failure of ours
    is forgotten, so that it may be tried again.
    """

    def __init__(self, now: Callable[[], float] = time.time, most: int = REMEMBERED) -> None:
        self._known: TLRUCache[str, tuple[float, asyncio.Future[BoltResponse]]] = TLRUCache(
            most, ttu=lambda _key, known, _now: known[0], timer=now
        )

    async def once(
        self, key: str, until: float, work: Callable[[], Awaitable[BoltResponse]]
    ) -> BoltResponse:
        """The reply to the request `key`; `work` goes on even if the caller is cancelled."""
        _, doing = self._known.get(key) or (until, None)
        if doing is None:
            doing = asyncio.ensure_future(work())
            self._known[key] = until, doing
            doing.add_done_callback(lambda done: self._forget_failure(key, done))
        return await asyncio.shield(doing)

    def _forget_failure(self, key: str, done: asyncio.Future[BoltResponse]) -> None:
        if done.cancelled() or done.exception() is not None or done.result().status >= 500:
            self._known.pop(key, None)
