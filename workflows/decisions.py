"""What people say (a decision), what they are told (an answer), how it ends (an outcome)."""

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from workflows.frozen import Frozen
from workflows.results import SUMMARY_CHARACTERS, AgentResult


class Verdict(StrEnum):
    """What one person says."""

    APPROVE = "approve"
    REJECT = "reject"
    REQUEST_CHANGES = "request_changes"


class Outcome(StrEnum):
    """How an approval ends. A missing answer is `expired`, never a rejection in disguise."""

    APPROVED = "approved"
    REJECTED = "rejected"
    CHANGES_REQUESTED = "changes_requested"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class Via(StrEnum):
    """The path a decision came by; all lead to the same rules."""

    BUTTON = "button"
    MODAL = "modal"
    HOME = "home"
    BULK = "bulk"
    CLI = "cli"
    EMAIL = "email"
    API = "api"
    RULE = "rule"
    BYPASS = "bypass"
    TASK = "task"


class Place(Frozen):
    """A message in Slack, or a thread to post into (`ts` is then the thread's root)."""

    channel: str
    ts: str = ""


class Edit(Frozen):
    """What a person changed in a result; None leaves a part as it is.

    The limits are the result's own, so an edit that validates always fits.
    """

    summary: str | None = Field(default=None, min_length=1, max_length=SUMMARY_CHARACTERS)
    findings: tuple[str, ...] | None = Field(default=None, max_length=200)
    full_text: str | None = None

    def applied(self, result: AgentResult) -> AgentResult:
        """The result with the changes in it."""
        return result.model_copy(update=self.model_dump(exclude_none=True))


class Decision(Frozen):
    """One person's verdict on one revision.

    `id` makes it idempotent (`team:user:action_ts` for a click). `digest` is at least the first
    16 hexadecimal digits of what the person was shown. `place` is the message that was clicked;
    None where there is none. `confirmation` is what was typed where the risk asks for it.
    `edit` is what the person changed before approving.
    """

    id: str
    verdict: Verdict
    by: str
    at: datetime
    revision: int
    digest: str
    via: Via = Via.BUTTON
    team: str = ""
    name: str = ""
    comment: str = ""
    place: Place | None = None
    confirmation: str = ""
    edit: Edit | None = None


class Delegation(Frozen):
    """Somebody who may decide hands that on to `to` (a Slack user id).

    `quiet` when he is told once for many of them, by whoever sent them.
    """

    id: str
    by: str
    to: str
    team: str = ""
    place: Place | None = None
    reason: str = ""
    quiet: bool = False


class Snooze(Frozen):
    """Somebody wants to be left alone about this for some minutes, and then reminded."""

    id: str
    by: str
    team: str = ""
    minutes: int = Field(ge=1, le=24 * 60)
    place: Place | None = None


class Withdrawal(Frozen):
    """The requester, the task, or an operator takes the request back."""

    id: str = ""
    by: str
    reason: str = ""
    via: Via = Via.BUTTON
    place: Place | None = None


class Reply(StrEnum):
    """What a decision met; `notifications/replies.py` has the sentence for each."""

    SETTLED = "settled"
    COUNTED = "counted"
    ALREADY_COUNTED = "already_counted"
    ALREADY_DECIDED = "already_decided"
    REPLACED = "replaced"
    STALE = "stale"
    NOT_APPROVER = "not_approver"
    REQUESTER = "requester"
    AUTHOR = "author"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    WRONG_PLACE = "wrong_place"
    REASON_MISSING = "reason_missing"
    CONFIRMATION_MISSING = "confirmation_missing"
    NO_BULK = "no_bulk"
    NO_EMAIL = "no_email"
    REVISIONS_USED_UP = "revisions_used_up"
    NOT_LIVE = "not_live"
    NOT_DELEGABLE = "not_delegable"
    NOT_YOURS = "not_yours"
    DELEGATED = "delegated"
    NOT_READY = "not_ready"
    DONE = "done"
    KEPT = "kept"
    UNKNOWN = "unknown"


class Answer(Frozen):
    """The private answer to one gesture of one person.

    `who` and `when` name whoever settled it before; `missing` what is still needed.
    """

    reply: Reply
    verdict: Verdict | None = None
    outcome: Outcome | None = None
    who: tuple[str, ...] = ()
    when: datetime | None = None
    missing: str = ""
    approvers: tuple[str, ...] = ()
    detail: str = ""

    @property
    def accepted(self) -> bool:
        """True when the decision counts."""
        return self.reply in (Reply.SETTLED, Reply.COUNTED)


class Settlement(Frozen):
    """How an approval ended: what the waiting task acts on.

    `digest` is what the card carried; `result_digest` is the digest of the result alone, as it
    was approved (after an edit: of `result`, which is set only then).
    """

    approval_id: str
    outcome: Outcome
    revision: int
    digest: str
    result_digest: str
    at: datetime
    decisions: tuple[Decision, ...] = ()
    reason: str = Field(default="", description="comment of the deciding person, or the rule")
    result: AgentResult | None = None
    editor: str = ""
    ended_by: str = Field(default="", description="whoever withdrew it")
