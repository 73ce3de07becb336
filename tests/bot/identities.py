"""The people of the authorization matrix: who they are in Slack, and what they are to a request.

`named` is how the policy names them (by user id, unless the row says by group); `answer` is what
every path has to tell them when they try to approve with everything else right.
"""

from dataclasses import dataclass, field
from typing import Any

from workflows.messages.decisions import ReplyKind

TEAM, OTHER_TEAM, GRID = "T0ACME0001", "T0OTHER001", "E0GRID0001"
ADA, GRACE, LINUS = "U0ADA00001", "U0GRACE001", "U0LINUS001"
YES = ReplyKind.SETTLED


@dataclass(frozen=True)
class Identity:
    """One row. `policy` and `ballot` change the request, `decision` what is sent."""

    what: str
    answer: ReplyKind
    user: str = GRACE
    slack: dict[str, Any] = field(default_factory=dict)
    named: bool = True
    by_group: bool = False
    policy: dict[str, Any] = field(default_factory=dict)
    ballot: dict[str, Any] = field(default_factory=dict)
    decision: dict[str, Any] = field(default_factory=dict)


def _row(what: str, answer: ReplyKind, **changed: Any) -> Identity:
    return Identity(what, answer, **changed)


GUEST = {"is_restricted": True}
SINGLE_GUEST = {"is_restricted": True, "is_ultra_restricted": True}
FOREIGN = {"team_id": OTHER_TEAM}
SIBLING = {
    "team_id": OTHER_TEAM,
    "enterprise_user": {"id": GRACE, "enterprise_id": GRID, "teams": [OTHER_TEAM, TEAM]},
}
AWAY = ReplyKind.OTHER_WORKSPACE
ALLOW = {"allow_guests": True}
NO, ASKER, AUTHOR, MOVED = (
    ReplyKind.NOT_APPROVER,
    ReplyKind.REQUESTER,
    ReplyKind.AUTHOR,
    ReplyKind.DELEGATED,
)

