"""The people behind the names of a policy, as Slack knows them now; who is left out, with why."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any

from slack_sdk.errors import SlackApiError

from notifications.people.lookup_cache import Remembered
from notifications.people.membership import (
    Home,
    address,
    objection,
    standing,
    workspaces,
)
from notifications.slack.errors import call, refusal, translated
from workflows.messages.electorate import Exclusion, Person
from workflows.messages.policy import Policy

# What cannot be a name is nobody's: asking again would not make it one.
NOBODY = frozenset({"invalid_arguments", "user_not_found", "user_not_visible", "users_not_found"})
CHANNEL = "channel"
NOT_FOUND = "not found"
NO_ACCOUNT = "no active account in Slack, and not in mail_addresses"
MEMBERS_AT_ONCE = 1_000
_USER = re.compile(r"[UW][A-Z0-9]{2,20}")
_GROUP = re.compile(r"S[A-Z0-9]{2,20}")

User = dict[str, Any]


class Lookup:
    """One resolution; remembers whom it left out."""

    def __init__(self, slack: Remembered, policy: Policy, channel: str, home: Home) -> None:
        self._slack = slack
        self._policy = policy
        self._channel = channel
        self._home = home
        self._handles: dict[str, str] | None = None
        self.excluded: list[Exclusion] = []

    async def people(self, names: Iterable[str]) -> list[Person]:
        """Everybody behind these names, each once, in the order named."""
        found: dict[str, Person] = {}
        for name in names:
            async for user in self._users(name.strip()):
                person = self._admitted(user, name.strip())
                if person is not None:
                    known = found.get(person.id)
                    found[person.id] = person if known is None else by_both_names(known, person)
        return list(found.values())

    async def still(self, person: Person, seconds: float) -> str:
        """Why somebody who could decide may not any more; empty when they may.

        Who they are and every name of the policy that stood for them are looked up side by side,
        each in so many seconds. What is known to speak against them is said, whatever else is not
        known; raises what Slack raised when nothing is, and something could not be found out.
        """
        asked = (self._who(person), *(self._holds(name, person) for name in person.named))
        user: User | BaseException
        whys: list[str | BaseException]
        user, *whys = await asyncio.gather(  # type: ignore[assignment]
            *(asyncio.wait_for(one, seconds) for one in asked), return_exceptions=True
        )
        holding = [name for name, why in zip(person.named, whys, strict=True) if why == ""]
        by_name = any(map(is_one_person, holding or person.named))
        if isinstance(user, dict) and (why := self._objection(user, by_name=by_name)):
            return why
        unknown = [why for why in whys if isinstance(why, BaseException)]
        if whys and not holding and not unknown:
            return str(whys[0])
        if lost := self._lost_seat(person, dict(zip(person.named, whys, strict=True))):
            return lost
        if isinstance(user, BaseException):
            raise user
        if unknown and not holding:
            raise unknown[0]
        return ""

    def _lost_seat(self, person: Person, whys: Mapping[str, str | BaseException]) -> str:
        """Why they do not stand for a group of the policy any more that they were counted in."""
        for names in self._policy.groups.values():
            seat = [whys[name] for name in names if name in whys]
            if seat and all(isinstance(why, str) and why for why in seat):
                return str(seat[0])
        return ""

    async def _who(self, person: Person) -> User:
        asking = self._by_email if "@" in person.id else self._user
        return await asking(person.id)

    async def _holds(self, name: str, person: Person) -> str:
        """Why this name of the policy does not stand for this person now; empty when it does."""
        if name == CHANNEL:
            return "" if person.id in await self._members() else "not in the channel any more"
        if is_group(name):
            return "" if person.id in await self._group(name) else f"not in {name} any more"
        if "@" in name and (await self._by_email(name))["id"] != person.id:
            return f"{name} is not your address any more"
        return ""

    async def _users(self, name: str) -> AsyncIterator[User]:
        if name == CHANNEL:
            for user in await self._members():
                yield await self._user(user)
        elif _USER.fullmatch(name):
            yield await self._user(name)
        elif is_group(name):
            for user in await self._group(name):
                yield await self._user(user)
        elif "@" in name:
            yield await self._by_email(name)
        else:
            yield {"id": name, "name": name or "(an empty name)", "missing": NOT_FOUND}

    def _admitted(self, user: User, named: str) -> Person | None:
        name = str(user.get("real_name") or user.get("name") or user["id"])
        if why := self._objection(user, by_name=is_one_person(named)):
            known = "" if user.get("missing") else str(user["id"])
            self.excluded.append(Exclusion(name=name, why=why, id=known))
            return None
        profile = user.get("profile") or {}
        return Person(
            id=user["id"],
            name=str(profile.get("display_name") or name),
            email=address(user),
            tz=str(user.get("tz") or "UTC"),
            team=str(user.get("team_id") or ""),
            teams=workspaces(user),
            named=(named,),
        )

    def _objection(self, user: User, *, by_name: bool) -> str:
        """Why this user does not count; whoever has no account decides by e-mail, if at all."""
        if user.get("mailed"):
            return ""
        if user.get("missing"):
            return str(user["missing"])
        guests = self._policy.allow_guests and by_name
        return objection(standing(user, self._home), guests=guests)

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
        """Slack does not know the deactivated, either: addresses decide if the policy says so."""
        if refusal(error) not in NOBODY:
            raise translated(error) from error
        if self._policy.mail_decides(name):
            profile = {"email": name, "display_name": name}
            return {"id": name, "name": name, "profile": profile, "mailed": True}
        why = NO_ACCOUNT if "@" in name[1:] and self._policy.mail_only else NOT_FOUND
        return {"id": name, "name": name, "missing": why}

    async def _members(self) -> list[str]:
        members: list[str] = []
        cursor = ""
        while True:
            answer = await call(
                self._slack.conversations_members(
                    channel=self._channel, limit=MEMBERS_AT_ONCE, cursor=cursor
                )
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


def is_group(name: str) -> bool:
    """A user group, by handle or by id."""
    return name.startswith("@") or _GROUP.fullmatch(name) is not None


def is_one_person(name: str) -> bool:
    """Whether this name of a policy means one person."""
    return name != CHANNEL and not is_group(name)


def by_both_names(one: Person, other: Person) -> Person:
    """The same person by two names."""
    named = dict.fromkeys((*one.named, *other.named))
    return one.model_copy(update={"named": tuple(named)})
