"""What Slack says of a person who asks to see something: looked up in time, kept for a minute.

Two calls tell everything, however long the list is: who the person is, and which channels they
are in. Nothing here raises: what Slack does not tell within `BUDGET` is not known, and what is
not known is not shown. Only full answers are kept. Unless the settings say so, guests and people
of other workspaces see by no channel: only what they asked for, and what they are to decide.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import aiohttp
import structlog
from cachetools import TTLCache
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.access.sight import Onlooker, Sight, Subject, may_see, subject_of_line
from notifications.people.lookup import NOBODY
from notifications.people.membership import Home, Membership, address, standing
from notifications.slack.errors import refusal, retry_after
from notifications.views.approval_list import PendingLine
from workflows.messages.base import Frozen

log = structlog.get_logger()

Fact = TypeVar("Fact")

BUDGET = 1.2
KNOWN_SECONDS = 60.0
MOST = 10_000
PAGE = 999
KINDS = "public_channel,private_channel,mpim,im"
UNSURE = (
    "I couldn't check whether you may see this, because Slack didn't answer. "
    "Please try again in a minute."
)
_FAILURES = (SlackApiError, aiohttp.ClientError, TimeoutError, OSError)


class Seen(Frozen):
    """The lines of a list that somebody may see; `unsure` when there may be more."""

    lines: tuple[PendingLine, ...] = ()
    unsure: bool = False


class Onlookers:
    """Asks with the bot's client; whoever asks meanwhile waits for the calls under way."""

    def __init__(
        self,
        slack: AsyncWebClient,
        *,
        guests_see: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._slack = slack
        self._guests_see = guests_see
        self._clock = clock
        self._home: Home | None = None
        self._known: TTLCache[str, Onlooker] = TTLCache(MOST, KNOWN_SECONDS, clock)
        self._groups: TTLCache[str, frozenset[str]] = TTLCache(MOST, KNOWN_SECONDS, clock)
        self._asked: dict[str, asyncio.Task[Onlooker]] = {}
        self._quiet_until = 0.0

    async def of(self, user: str) -> Onlooker:
        """The facts; without those that could not be had in time."""
        if (known := self._known.get(user)) is not None:
            return known
        if not user or self._clock() < self._quiet_until:
            return Onlooker(user=user)
        if user not in self._asked:
            task = asyncio.create_task(self._ask(user))
            self._asked[user] = task
            task.add_done_callback(lambda _: self._asked.pop(user, None))
        return await asyncio.shield(self._asked[user])

    async def sight(self, user: str, subject: Subject) -> Sight:
        """Whether this person may see that."""
        return may_see(await self.of(user), subject)

    async def seen(self, user: str, lines: Iterable[PendingLine]) -> Seen:
        """Those of these that this person may see: two calls for all of them."""
        who = await self.of(user)
        sights = [(line, may_see(who, subject_of_line(line))) for line in lines]
        return Seen(
            lines=tuple(line for line, sight in sights if sight is Sight.SEES),
            unsure=any(sight is Sight.UNSURE for _, sight in sights),
        )

    async def groups(self, names: Sequence[str]) -> Mapping[str, frozenset[str] | None]:
        """The people of these user groups; None for those Slack did not tell in time."""
        found: dict[str, frozenset[str] | None] = dict.fromkeys(names)
        if not names or self._clock() < self._quiet_until:
            return found
        try:
            async with asyncio.timeout(BUDGET):
                for name in names:
                    found[name] = await self._group(name)
        except _FAILURES as error:
            self._note(error)
        return found

    async def _ask(self, user: str) -> Onlooker:
        """Both calls side by side, each with what it gives within the budget."""
        who, channels = await asyncio.gather(
            self._in_time(self._person(user)), self._in_time(self._channels(user))
        )
        found = who or Onlooker(user=user)
        if found.standing not in {Membership.MEMBER, Membership.UNKNOWN} and not self._guests_see:
            channels = frozenset()
        found = found.model_copy(update={"channels": channels})
        if found.standing is not Membership.UNKNOWN and channels is not None:
            self._known[user] = found
        return found

    async def _in_time(self, asking: Awaitable[Fact]) -> Fact | None:
        try:
            return await asyncio.wait_for(asking, BUDGET)
        except _FAILURES as error:
            self._note(error)
            return None

    def _note(self, error: Exception) -> None:
        """Slack's pause is kept; who asks meanwhile is not told, and Slack is not asked."""
        log.warning("a person could not be looked up", error=type(error).__name__)
        if isinstance(error, SlackApiError) and error.response.status_code == 429:
            self._quiet_until = self._clock() + retry_after(error).total_seconds()

    async def _person(self, user: str) -> Onlooker:
        try:
            answer = await self._slack.users_info(user=user)
        except SlackApiError as error:
            if refusal(error) in NOBODY:
                return Onlooker(user=user, standing=Membership.GONE)
            raise
        if self._home is None:
            self._home = Home.of(await self._slack.auth_test())
        found: dict[str, Any] = dict(answer["user"])
        return Onlooker(user=user, standing=standing(found, self._home), email=address(found))

    async def _channels(self, user: str) -> frozenset[str]:
        found: set[str] = set()
        cursor = ""
        while True:
            try:
                answer = await self._slack.users_conversations(
                    user=user, types=KINDS, limit=PAGE, cursor=cursor
                )
            except SlackApiError as error:
                if refusal(error) in NOBODY:
                    return frozenset()
                raise
            found |= {str(channel["id"]) for channel in answer["channels"]}
            cursor = (answer.get("response_metadata") or {}).get("next_cursor", "")
            if not cursor:
                return frozenset(found)

    async def _group(self, name: str) -> frozenset[str]:
        if (known := self._groups.get(name)) is not None:
            return known
        group = name
        if name.startswith("@"):
            listed = await self._slack.usergroups_list()
            handles = {f"@{one['handle']}": str(one["id"]) for one in listed["usergroups"]}
            group = handles.get(name, "")
        users = (await self._slack.usergroups_users_list(usergroup=group))["users"] if group else ()
        people = frozenset(str(user) for user in users)
        self._groups[name] = people
        return people
