"""Looks up the people a policy names: Slack users, e-mail addresses, user groups, channel members.

Who does not count is left out and named with the reason: deactivated users, bots, guests, people
of other workspaces. Whoever cannot be found is no approver; a policy nobody answers to is refused
by the workflow. Nothing here decides.
"""

import re
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from temporalio import activity
from temporalio.exceptions import ApplicationError

from notifications.slack.errors import call, refusal, translated
from notifications.slack.last_known import KnownElectorates
from notifications.slack.lookup_cache import Remembered
from notifications.slack.names import Names
from workflows.activities import ElectorateRequest, PeopleActivities
from workflows.messages.electorate import Electorate, Exclusion, Person
from workflows.messages.policy import Policy

# What cannot be a name is nobody's: asking again would not make it one.
_NOBODY = frozenset({"invalid_arguments", "user_not_found", "user_not_visible", "users_not_found"})
_USER = re.compile(r"[UW][A-Z0-9]{2,20}")
_GROUP = re.compile(r"S[A-Z0-9]{2,20}")
CHANNEL = "channel"

User = dict[str, Any]


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
        self._deputies = deputies
        self._names = names
        self._known = known or KnownElectorates()

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

    async def _resolve(self, request: ElectorateRequest) -> Electorate:
        lookup = Lookup(self._slack, request.policy, request.channel)
        await lookup.team()
        named = await lookup.people(request.policy.approvers)
        groups = {name: await lookup.people(of) for name, of in request.policy.groups.items()}
        everybody = {p.id: p for p in [*named, *(p for group in groups.values() for p in group)]}
        electorate = Electorate(
            people=tuple(everybody.values()),
            groups={name: tuple(p.id for p in group) for name, group in groups.items()},
            excluded=tuple(lookup.excluded),
        )
        return await self._with_deputies(electorate, lookup, request.requester)

    async def _with_deputies(
        self, electorate: Electorate, lookup: "Lookup", requester: str
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


class Lookup:
    """One resolution; remembers whom it left out."""

    def __init__(self, slack: Remembered, policy: Policy, channel: str) -> None:
        self._slack = slack
        self._policy = policy
        self._channel = channel
        self._team = ""
        self._handles: dict[str, str] | None = None
        self.excluded: list[Exclusion] = []

    async def team(self) -> None:
        """Learn our own workspace, whose people alone count."""
        self._team = str((await call(self._slack.auth_test()))["team_id"])

    async def people(self, names: Iterable[str]) -> list[Person]:
        """Everybody behind these names, each once, in the order named."""
        found: dict[str, Person] = {}
        for name in names:
            async for user in self._users(name.strip()):
                person = self._admitted(user, by_name=_is_one_person(name))
                if person is not None:
                    found.setdefault(person.id, person)
        return list(found.values())

    async def _users(self, name: str) -> AsyncIterator[User]:
        if name == CHANNEL:
            for user in await self._members():
                yield await self._user(user)
        elif _USER.fullmatch(name):
            yield await self._user(name)
        elif name.startswith("@") or _GROUP.fullmatch(name):
            for user in await self._group(name):
                yield await self._user(user)
        elif "@" in name:
            yield await self._by_email(name)
        else:
            yield {"id": name, "name": name or "(an empty name)", "missing": True}

    def _admitted(self, user: User, *, by_name: bool) -> Person | None:
        name = str(user.get("real_name") or user.get("name") or user["id"])
        if why := self._objection(user, by_name=by_name):
            self.excluded.append(Exclusion(name=name, why=why))
            return None
        profile = user.get("profile") or {}
        return Person(
            id=user["id"],
            name=str(profile.get("display_name") or name),
            email=str(profile.get("email") or ""),
            tz=str(user.get("tz") or "UTC"),
            team=str(user.get("team_id") or ""),
        )

    def _objection(self, user: User, *, by_name: bool) -> str:
        """Why this user does not count; guests and foreigners only when named one by one."""
        if user.get("missing"):
            return "not found"
        if user.get("deleted"):
            return "deactivated"
        if user.get("is_bot") or user.get("is_workflow_bot") or user["id"] == "USLACKBOT":
            return "bot"
        if user.get("is_restricted") or user.get("is_ultra_restricted"):
            return "" if by_name and self._policy.allow_guests else "guest"
        if user.get("is_stranger") or user.get("team_id", self._team) != self._team:
            return "" if by_name and self._policy.allow_guests else "other workspace"
        return ""

    async def _user(self, user: str) -> User:
        try:
            answer = await self._slack.users_info(user=user)
        except SlackApiError as error:
            return await self._not_found(error, user)
        return dict(answer["user"])

    async def _by_email(self, email: str) -> User:
        try:
            answer = await self._slack.users_lookupByEmail(email=email)
        except SlackApiError as error:
            return await self._not_found(error, email)
        return dict(answer["user"])

    async def _not_found(self, error: SlackApiError, name: str) -> User:
        if refusal(error) not in _NOBODY:
            raise translated(error) from error
        if "@" in name[1:] and self._policy.mail_only:
            profile = {"email": name, "display_name": name}
            return {"id": name, "name": name, "profile": profile}
        return {"id": name, "name": name, "missing": True}

    async def _members(self) -> list[str]:
        members: list[str] = []
        cursor = ""
        while True:
            answer = await call(
                self._slack.conversations_members(channel=self._channel, limit=200, cursor=cursor)
            )
            members += answer["members"]
            cursor = (answer.get("response_metadata") or {}).get("next_cursor", "")
            if not cursor:
                return members

    async def _group(self, name: str) -> list[str]:
        """The members of a user group named by handle or id; nobody when there is none."""
        if self._handles is None:
            listed = await call(self._slack.usergroups_list())
            self._handles = {f"@{group['handle']}": group["id"] for group in listed["usergroups"]}
        group = name if _GROUP.fullmatch(name) else self._handles.get(name)
        if group is None:
            self.excluded.append(Exclusion(name=name, why="no such user group"))
            return []
        answer = await call(self._slack.usergroups_users_list(usergroup=group))
        return list(answer["users"])


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


def _is_one_person(name: str) -> bool:
    return name != CHANNEL and not name.startswith("@") and not _GROUP.fullmatch(name)
