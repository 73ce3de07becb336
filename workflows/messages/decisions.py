"""What people say (a decision), what they are told (an answer), how it ends (an outcome)."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import Field

from workflows.content.argument_kind import like
from workflows.content.money import amount_problem
from workflows.content.text_parts import parts, with_parts
from workflows.messages.base import Frozen
from workflows.messages.results import SUMMARY_CHARACTERS, AgentResult, ProposedCall


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
    """What a person changed in a result; what is not named stays as it is.

    A result of calls is edited by `arguments` alone (by call id and name): values of the same
    kind, no call and no argument more or less. A text is edited by the rest; `full_text_parts`
    are parts of a long one, by their number in `workflows/content/text_parts.py`.
    """

    summary: str | None = Field(default=None, min_length=1, max_length=SUMMARY_CHARACTERS)
    findings: tuple[str, ...] | None = Field(default=None, max_length=200)
    full_text: str | None = None
    full_text_parts: dict[int, str] = {}
    arguments: dict[str, dict[str, Any]] = {}

    def problem(self, result: AgentResult) -> str:
        """Why this cannot be done to the result, as a sentence; empty when it can."""
        try:
            self.applied(result)
        except ValueError as error:
            return str(error)
        return ""

    def applied(self, result: AgentResult) -> AgentResult:
        """The result with the changes in it. Raises ValueError, a sentence, if they do not fit."""
        return self._on_calls(result) if result.calls else self._on_text(result)

    def _on_text(self, result: AgentResult) -> AgentResult:
        if self.arguments:
            raise ValueError("There are no tool calls in this, so none can be changed.")
        changed: dict[str, Any] = self.model_dump(
            include={"summary", "findings", "full_text"}, exclude_none=True
        )
        if self.full_text_parts:
            there = range(len(parts(result.full_text)))
            if self.full_text is not None or not all(n in there for n in self.full_text_parts):
                raise ValueError("These are no parts of the full text: please open the form again.")
            changed["full_text"] = with_parts(result.full_text, self.full_text_parts)
        return result.model_copy(update=changed)

    def _on_calls(self, result: AgentResult) -> AgentResult:
        words = (self.summary, self.findings, self.full_text)
        if self.full_text_parts or any(text is not None for text in words):
            raise ValueError("Change the arguments of the calls: no text stands beside them.")
        unknown = self.arguments.keys() - {call.id for call in result.calls}
        if unknown:
            raise ValueError("This changes a call that is not proposed here.")
        return AgentResult.model_validate(
            {**dict(result), "calls": tuple(self._changed(call) for call in result.calls)}
        )

    def _changed(self, call: ProposedCall) -> ProposedCall:
        given = dict(call.arguments)
        for name, value in self.arguments.get(call.id, {}).items():
            if name not in given:
                raise ValueError(f"{call.tool or 'The question'} has no argument {name!r}.")
            try:
                given[name] = like(value, given[name])
            except ValueError as error:
                raise ValueError(f"{name} cannot be changed to this: {error}.") from None
        if problem := amount_problem(call.arguments, given):
            raise ValueError(problem)
        return ProposedCall.model_validate({**dict(call), "arguments": given})


class Decision(Frozen):
    """One person's verdict on one revision.

    `id` makes it idempotent (`team:user:action_ts` for a click). `digest` is at least the first
    16 hexadecimal digits of what the person was shown. `place` is the message that was clicked;
    None where there is none. `confirmation` is what was typed where the risk asks for it.
    `edit` is what the person changed before approving. `hasty` says that it came before anybody
    could have read what was shown, such as the second tap on a card that has just appeared.
    `enterprise` is the organisation the click came from, on Enterprise Grid. `operator` is the
    account on this machine that ran the command line.
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
    hasty: bool = False
    enterprise: str = ""
    operator: str = ""


