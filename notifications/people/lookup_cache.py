"""What Slack says of people and groups, asked once for a burst of approvals.

An answer is good for half a minute, and whoever asks meanwhile waits for the call under way.
Refusals are not remembered.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

from cachetools import TTLCache
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

GOOD_FOR = 30.0
MOST = 10_000
Key = tuple[str, ...]
Ask = Callable[[], Awaitable[AsyncSlackResponse]]


class Remembered:
    """The methods of the client that `SlackPeople` uses."""

    def __init__(
        self,
        slack: AsyncWebClient,
        good_for: float = GOOD_FOR,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._slack = slack
        self._known: TTLCache[Key, asyncio.Future[AsyncSlackResponse]]
        self._known = TTLCache(MOST, good_for, clock)

    async def auth_test(self) -> AsyncSlackResponse:
        """Who we are."""
        return await self._once(("auth",), self._slack.auth_test)

    async def users_info(self, *, user: str) -> AsyncSlackResponse:
        """One person."""
        return await self._once(("user", user), lambda: self._slack.users_info(user=user))

    async def users_lookupByEmail(self, *, email: str) -> AsyncSlackResponse:  # noqa: N802 - the SDK's name
        """One person, by address."""
        return await self._once(
            ("email", email), lambda: self._slack.users_lookupByEmail(email=email)
        )

    async def conversations_members(
        self, *, channel: str, limit: int, cursor: str
    ) -> AsyncSlackResponse:
        """A page of a channel's members."""
        return await self._once(
            ("members", channel, cursor),
            lambda: self._slack.conversations_members(channel=channel, limit=limit, cursor=cursor),
        )

    async def usergroups_list(self) -> AsyncSlackResponse:
        """Every user group."""
        return await self._once(("groups",), self._slack.usergroups_list)

    async def usergroups_users_list(self, *, usergroup: str) -> AsyncSlackResponse:
        """The members of a user group."""
        return await self._once(
            ("group", usergroup), lambda: self._slack.usergroups_users_list(usergroup=usergroup)
        )

    async def _once(self, key: Key, ask: Ask) -> AsyncSlackResponse:
        """The answer of the last half minute, else a new one; its error goes to whoever waits."""
        asked = self._known.get(key)
        if asked is None:
            asked = self._known[key] = asyncio.ensure_future(ask())
            asked.add_done_callback(lambda done: self._forget(key, done))
        return await asyncio.shield(asked)

    def _forget(self, key: Key, done: asyncio.Future[AsyncSlackResponse]) -> None:
        """A refusal, or a call that was given up."""
        if (done.cancelled() or done.exception() is not None) and self._known.get(key) is done:
            del self._known[key]