IDENTITIES = [
    _row("an approver by id", YES),
    _row("an approver by user group", YES, by_group=True),
    _row("an approver with another name on the click", YES, decision={"name": "root"}),
    _row("an approver without a team on the click", YES, decision={"team": ""}),
    _row("a renamed approver", YES, slack={"name": "grace.h", "real_name": "Somebody Else"}),
    _row("an approver called like another one", YES, slack={"real_name": "Linus Pauling"}),
    _row("a workspace admin who is an approver", YES, slack={"is_admin": True}),
    _row("an approver with an enterprise id", YES, slack={"enterprise_user": {"id": GRACE}}),
    _row("an approver without an address", YES, slack={"profile": {}}),
    _row("an approver in another time zone", YES, slack={"tz": "Pacific/Kiritimati"}),
    _row("somebody not named", NO, named=False),
    _row("a workspace admin not named", NO, named=False, slack={"is_admin": True}),
    _row("a workspace owner not named", NO, named=False, slack={"is_owner": True}),
    _row("a primary owner not named", NO, named=False, slack={"is_primary_owner": True}),
    _row("somebody called like an approver", NO, named=False, slack={"real_name": "Linus Pauling"}),
    _row("somebody with an approver's name on the click", NO, named=False, decision={"name": "linus"}),
    _row("a guest in the group", NO, by_group=True, slack=GUEST),
    _row("a guest by id", NO, slack=GUEST),
    _row("a guest by id, allowed", YES, slack=GUEST, policy=ALLOW),
    _row("a guest in the group, allowed by id only", NO, by_group=True, slack=GUEST, policy=ALLOW),
    _row("a single-channel guest", NO, slack=SINGLE_GUEST),
    _row("a single-channel guest, allowed", YES, slack=SINGLE_GUEST, policy=ALLOW),
    _row("a bot", NO, slack={"is_bot": True}),
    _row("a bot, guests allowed", NO, slack={"is_bot": True}, policy=ALLOW),
    _row("a workflow bot", NO, slack={"is_workflow_bot": True}),
    _row("a bot in the group", NO, by_group=True, slack={"is_bot": True}),
    _row("slackbot", NO, user="USLACKBOT"),
    _row("somebody deactivated", NO, slack={"deleted": True}),
    _row("somebody deactivated, guests allowed", NO, slack={"deleted": True}, policy=ALLOW),
    _row("somebody deactivated in the group", NO, by_group=True, slack={"deleted": True}),
    _row("somebody of another workspace", NO, slack=FOREIGN),
    _row("somebody of another workspace in the group", NO, by_group=True, slack=FOREIGN),
    _row("a stranger over Slack Connect", NO, slack={"is_stranger": True}),
    _row("a stranger over Slack Connect, in the group, guests allowed", NO, by_group=True, slack={"is_stranger": True}, policy=ALLOW),
    _row("somebody of another workspace, allowed", YES, slack=FOREIGN, policy=ALLOW, decision={"team": OTHER_TEAM}),
    _row("an approver's id from another workspace", AWAY, decision={"team": OTHER_TEAM}),
    _row("an approver's id from an unknown workspace", AWAY, decision={"team": "T0"}),
    _row("an approver's id from another organisation", AWAY, slack=SIBLING, decision={"team": "T0", "enterprise": "E0OTHER001"}),
    _row("an approver of the grid, from their workspace", YES, slack=SIBLING, decision={"team": OTHER_TEAM}),
    _row("an approver of the grid, from ours", YES, slack=SIBLING, decision={"team": TEAM}),
    _row("an approver of the grid, from a sibling they are not in", YES, slack=SIBLING, decision={"team": "T0SIBLING1", "enterprise": GRID}),
    _row("an approver of the grid in the group", YES, slack=SIBLING, by_group=True, decision={"team": OTHER_TEAM}),
    _row("an approver of the grid without a list of workspaces", YES, slack={"team_id": OTHER_TEAM, "enterprise_user": {"enterprise_id": GRID}}, decision={"team": OTHER_TEAM}),
    _row("a guest of the grid", NO, slack={**SIBLING, **GUEST}, decision={"team": OTHER_TEAM}),
    _row("somebody of another organisation", NO, slack={"team_id": OTHER_TEAM, "enterprise_user": {"enterprise_id": "E0OTHER001", "teams": [OTHER_TEAM]}}),
    _row("an approver whose address is not confirmed", NO, slack={"is_email_confirmed": False}),
    _row("somebody with an unconfirmed address in the group", NO, by_group=True, slack={"is_email_confirmed": False}),
    _row("an approver whose address is confirmed", YES, slack={"is_email_confirmed": True}),
    _row("an approver's id in small letters", NO, decision={"by": GRACE.lower()}),
    _row("an approver's id with a blank", NO, decision={"by": GRACE + " "}),
    _row("an approver's id with a zero-width space", NO, decision={"by": GRACE + "\u200b"}),
    _row("an approver's address instead of their id", NO, decision={"by": "grace@acme.example"}),
    _row("nobody at all", NO, decision={"by": ""}),
    _row("the group's name", NO, decision={"by": "@finance"}),
    _row("the policy's own word", NO, decision={"by": "channel"}),
    _row("the rule's name", NO, decision={"by": "rule"}),
    _row("the requester, who is an approver", ASKER, user=ADA),
    _row("the requester, who is in the group", ASKER, user=ADA, by_group=True),
    _row("the requester, not named", ASKER, user=ADA, named=False),
    _row("the requester, where that is allowed", YES, user=ADA, policy={"requester_may_decide": True}),
    _row("the requester, allowed but not named", NO, user=ADA, named=False, policy={"requester_may_decide": True}),
    _row("the requester who edited, allowed to decide", AUTHOR, user=ADA, policy={"requester_may_decide": True}, ballot={"authors": (ADA,)}),
    _row("the editor", AUTHOR, ballot={"authors": (GRACE,)}),
    _row("an editor of an earlier version", AUTHOR, ballot={"authors": (GRACE, LINUS)}),
    _row("the editor, where that is allowed", YES, ballot={"authors": (GRACE,)}, policy={"editor_may_decide": True}),
    _row("the editor, not named", AUTHOR, named=False, ballot={"authors": (GRACE,)}),
    _row("an editor while somebody else's edit stands", YES, ballot={"authors": (LINUS,)}),
    _row("somebody who handed on", MOVED, ballot={"moved": {GRACE: LINUS}}),
    _row("somebody who handed on and is in the group", MOVED, by_group=True, ballot={"moved": {GRACE: LINUS}}),
    _row("somebody delegated to, while others handed on", YES, ballot={"moved": {LINUS: GRACE}}),
    _row("an approver of somebody else's step", NO, named=False, policy={"groups": {"legal": (LINUS,)}}),
    _row("a member of a group that is asked", YES, named=False, policy={"groups": {"finance": (GRACE,)}}),
    _row("an approver removed before it was raised", NO, named=False, slack={"updated": 1}),
    _row("a guest promoted to member", YES, slack={"is_restricted": False}),
    _row("somebody who may bypass, but not decide", NO, named=False, policy={"bypassers": (GRACE,)}),
    _row("an approver before the policy knows anybody", ReplyKind.NOT_READY, ballot={"electorate": None}),
]  # fmt: skip
