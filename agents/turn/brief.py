"""What an agent is told: a few words for a person or a model, and the request as JSON."""

import json
from collections import Counter
from typing import Any

from agents.inputs.hints import Hints, hints_in, requested_in
from agents.turn.answer import clean
from workflows.messages.base import Frozen
from workflows.messages.results import AgentResult, RunStatus
from workflows.messages.turns import EarlierStep, TurnRequest

MARK = "\nRequest (JSON): "
SO_FAR = "\nSo far (JSON): "
FULL_TEXT_SHOWN = 20_000
ASKED_KEPT = 20_000


class BriefFile(Frozen):
    """An input file, under the name the tools know it by."""

    name: str
    media_type: str = ""
    size: int = 0


class BriefFeedback(Frozen):
    """What people want changed, and what the agent had said."""

    text: str
    by: str = ""
    previous: AgentResult


class BriefRun(Frozen):
    """A tool call that was made before this turn; `status` is done, failed or unknown."""

    tool: str
    arguments: dict[str, Any] = {}
    status: RunStatus = RunStatus.DONE
    response: dict[str, Any] = {}


class Brief(Frozen):
    """One turn's request, as the agent sees it."""

    step: str = ""
    revision: int = 1
    files: tuple[BriefFile, ...] = ()
    earlier: tuple[EarlierStep, ...] = ()
    feedback: BriefFeedback | None = None
    ran: tuple[BriefRun, ...] = ()

    def earlier_result(self, step: str) -> AgentResult | None:
        """The approved result of an earlier step."""
        return next((item.result for item in self.earlier if item.step == step), None)


def file_names(request: TurnRequest) -> list[str]:
    """One distinct name per input: `a.csv` twice becomes `a.csv` and `2-a.csv`."""
    names: list[str] = []
    for file in request.inputs:
        name, count = " ".join(clean(file.name).split()) or "input", 1
        while name in names:
            count += 1
            name = f"{count}-{file.name}"
        names.append(name)
    return names


def brief_of(request: TurnRequest) -> Brief:
    """The part of a request that the agent may see: no keys, no ids."""
    feedback = request.feedback
    return Brief(
        step=request.step,
        revision=request.revision,
        files=tuple(
            BriefFile(name=name, media_type=file.media_type, size=file.size)
            for name, file in zip(file_names(request), request.inputs, strict=True)
        ),
        earlier=tuple(
            EarlierStep(step=item.step, result=_cut(item.result)) for item in request.earlier
        ),
        feedback=BriefFeedback(text=feedback.text, by=feedback.by, previous=_cut(feedback.previous))
        if feedback
        else None,
        ran=tuple(
            BriefRun(
                tool=run.tool, arguments=run.arguments, status=run.status, response=run.response
            )
            for run in request.ran
        ),
    )


def spoken(brief: Brief) -> str:
    """The message an agent gets. Everything after the mark is one line of JSON."""
    lines = [f"Do the step {brief.step or 'now'!r}, revision {brief.revision}."]
    lines += [f"Input file: {file.name}" for file in brief.files]
    lines += [f"Approved before: {item.step}" for item in brief.earlier]
    if brief.feedback:
        lines.append("People asked for changes to your previous result; see feedback.")
    done = Counter(run.tool for run in brief.ran if run.status is RunStatus.DONE)
    lines += [f"Already done: {tool}, {count} x; see ran." for tool, count in done.items()]
    if done:
        lines.append("What is already done must not be done again.")
    body = json.dumps(brief.model_dump(mode="json"), ensure_ascii=True)
    return clean("\n".join(lines)) + MARK + body


def asked_with(request: TurnRequest) -> str:
    """What the agent is asked, for the record; empty when it only gets people's answers."""
    if request.session:
        return ""
    said = spoken(brief_of(request))
    if len(said) <= ASKED_KEPT:
        return said
    return said[:ASKED_KEPT] + f" ({ASKED_KEPT} of {len(said)} characters kept.)"


def heard(text: str) -> Brief | None:
    """The brief inside a message; nothing when a person typed it by hand."""
    _, found, body = text.partition(MARK)
    if not found:
        return None
    try:
        return Brief.model_validate_json(body.partition("\n")[0])
    except ValueError:
        return None


def hints_of(brief: Brief) -> Hints:
    """How people want the files to be read: as they say now, or said at an earlier step."""
    feedback = brief.feedback
    found = Hints()
    for step in brief.earlier:
        found = requested_in(step.result.findings).over(found)
    if feedback is not None:
        found = requested_in(feedback.previous.findings).over(found)
        found = hints_in(feedback.text).over(found)
    return found


def so_far(text: str) -> Any:
    """What an earlier member of the same agent found; nothing when this one is the first."""
    _, found, body = text.rpartition(SO_FAR)
    return json.loads(body) if found else None


def _cut(result: AgentResult) -> AgentResult:
    text = result.full_text
    if len(text) <= FULL_TEXT_SHOWN:
        return result
    note = f"\n\n({FULL_TEXT_SHOWN} of {len(text)} characters shown.)"
    return result.model_copy(update={"full_text": text[:FULL_TEXT_SHOWN] + note})
