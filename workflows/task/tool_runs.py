"""The tool calls of one step: what people were asked, what they declined, and what ran.

What ran stays known over turns, revisions, Retry and failure, and is not run a second time: a call
of a later revision that equals one that ran is answered here, without asking people again.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import ValidationError
from temporalio import workflow
from temporalio.exceptions import ApplicationError

from workflows.audit_buffer import AuditBuffer
from workflows.messages.audit import AuditKind
from workflows.messages.content_hash import digest
from workflows.messages.decisions import Outcome, Settlement, Verdict
from workflows.messages.results import DeniedCall, RunStatus, ToolRun
from workflows.messages.turns import Question, ToolDecision
from workflows.task.cost import is_cost
from workflows.task.receipts import Declined

LONGEST_RESPONSE = 4_000
"""Characters of JSON that the audit log keeps of a tool's response; of a longer one its digest."""

_RAN = "This already ran, and is not run again. It gave: "
_SAID = {
    Outcome.APPROVED: Verdict.APPROVE,
    Outcome.REJECTED: Verdict.REJECT,
    Outcome.CHANGES_REQUESTED: Verdict.REQUEST_CHANGES,
}


class Acts:
    """Belongs to one step; `ran` are its calls in the order they were heard of."""

    def __init__(self, step: str, journal: AuditBuffer) -> None:
        self.asked = False
        self.declined: list[Declined] = []
        self.denied: list[DeniedCall] = []
        self._step = step
        self._journal = journal
        self._ran: dict[str, ToolRun] = {}
        self._now: set[str] = set()
        self._approved: dict[str, ToolRun] = {}
        self._presumed: dict[str, ToolRun] = {}

    @property
    def ran(self) -> tuple[ToolRun, ...]:
        """Every call that was begun, whatever is known of its end."""
        return tuple(self._ran.values())

    def take(self, runs: Iterable[ToolRun]) -> None:
        """What a turn says it ran."""
        for run in runs:
            self._now.add(run.key)
            self._keep(run)

    def take_failed(self, error: BaseException) -> None:
        """What a turn ran before it failed; what equals it is not asked about again."""
        for run in runs_of(error):
            self._keep(run)

    def deny(self, calls: Iterable[DeniedCall]) -> None:
        """What a policy stopped; a turn says again what those before it said."""
        self.denied += [call for call in calls if call not in self.denied]

    def new_revision(self) -> None:
        """What ran until now is not to be proposed again."""
        self._now.clear()

    def decided(
        self,
        turn: str,
        questions: Sequence[Question],
        answers: Sequence[ToolDecision],
        by: Settlement,
        editors: Sequence[str] = (),
    ) -> None:
        """People answered; an approved call counts as begun from here on, until it is heard of.

        `editors` made the version that was decided on of what the agent had proposed.
        """
        editors = tuple(dict.fromkeys((*editors, *filter(None, [by.editor]))))
        for question, answer in zip(questions, answers, strict=True):
            if not question.tool:
                continue
            self.asked = True
            if answer.confirmed:
                self._expect(turn, question, answer, by.settled_by(), editors)
            else:
                self.declined.append(_declined(self._step, question, answer, by))

    def account(self) -> None:
        """The turn is over: whether an approved call that nobody spoke of ran is not known."""
        for key, run in self._approved.items():
            self._ran[key] = run
            self._note(run)
        self._presumed |= self._approved
        self._approved = {}

    def known(self, questions: Sequence[Question]) -> dict[str, ToolDecision]:
        """The answers, by question, to calls that ran before; each run answers one of them."""
        left = [run for run in self.ran if self._is_settled(run)]
        found: dict[str, ToolDecision] = {}
        for question in questions:
            run = next((one for one in left if _is_same(one, question)), None)
            if run is not None:
                left.remove(run)
                found[question.id] = _already(question, run)
        return found

    def _is_settled(self, run: ToolRun) -> bool:
        """Whether it must not be asked for again. Of what failed or may have, people decide anew,
        and of the same once more in one go."""
        return run.status is RunStatus.DONE and run.key not in self._now

    def _expect(
        self,
        turn: str,
        question: Question,
        answer: ToolDecision,
        by: tuple[str, ...],
        editors: tuple[str, ...],
    ) -> None:
        edited = answer.arguments is not None
        key = f"approved:{turn}/{question.id}"
        self._approved[key] = ToolRun(
            key=key,
            tool=question.tool,
            arguments=question.arguments if answer.arguments is None else answer.arguments,
            status=RunStatus.UNKNOWN,
            approved=True,
            proposed=question.arguments if edited else None,
            edited_by=editors if edited else (),
            approved_by=by,
        )

    def _keep(self, run: ToolRun) -> None:
        before = self._ran.get(run.key)
        if before is not None and before.status is RunStatus.DONE:
            return
        run = _with_people(run, self._heard_of(run) or before)
        if before != run:
            self._ran[run.key] = run
            self._note(run)

    def _note(self, run: ToolRun) -> None:
        self._journal.note(AuditKind.TOOL_RAN, step=self._step, **_detail(run))

    def _heard_of(self, run: ToolRun) -> ToolRun | None:
        """What was approved and waited for word of it, waits no more; gives that."""
        wanted = call_key(run.tool, run.arguments)
        for waiting in (self._approved, self._presumed):
            for key, expected in waiting.items():
                if call_key(expected.tool, expected.arguments) == wanted:
                    del waiting[key]
                    self._ran.pop(key, None)
                    return expected
        return None


