"""Readable names for Slack ids, for what is read outside Slack. Never fails: an id will do."""

import asyncio
import re
import time
from collections.abc import Callable, Iterable

import aiohttp
from cachetools import LRUCache
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from workflows.messages.requests import CardView

SECONDS = 2.0
GOOD_FOR = 3_600.0
REMEMBERED = 10_000
_USER = re.compile(r"[UW][A-Z0-9]{2,20}")


class Names:
    """Asks `users.info`; an old name is better than none, while Slack does not answer."""

    def __init__(self, slack: AsyncWebClient, clock: Callable[[], float] = time.monotonic) -> None:
        self._slack = slack
        self._clock = clock
        self._known: LRUCache[str, tuple[float, str]] = LRUCache(REMEMBERED)

    async def of(self, users: Iterable[str]) -> dict[str, str]:
        """Name by id, as far as known within two seconds."""
        wanted = {user for user in users if _USER.fullmatch(user)}
        missing = sorted(user for user in wanted if not self._is_fresh(user))
        try:
            async with asyncio.timeout(SECONDS):
                await asyncio.gather(*(self._ask(user) for user in missing))
        except TimeoutError:
            pass  # what was found until then is kept
        return {user: self._known[user][1] for user in wanted if user in self._known}

    async def on(self, view: CardView) -> dict[str, str]:
        """Of everybody a card names who is not among those who decide."""
        ballot = view.ballot
        known = {person.id for person in ballot.electorate.people} if ballot.electorate else set()
        named = {view.request.requester, *view.request.authors, *(d.by for d in ballot.counted)}
        return await self.of(named - known)

    def _is_fresh(self, user: str) -> bool:
        found = self._known.get(user)
        return found is not None and found[0] + GOOD_FOR > self._clock()

    async def _ask(self, user: str) -> None:
        try:
            answer = await self._slack.users_info(user=user)
        except (SlackApiError, aiohttp.ClientError, TimeoutError, OSError):
            return
        found = answer["user"]
        profile = found.get("profile") or {}
        name = profile.get("display_name") or found.get("real_name") or found.get("name")
        self._known[user] = (self._clock(), str(name or user))
