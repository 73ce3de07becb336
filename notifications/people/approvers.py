"""Looks up the people a policy names: Slack users, e-mail addresses, user groups, channel members.

Who does not count is left out and named with the reason: deactivated users, bots, guests, people
of other workspaces. Whoever cannot be found is no approver; a policy nobody answers to is refused
by the workflow. Whoever decides is looked up again then. Nothing here decides.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient
from temporalio import activity
from temporalio.exceptions import ApplicationError

from notifications.people.last_known import KnownElectorates, KnownEntitlements
from notifications.people.lookup import Lookup, by_both_names
from notifications.people.lookup_cache import Remembered
from notifications.people.membership import Home
from notifications.slack.errors import call
from notifications.slack.names import Names
from workflows.activities import ElectorateRequest, EntitlementRequest, PeopleActivities
from workflows.messages.electorate import (
    STILL,
    Electorate,
    Entitled,
    Entitlement,
    Exclusion,
    Person,
)

BUDGET = 2.0
"""So many seconds Slack has to say whether somebody who decides still may."""
FRESH = 5.0
"""So many seconds that answer is good for their next decision."""


class DeputyBook(Protocol):
    """Who stands in for whom."""

    async def deputy(self, user: str, at: datetime) -> str | None:
        """The user id of whoever stands in for `user` now, by the clock of `user`, if anyone."""


class SlackPeople(PeopleActivities):
    """Resolves with the bot's client (`users:read`, `users:read.email`, `usergroups:read`)."""

    def __init__(
        self,
        slack: AsyncWebClient,
        deputies: DeputyBook | None = None,
        names: Names | None = None,
        known: KnownElectorates | None = None,
    ) -> None:
        self._slack = Remembered(slack)
        self._now = Remembered(slack, FRESH)
        self._home: Home | None = None
        self._deputies = deputies
        self._names = names
        self._known = known or KnownElectorates()
        self._late = KnownEntitlements()

    @activity.defn(name="resolve_electorate")
    async def resolve_electorate(self, request: ElectorateRequest) -> Electorate:
        """The snapshot of everybody the policy names now; as of late, while Slack is away."""
        try:
            found = await self._resolve(request)
        except (ApplicationError, aiohttp.ClientError, OSError) as error:
            known = self._known.stands_in(request, error, _waited())
            if known is None:
                raise
            activity.logger.warning("Slack is away: who may decide is taken from the last hour")
            return known
        self._known.keep(request, found)
        if self._names is not None:  # so that letters have it, should Slack go away
            await self._names.of([request.requester])
        return found

    @activity.defn(name="confirm_decider")
    async def confirm_decider(self, request: EntitlementRequest) -> Entitlement:
        """What Slack says within the budget; else what it said last, if that is still of use."""
        try:
            home = await asyncio.wait_for(self._at_home(), BUDGET)
            lookup = Lookup(self._now, request.policy, request.channel, home)
            why = await lookup.still(request.person, BUDGET)
        except (ApplicationError, aiohttp.ClientError, TimeoutError, OSError) as error:
            activity.logger.warning("whoever decides is not known: %s", type(error).__name__)
            return self._late.stands_in(request)
        found = Entitlement(entitled=Entitled.NO, why=why) if why else STILL
        self._late.keep(request, found)
        return found

    async def _at_home(self) -> Home:
        """Our own workspace, which stays the same."""
        if self._home is None:
            self._home = Home.of(await call(self._slack.auth_test()))
        return self._home

    async def _resolve(self, request: ElectorateRequest) -> Electorate:
        home = await self._at_home()
        lookup = Lookup(self._slack, request.policy, request.channel, home)
        named = await lookup.people(request.policy.approvers)
        groups = {name: await lookup.people(of) for name, of in request.policy.groups.items()}
        everybody: dict[str, Person] = {}
        for one in [*named, *(p for group in groups.values() for p in group)]:
            known = everybody.get(one.id)
            everybody[one.id] = one if known is None else by_both_names(known, one)
        electorate = Electorate(
            people=tuple(everybody.values()),
            groups={name: tuple(p.id for p in group) for name, group in groups.items()},
            excluded=tuple(lookup.excluded),
        )
        return await self._with_deputies(electorate, lookup, request.requester)

    async def _with_deputies(
        self, electorate: Electorate, lookup: Lookup, requester: str
    ) -> Electorate:
        """The seat of somebody away goes to their deputy, unless that one may not have it."""
        if self._deputies is None:
            return electorate
        for person in electorate.people:
            deputy = await self._deputies.deputy(person.id, _local(person.tz))
            if not deputy or deputy == requester or electorate.find(deputy):
                continue
            stands_in = next(iter(await lookup.people([deputy])), None)
            if stands_in is None or await self._deputies.deputy(deputy, _local(stands_in.tz)):
                continue
            electorate = _handed_on(electorate, person, stands_in)
        return electorate


def _waited() -> timedelta:
    """For how long this has been tried."""
    return datetime.now(UTC) - activity.info().scheduled_time


def _local(zone: str) -> datetime:
    """Now, in this zone."""
    now = datetime.now(UTC)
    try:
        return now.astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError):
        return now


def _handed_on(electorate: Electorate, away: Person, deputy: Person) -> Electorate:
    moved = electorate.handed_on(away.id, deputy)
    why = f"out of office, {deputy.name or deputy.id} stands in"
    return moved.model_copy(
        update={
            "people": tuple(p for p in moved.people if p.id != away.id),
            "excluded": (*moved.excluded, Exclusion(name=away.name or away.id, why=why)),
        }
    )