class Delegation(Frozen):
    """Somebody who may decide hands that on to `to` (a Slack user id).

    `quiet` when they are told once for many of them, by whoever sent them. `deputy` when whoever
    is away named `to` beforehand: it may then be somebody who decides anyway.
    """

    id: str
    by: str
    to: str
    team: str = ""
    place: Place | None = None
    reason: str = ""
    quiet: bool = False
    deputy: bool = False
    enterprise: str = ""


class Snooze(Frozen):
    """Somebody wants to be left alone about this for some minutes, and then reminded."""

    id: str
    by: str
    team: str = ""
    minutes: int = Field(ge=1, le=24 * 60)
    place: Place | None = None
    enterprise: str = ""


class Withdrawal(Frozen):
    """The requester, the task, or an operator takes the request back."""

    id: str = ""
    by: str
    reason: str = ""
    via: Via = Via.BUTTON
    place: Place | None = None


class ReplyKind(StrEnum):
    """What a decision met; `notifications/views/replies.py` has the sentence for each."""

    SETTLED = "settled"
    COUNTED = "counted"
    ALREADY_COUNTED = "already_counted"
    ALREADY_DECIDED = "already_decided"
    REPLACED = "replaced"
    STALE = "stale"
    NOT_APPROVER = "not_approver"
    OTHER_WORKSPACE = "other_workspace"
    NO_LONGER = "no_longer"
    UNCONFIRMED = "unconfirmed"
    REQUESTER = "requester"
    AUTHOR = "author"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    WRONG_PLACE = "wrong_place"
    HASTY = "hasty"
    REASON_MISSING = "reason_missing"
    CONFIRMATION_MISSING = "confirmation_missing"
    UNFIT_EDIT = "unfit_edit"
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


class Reply(Frozen):
    """The private answer to one gesture of one person.

    `who` and `when` name whoever settled it before; `missing` what is still needed. `edited` says
    that the decision came with an edit, and `version` which version that made, if any. `told` says
    that the workflow took this very gesture before, and answers it itself. `pending`: whoever
    decided is being looked up, so this is not the answer yet.
    """

    reply: ReplyKind
    verdict: Verdict | None = None
    outcome: Outcome | None = None
    who: tuple[str, ...] = ()
    when: datetime | None = None
    missing: str = ""
    approvers: tuple[str, ...] = ()
    detail: str = ""
    edited: bool = False
    version: int = 0
    told: bool = False
    pending: bool = False

    @property
    def accepted(self) -> bool:
        """True when the decision counts."""
        return self.reply in (ReplyKind.SETTLED, ReplyKind.COUNTED)


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

    def edit_comment(self) -> str:
        """What the editor wrote beside the edit."""
        said = [d.comment for d in self.decisions if self.editor and d.by == self.editor]
        return said[-1].strip() if said else ""

    def settled_by(self) -> tuple[str, ...]:
        """Who gave the verdict that this outcome is; nobody for one that came by itself."""
        return settled_by(self.outcome, self.decisions, editor=self.editor)

    def changes(self) -> str:
        """What the people who asked for changes want, a line each."""
        wanted = (d for d in self.decisions if d.verdict is Verdict.REQUEST_CHANGES)
        return "\n".join(d.comment for d in wanted)


_VERDICTS = {
    Outcome.APPROVED: Verdict.APPROVE,
    Outcome.REJECTED: Verdict.REJECT,
    Outcome.CHANGES_REQUESTED: Verdict.REQUEST_CHANGES,
}


def settled_by(
    outcome: Outcome | None, decisions: Iterable[Decision], *, editor: str = ""
) -> tuple[str, ...]:
    """Those of the deciding people whose verdict is the outcome; an edit sends back, too."""
    if outcome is None or outcome not in _VERDICTS:
        return ()
    sent_back = outcome is Outcome.CHANGES_REQUESTED
    return tuple(
        d.by
        for d in decisions
        if d.verdict is _VERDICTS[outcome]
        or (sent_back and (d.edit is not None or (editor and d.by == editor)))
    )