def call_key(tool: str, arguments: dict[str, Any]) -> str:
    """The same for the same call: key order and 1 or 1.0 make no difference."""
    return json.dumps([tool, _plain(arguments)], sort_keys=True)


def runs_of(error: BaseException | None) -> list[ToolRun]:
    """The runs that an activity's or a turn's failure tells of, wherever in its causes."""
    found: list[ToolRun] = []
    while error is not None:
        if isinstance(error, ApplicationError):
            runs = (_run(detail) for detail in error.details if not is_cost(detail))
            found += [run for run in runs if run is not None]
        error = error.__cause__
    return found


def failures(ran: Iterable[ToolRun]) -> tuple[ToolRun, ...]:
    """What failed and was not done at another time, either."""
    ran = tuple(ran)
    done = {call_key(run.tool, run.arguments) for run in ran if run.status is RunStatus.DONE}
    failed = (run for run in ran if run.status is RunStatus.FAILED)
    return tuple(run for run in failed if call_key(run.tool, run.arguments) not in done)


def _with_people(run: ToolRun, known: ToolRun | None) -> ToolRun:
    """As the agent tells it, with what people did to it as the task knows that."""
    return run.model_copy(
        update={
            "proposed": (known.proposed if known else None) or run.proposed,
            "edited_by": known.edited_by if known else (),
            "approved_by": known.approved_by if known else (),
        }
    )


def _run(detail: Any) -> ToolRun | None:
    try:
        return ToolRun.model_validate(detail)
    except ValidationError:
        workflow.logger.warning("a detail of a failure is no tool run")
        return None


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _is_same(run: ToolRun, question: Question) -> bool:
    """Whether the call was proposed before: as it ran, or as it was before people edited it."""
    wanted = call_key(question.tool, question.arguments)
    ways = (run.arguments, run.proposed)
    return bool(question.tool) and wanted in {
        call_key(run.tool, arguments) for arguments in ways if arguments is not None
    }


def _already(question: Question, run: ToolRun) -> ToolDecision:
    said = _RAN + json.dumps(run.response, sort_keys=True)
    return ToolDecision(question_id=question.id, confirmed=False, comment=said)


def _declined(step: str, question: Question, answer: ToolDecision, by: Settlement) -> Declined:
    said = by.outcome if by.outcome is not Outcome.APPROVED else Outcome.REJECTED
    return Declined(
        step=step,
        tool=question.tool,
        arguments=question.arguments,
        outcome=said,
        by=tuple(one.by for one in by.decisions if one.verdict is _SAID.get(by.outcome)),
        reason=by.reason or answer.comment,
    )


def _detail(run: ToolRun) -> dict[str, Any]:
    said = json.dumps(run.response, sort_keys=True)
    kept = {"response": run.response} if len(said) <= LONGEST_RESPONSE else {}
    shown = run.model_dump(mode="json", exclude={"response"})
    return shown | kept | {"response_digest": digest(said)}
