"""The task's message: where each step stands, and help when one is stuck."""

from datetime import timedelta

from notifications.cards.buttons import ActionId, TaskValue
from notifications.cards.runs import by_whom, edited, ended_did, gave_up, warning
from notifications.text.sanitize import clip, mrkdwn
from notifications.views import words
from notifications.views.agent_health import ahead
from notifications.views.blocks import Block, actions, button, context, section
from notifications.views.format import code, files, moment, people, person
from workflows.messages.durations import words as duration
from workflows.messages.tasks import StepState, StepStatus, TaskView

REASON_SHOWN = 200
PROBLEM_SHOWN = 1_500
UNWELL = 3
_DONE = {StepState.DONE, StepState.PARTLY_DONE}
_FINE = {StepState.APPROVED, *_DONE}


def task_message(view: TaskView, card: str = "") -> list[Block]:
    """The message's blocks, with Retry and Cancel while the task waits for help.

    `card` is the address of the card that a step waits for, if there is one.
    """
    lines = [_line(number, step, card) for number, step in enumerate(view.steps, 1)]
    blocks: list[Block] = [
        section(_head(view)),
        section("\n".join(lines)),
        *_now(view),
        *(context(line) for line in ahead(view.unwell[:UNWELL])),
        *(
            context(line)
            for line in (gave_up(view), edited(view.ran, mrkdwn), by_whom(view.ran))
            if line
        ),
        context(_foot(view)),
    ]
    if said := warning(view.ran):
        blocks.append(section(f"⚠️ *{said}*"))
    if view.problem and not view.ended_at:
        problem = clip(view.problem, PROBLEM_SHOWN, mrkdwn).shown
        blocks.append(section(f"⚠️ *{words.TROUBLE[view.trouble]}:* {problem}"))
        blocks.append(_buttons(view))
    return blocks


def task_text(view: TaskView) -> str:
    """The same in plain text."""
    steps = ", ".join(f"{step.name} {_lower(words.STEP[step.state][1])}" for step in view.steps)
    problem = f" {words.TROUBLE[view.trouble]}: {view.problem}" if view.problem else ""
    text = (
        f"Task {view.id} ({view.pipeline} of {', '.join(view.sources)}) "
        f"{_lower(_state(view)[1])}: {steps}."
    )
    return clip(text + problem, 3_000, mrkdwn).shown


def task_status(view: TaskView, link: str = "") -> list[Block]:
    """The message as an answer: without buttons, and with `link`, where the message itself is."""
    lines = (_line(number, step, "") for number, step in enumerate(view.steps, 1))
    blocks = [section(_head(view)), section("\n".join(lines)), *_now(view)]
    if view.problem and not view.ended_at:
        problem = clip(view.problem, PROBLEM_SHOWN, mrkdwn).shown
        blocks.append(section(f"⚠️ *{words.TROUBLE[view.trouble]}:* {problem}"))
    return [*blocks, context(_foot(view) + (f" · <{link}|Open the task>" if link else ""))]


def _now(view: TaskView) -> list[Block]:
    """One grey line: which step, for how long, and what its agent does."""
    step = next((step for step in view.steps if step.state is StepState.RUNNING), None)
    if view.progress is None or step is None:
        return []
    progress = view.progress
    parts = [mrkdwn(step.name), duration(timedelta(seconds=int(progress.seconds)))]
    if progress.attempt > 1:
        parts.append(f"attempt {progress.attempt}")
    if progress.agent not in {"", step.agent}:
        parts.append(code(progress.agent))
    if doing := progress.words(code):
        parts.append(doing)
    return [context(" · ".join(parts))]


def _state(view: TaskView) -> tuple[str, str]:
    sign, state = words.task(view.status)
    if view.status.startswith("completed") and warning(view.ran):
        sign = "⚠️"
    return sign, state + (f" · {did}" if (did := _did(view)) else "")


def _did(view: TaskView) -> str:
    """What was carried out, once that is the last word about it."""
    return ended_did(view) if view.ended_at is not None else ""


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _head(view: TaskView) -> str:
    sign, state = _state(view)
    by = f" by {person(view.ended_by)}" if view.ended_by else ""
    title = f"{sign} *{mrkdwn(view.pipeline)}* of {files(view.sources)}"
    return f"{title} · {_lower(mrkdwn(state))}{by} · for {person(view.requester)}"


def _line(number: int, step: StepStatus, card: str) -> str:
    sign, state = words.STEP[step.state]
    waits = step.state is StepState.WAITING
    if waits and step.waits_for:
        state = f"Waiting for {people(step.waits_for)}"
    parts = [f"{sign}  {number}. *{mrkdwn(step.name)}* · {state}"]
    if step.by and step.state not in _DONE:
        parts.append(f"by {people(step.by)}")
    if step.revision > 1:
        parts.append(f"(v{step.revision})")
    if step.since is not None:
        parts.append(f"· {moment(step.since)}")
    if step.execution_mode in words.NOT_LIVE:
        parts.append(f"· {step.execution_mode}")
    if waits and card:
        parts.append(f"· <{card}|Open the card>")
    if step.reason and step.state not in _FINE:
        parts.append(f"· “{clip(step.reason, REASON_SHOWN, mrkdwn).shown}”")
    return " ".join(parts)


def _foot(view: TaskView) -> str:
    offline = " · 🔌 offline model" if view.offline else ""
    if view.ended_at is not None:
        took = duration(view.ended_at - view.started_at)
        return f"Task {code(view.id)} · took {took}{offline}"
    return f"Task {code(view.id)} · started {moment(view.started_at)}{offline}"


def _buttons(view: TaskView) -> Block:
    value = TaskValue(task=view.id, problem=view.problem_number).text()
    retry = button(ActionId.RETRY, "Retry", value, label=f"Retry task {view.id}", style="primary")
    cancel = button(
        ActionId.CANCEL, "Cancel the task", value, label=f"Cancel task {view.id}", style="danger"
    )
    return actions("signoff_task", [retry, cancel])
