"""The people of the matrix of who may see: who they are in Slack, and what they are to a subject.

`sees` is what every list, form and detail has to come to; `Sight.UNSURE` is shown as "I couldn't
check", never as the thing itself.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.access.sight import Sight

TEAM, OTHER_TEAM, GRID = "T0ACME0001", "T0OTHER001", "E0GRID0001"
HERE, ELSEWHERE = "C0FINANCE1", "C0GENERAL1"
ZOE, ADA, GRACE = "U0ZOE00001", "U0ADA00001", "U0GRACE001"
YES, NO, MAYBE = Sight.SEES, Sight.HIDDEN, Sight.UNSURE


@dataclass(frozen=True)
class Onlooking:
    """One row: Zoe looks, unless `user` says otherwise."""

    what: str
    sees: Sight
    user: str = ZOE
    slack: dict[str, Any] = field(default_factory=dict)
    channels: tuple[str, ...] = ()
    stands: str = HERE
    requester: str = ADA
    approvers: tuple[str, ...] = (GRACE,)
    faults: dict[str, str] = field(default_factory=dict)
    guests_see: bool = False


def _row(what: str, sees: Sight, **changed: Any) -> Onlooking:
    return Onlooking(what, sees, **changed)


IN = {"channels": (HERE,)}
APPROVES = {"approvers": (GRACE, ZOE)}
ASKS = {"requester": ZOE}
GUEST = {"is_restricted": True}
SINGLE = {"is_restricted": True, "is_ultra_restricted": True}
FOREIGN = {"team_id": OTHER_TEAM}
SIBLING = {"team_id": OTHER_TEAM, "enterprise_user": {"id": ZOE, "teams": [OTHER_TEAM, TEAM]}}
BUSY = {"users.info": "429", "users.conversations": "429"}

ONLOOKERS = [
    _row("a member of the channel", YES, **IN),
    _row("a member of another channel", NO, channels=(ELSEWHERE,)),
    _row("a member of no channel", NO),
    _row("an admin in no channel", NO, slack={"is_admin": True}),
    _row("an owner in no channel", NO, slack={"is_owner": True}),
    _row("the primary owner in another channel", NO, channels=(ELSEWHERE,), slack={"is_primary_owner": True}),
    _row("an admin in the channel", YES, slack={"is_admin": True}, **IN),
    _row("a namesake of an approver", NO, slack={"real_name": "Grace Hopper"}),
    _row("an approver in the channel", YES, **APPROVES, **IN),
    _row("an approver in no channel", YES, **APPROVES),
    _row("the requester in the channel", YES, **ASKS, **IN),
    _row("the requester, who left the channel", YES, **ASKS),
    _row("a guest in the channel", NO, slack=GUEST, **IN),
    _row("a guest in the channel, where that is allowed", YES, slack=GUEST, guests_see=True, **IN),
    _row("a guest in no channel, where that is allowed", NO, slack=GUEST, guests_see=True),
    _row("somebody of another workspace in the channel, where that is allowed", YES, slack=FOREIGN, guests_see=True, **IN),
    _row("somebody deactivated in the channel, where guests see", NO, slack={"deleted": True}, guests_see=True, **IN),
    _row("a bot in the channel, where guests see", NO, slack={"is_bot": True}, guests_see=True, **IN),
    _row("a guest, whose channels Slack does not tell", NO, slack=GUEST, faults={"users.conversations": "internal_error"}, **IN),
    _row("a guest in another channel", NO, slack=GUEST, channels=(ELSEWHERE,)),
    _row("a guest in no channel", NO, slack=GUEST),
    _row("a single-channel guest in the channel", NO, slack=SINGLE, **IN),
    _row("a single-channel guest in no channel", NO, slack=SINGLE),
    _row("a guest who is an approver", YES, slack=GUEST, **APPROVES),
    _row("a guest who asked for it", YES, slack=GUEST, **ASKS),
    _row("somebody of another workspace in the channel", NO, slack=FOREIGN, **IN),
    _row("somebody of another workspace", NO, slack=FOREIGN),
    _row("a stranger over Slack Connect", NO, slack={"is_stranger": True}),
    _row("somebody of a sibling workspace of the grid, in the channel", YES, slack=SIBLING, **IN),
    _row("somebody of a sibling workspace of the grid", NO, slack=SIBLING),
    _row("somebody deactivated, in the channel", NO, slack={"deleted": True}, **IN),
    _row("somebody deactivated who was an approver", NO, slack={"deleted": True}, **APPROVES),
    _row("somebody deactivated who asked for it", NO, slack={"deleted": True}, **ASKS),
    _row("a bot in the channel", NO, slack={"is_bot": True}, **IN),
    _row("a bot named as approver", NO, slack={"is_bot": True}, **APPROVES),
    _row("a workflow bot in the channel", NO, slack={"is_workflow_bot": True}, **IN),
    _row("slackbot", NO, user="USLACKBOT", **IN),
    _row("nobody at all", NO, user="", **IN),
    _row("nobody, of a matter nobody asked for", NO, user="", requester=""),
    _row("an id Slack does not know", NO, faults={"users.info": "user_not_found"}, **IN),
    _row("an id not visible to us", NO, faults={"users.info": "user_not_visible"}, **IN),
    _row("an approver's id in small letters", NO, user=GRACE.lower()),
    _row("an approver's id with a blank", NO, user=GRACE + " "),
    _row("the word channel", NO, user="channel"),
    _row("anybody, of what stands nowhere", NO, stands="", **IN),
    _row("somebody, of another's direct messages", NO, stands=ADA, **IN),
    _row("somebody, of a conversation of the bot with another", NO, stands="D0ADA00001", **IN),
    _row("somebody, of their own direct messages", YES, stands=ZOE),
    _row("a member of a group conversation", YES, stands="G0TALK0001", channels=("G0TALK0001",)),
    _row("a member, Slack being busy", MAYBE, faults=BUSY, **IN),
    _row("a stranger, Slack being busy", MAYBE, faults=BUSY),
    _row("a member, whose channels Slack does not tell", MAYBE, faults={"users.conversations": "internal_error"}, **IN),
    _row("a member, of whom Slack does not tell who they are", MAYBE, faults={"users.info": "internal_error"}, **IN),
    _row("a stranger, of whom Slack does not tell who they are", NO, faults={"users.info": "internal_error"}),
    _row("a member, Slack hanging", MAYBE, faults={"users.conversations": "hang"}, **IN),
    _row("a member, Slack away", MAYBE, faults={"users.info": "away", "users.conversations": "away"}, **IN),
    _row("an approver, Slack being busy", YES, faults=BUSY, **APPROVES),
    _row("the requester, Slack away", YES, faults={"users.info": "away", "users.conversations": "away"}, **ASKS),
    _row("a missing scope", MAYBE, faults={"users.conversations": "missing_scope"}, **IN),
]  # fmt: skip


class FakeSlack(AsyncWebClient):
    """Answers the look-ups about one person, with the faults of the row; counts what it is asked."""

    def __init__(self, row: Onlooking, groups: Mapping[str, list[str]] | None = None) -> None:
        super().__init__(token="xoxb-fake")
        self.row = row
        self.groups = dict(groups or {})
        self.asked: list[str] = []

    async def api_call(self, api_method: str, **said: Any) -> Any:
        self.asked.append(api_method)
        asked = said.get("params") or said.get("json") or {}
        await self._fail(api_method)
        match api_method:
            case "auth.test":
                return {"ok": True, "team_id": TEAM}
            case "users.info":
                assert asked["user"] == self.row.user
                person = {
                    "id": self.row.user,
                    "team_id": TEAM,
                    "profile": {"email": "z@acme.example"},
                }
                return {"ok": True, "user": person | self.row.slack}
            case "users.conversations":
                assert asked["user"] == self.row.user
                return {"ok": True, "channels": [{"id": one} for one in self.row.channels]}
            case "usergroups.list":
                handles = [{"handle": name, "id": f"S0{name.upper()}"} for name in self.groups]
                return {"ok": True, "usergroups": handles}
            case "usergroups.users.list":
                group = str(asked["usergroup"]).removeprefix("S0").lower()
                return {"ok": True, "users": self.groups[group]}
        raise LookupError(api_method)

    async def _fail(self, method: str) -> None:
        fault = self.row.faults.get(method)
        if fault == "hang":
            await asyncio.Event().wait()
        if fault == "away":
            raise ConnectionError("planted")
        if fault:
            raise refused(
                "ratelimited" if fault == "429" else fault, 429 if fault == "429" else 200
            )


def refused(code: str, status: int = 200, seconds: str = "7") -> SlackApiError:
    """Slack's refusal, as the SDK raises it."""
    response = AsyncSlackResponse(
        client=None,
        http_verb="POST",
        api_url="https://slack.example/api",
        req_args={},
        data={"ok": False, "error": code},
        headers={"Retry-After": seconds},
        status_code=status,
    )
    return SlackApiError(f"planted {code}", response)
