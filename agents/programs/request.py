"""What a program wants people to decide, and the policy that comes of it.

The program chooses the words. Who may decide, and how much it takes, is the program's policy:
a draft can only narrow the approvers, raise the risk and shorten the time.
"""

from datetime import timedelta
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
    model_validator,
)

from agents.programs.program import Program
from workflows.content.wrong_value import first_problem
from workflows.messages.durations import Duration, words
from workflows.messages.policy import OnTimeout, Policy, Risk
from workflows.messages.results import SUMMARY_CHARACTERS, AgentResult, ProposedCall

LONGEST_TITLE = 150
LONGEST_TEXT = 1_000_000
_RISKS = (Risk.LOW, Risk.NORMAL, Risk.HIGH)


def _fit(text: str) -> str:
    if "\x00" in text:
        raise ValueError("it holds NUL, which no text may hold")
    return text


Text = Annotated[str, AfterValidator(_fit)]
Finding = Annotated[str, Field(max_length=4_000), AfterValidator(_fit)]


class UnfitDraft(ValueError):  # noqa: N818 - the name says what it is
    """This cannot be asked for; the text says what to change."""


class ApprovalDraft(BaseModel):
    """What is to be decided, as the program words it. An unknown key is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: Text = Field(min_length=1, max_length=LONGEST_TITLE)
    """What the card is about, in a line."""
    summary: Text = Field(default="", max_length=SUMMARY_CHARACTERS)
    """What is to be decided."""
    findings: tuple[Finding, ...] = Field(default=(), max_length=200)
    """Sentences that help to decide."""
    full_text: Text = Field(default="", max_length=LONGEST_TEXT)
    """Markdown; attached as a file."""
    context: Text = Field(default="", max_length=4_000)
    """Shown as the last finding."""
    approvers: tuple[Text, ...] = Field(default=(), max_length=50)
    """Fewer people than the settings name, written as the settings write them."""
    risk: Risk | None = None
    """As high as the policy's, or higher."""
    timeout: Duration | None = Field(default=None, gt=timedelta(0))
    """As long as the policy's, or shorter."""
    answer_in_words: bool = False
    """Opens a form on approval, so that the approver can write a comment."""
    calls: tuple[ProposedCall, ...] = Field(default=(), max_length=100)
    """Tool calls to be approved, each with `id`, `tool`, `arguments` and `hint`; then no text
    stands beside them."""

    @model_validator(mode="after")
    def _calls_or_text(self) -> Self:
        if self.calls and (self.summary or self.findings or self.full_text or self.context):
            raise ValueError("send calls, or a text; nothing stands beside calls")
        if not self.calls and not self.summary:
            raise ValueError("summary: say what is to be decided")
        return self

    @model_serializer(mode="wrap")
    def _without_empty_calls(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """A draft from before there were calls is still the same draft."""
        dumped: dict[str, Any] = dump(self)
        if not self.calls:
            dumped.pop("calls", None)
        return dumped

    def result(self) -> AgentResult:
        """What the digest covers. The context is shown as the last finding."""
        if self.calls:
            return AgentResult(summary="", calls=self.calls)
        more = (f"Context: {self.context}",) if self.context else ()
        return AgentResult(
            summary=self.summary, findings=(*self.findings, *more), full_text=self.full_text
        )


def draft_from(given: dict[str, object], before: ApprovalDraft | None = None) -> ApprovalDraft:
    """The draft in these fields; raises UnfitDraft.

    A new version of an earlier wish keeps title, approvers, risk and timeout where the fields say
    nothing about them.
    """
    kept = before.model_dump(include={"title", "approvers", "risk", "timeout"}) if before else {}
    try:
        return ApprovalDraft.model_validate(kept | given)
    except ValidationError as error:
        said = first_problem(error, model=ApprovalDraft)
        raise UnfitDraft(said if said.endswith("?") else f"{said}.") from None


def fields_from(text: str, *, titled: bool) -> dict[str, object]:
    """A plain text as fields: the beginning is the summary, all of it the full text.

    With `titled`, its first line is the title.
    """
    text = text.strip()
    fields: dict[str, object] = {"summary": _cut(text, SUMMARY_CHARACTERS)}
    if len(text) > SUMMARY_CHARACTERS:
        fields["full_text"] = text
    if titled and text:
        fields["title"] = _cut(text.splitlines()[0].strip(), 120)
    return fields


def policy_of(draft: ApprovalDraft, program: Program) -> Policy:
    """The program's policy with the draft in it; raises UnfitDraft for what it does not allow.

    Nothing a program writes decides: no rule over its own figures, no bypass, and no approval by
    waiting.
    """
    policy = program.policy
    changed: dict[str, object] = {"auto_approve": "", "bypassers": ()}
    if policy.on_timeout is OnTimeout.APPROVE:
        changed["on_timeout"] = OnTimeout.EXPIRE
    if draft.approvers:
        changed["approvers"] = _approvers(draft, policy)
    if draft.risk is not None:
        changed["risk"] = _risk(draft.risk, policy)
    if draft.timeout is not None:
        changed["timeout"] = _timeout(draft.timeout, policy)
    if draft.answer_in_words:
        changed["open_first"] = True
    return policy.model_copy(update=changed)


def _approvers(draft: ApprovalDraft, policy: Policy) -> tuple[str, ...]:
    known = {name.casefold(): name for name in policy.approvers}
    wanted = list(dict.fromkeys(name.casefold() for name in draft.approvers))
    strangers = [name for name in draft.approvers if name.casefold() not in known]
    if strangers:
        raise UnfitDraft(
            f"approvers: {', '.join(strangers)[:200]} may not be asked by this program; its "
            "settings name who may."
        )
    if len(wanted) < policy.quorum:
        raise UnfitDraft(f"approvers: the policy takes {policy.quorum} people; name as many.")
    return tuple(known[name] for name in wanted)


def _risk(wanted: Risk, policy: Policy) -> Risk:
    if _RISKS.index(wanted) < _RISKS.index(policy.risk):
        raise UnfitDraft(f"risk: the policy says {policy.risk.value}; a program cannot lower it.")
    return wanted


def _timeout(wanted: timedelta, policy: Policy) -> timedelta:
    if wanted > policy.timeout:
        raise UnfitDraft(f"timeout: at most {words(policy.timeout)} with this program's policy.")
    return wanted


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
