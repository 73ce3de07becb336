"""How policies of `signoff.toml` are worked out: one goes over another, and the whole is checked.

`starters` stands in a policy, and is no part of what an approval is raised with.
"""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from bot.access.sight import EVERY_MEMBER, MEMBERS
from notifications.people.lookup import CHANNEL, is_group
from notifications.reminders.calendar_settings import CalendarSettings
from workflows.content.wrong_value import first_problem, unknown_key
from workflows.messages.policy import Policy

STARTERS = "starters"
KEYS = "'signoff settings policy' lists the keys"
_USER = re.compile(r"[UW][A-Z0-9]{2,20}")

Written = Mapping[str, Any]
"""A policy as somebody wrote it, or a part of one."""


def check_written(where: str, written: Written) -> None:
    """One policy by itself, so that the place is where a mistake stands; raises ValueError.

    Whether its keys go together is not looked at: another policy may stand above it.
    """
    own = without_starters(written)
    for name, value in own.items():
        if name not in Policy.model_fields:
            known = (*Policy.model_fields, STARTERS)
            raise ValueError(unknown_key(f"{where}.{name}", value, known, KEYS))
    try:
        Policy.model_validate(own)
    except ValidationError as error:
        if error.errors(include_url=False)[0]["loc"]:
            raise ValueError(first_problem(error, within=where)) from None
    calendar = own.get("calendar", {})
    try:
        CalendarSettings.model_validate(calendar)
    except ValidationError as error:
        place = f"{where}.calendar"
        said = first_problem(error, within=place, model=CalendarSettings, hint=KEYS)
        raise ValueError(said) from None


def approval_policy(where: str, *written: Written) -> Policy:
    """Each over those before it; raises ValueError with the place, which `where` names."""
    merged = {key: value for one in written for key, value in one.items()}
    try:
        policy = Policy.model_validate(merged)
    except ValidationError as error:
        raise ValueError(first_problem(error, within=where)) from None
    if policy.auto_approve:
        from bot.config.auto_approval import rule_problem  # noqa: PLC0415 - CEL is loaded where it is used

        if problem := rule_problem(policy.auto_approve):
            raise ValueError(f"{where}: auto_approve: {problem}")
    if blank := [
        name for name, people in _named(policy).items() if not all(map(str.strip, people))
    ]:
        raise ValueError(
            f"{where}: {blank[0]} holds an empty name; take it out, or say who is meant"
        )
    if policy.mail_only and not policy.mail_addresses:
        raise ValueError(
            f"{where}: mail_only needs mail_addresses: name those who have no account in Slack"
        )
    if not policy.approvers and not policy.groups:
        raise ValueError(f"{where}: approvers is empty; name at least one person who may decide")
    return policy


def without_starters(written: Written) -> dict[str, Any]:
    """The part of a policy that is about decisions."""
    return {key: value for key, value in written.items() if key != STARTERS}


def starters(where: str, written: Written) -> tuple[str, ...]:
    """Who may start something by this policy; raises ValueError with the place."""
    named = written.get(STARTERS, EVERY_MEMBER)
    if not isinstance(named, list | tuple) or not all(isinstance(one, str) for one in named):
        raise ValueError(f'{where}: starters is a list of names, for example ["members"]')
    for name in named:
        known = name in {MEMBERS, CHANNEL} or is_group(name) or "@" in name
        if not known and not _USER.fullmatch(name):
            raise ValueError(
                f"{where}: starters names '{name}', which is neither a user id, an address, "
                "a @usergroup, 'channel' nor 'members'"
            )
    return tuple(named)


def _named(policy: Policy) -> dict[str, tuple[str, ...]]:
    """Every list of people, by its key."""
    groups = {f"groups.{name}": people for name, people in policy.groups.items()}
    lists = {name: getattr(policy, name) for name in ("approvers", "escalate_to", "bypassers")}
    return lists | groups
