"""Whether a person counts, by what Slack says of them: the one function for everybody who decides.

Approvers, deputies, whoever opens a bypass, whoever is delegated to, whoever decides by e-mail: all
are active full members of our workspace, or of another of our organisation on Enterprise Grid,
with a confirmed address. Guests and people of other workspaces count where a policy says so and
names them one by one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

SLACKBOT = "USLACKBOT"


class Membership(StrEnum):
    """What somebody is in our workspace."""

    MEMBER = "member"
    GUEST = "guest"
    OUTSIDER = "outsider"
    BOT = "bot"
    GONE = "gone"
    UNCONFIRMED = "unconfirmed"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Home:
    """Our own workspace, and the organisation it belongs to; both by id."""

    team: str
    enterprise: str = ""

    @classmethod
    def of(cls, answer: Any) -> Self:
        """From what auth.test says."""
        return cls(str(answer["team_id"]), str(answer.get("enterprise_id") or ""))

    def has(self, user: Mapping[str, Any]) -> bool:
        """Whether this user is one of ours; sibling workspaces are one organisation."""
        grid = user.get("enterprise_user") or {}
        if self.enterprise and self.enterprise in {grid.get("enterprise_id"), user.get("team_id")}:
            return True
        if user.get("is_stranger"):
            return False
        return user.get("team_id", self.team) == self.team or self.team in (grid.get("teams") or ())


_WHY = {
    Membership.GUEST: "guest",
    Membership.OUTSIDER: "other workspace",
    Membership.BOT: "bot",
    Membership.GONE: "deactivated",
    Membership.UNCONFIRMED: "address not confirmed",
    Membership.UNKNOWN: "not found",
}


def standing(user: Mapping[str, Any], home: Home) -> Membership:
    """What Slack's user object says."""
    if user.get("deleted"):
        return Membership.GONE
    if user.get("is_bot") or user.get("is_workflow_bot") or user.get("id") == SLACKBOT:
        return Membership.BOT
    if not home.has(user):
        return Membership.OUTSIDER
    if user.get("is_restricted") or user.get("is_ultra_restricted"):
        return Membership.GUEST
    if user.get("is_email_confirmed") is False:
        return Membership.UNCONFIRMED
    return Membership.MEMBER


def objection(who: Membership, *, guests: bool = False) -> str:
    """Why somebody does not count, such as `guest`; empty when they do.

    `guests` where the policy allows guests and people of other workspaces, and names this one.
    """
    allowed = guests and who in {Membership.GUEST, Membership.OUTSIDER}
    return "" if who is Membership.MEMBER or allowed else _WHY[who]


def address(user: Mapping[str, Any]) -> str:
    """The person's address; empty when Slack gives none, or it was never confirmed."""
    found = str((user.get("profile") or {}).get("email") or "")
    return found if user.get("is_email_confirmed") is not False else ""


def workspaces(user: Mapping[str, Any]) -> tuple[str, ...]:
    """On Enterprise Grid every workspace a click of theirs may come from, and the organisation."""
    grid = user.get("enterprise_user") or {}
    teams = {*map(str, grid.get("teams") or ()), str(grid.get("enterprise_id") or "")}
    return tuple(sorted(teams - {""}))
