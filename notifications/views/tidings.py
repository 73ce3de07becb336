"""What the requester is told in one message: how the task ended, or what failed and now waits."""

from notifications.cards.facts import outcome_line
from notifications.cards.runs import by_whom, edited, ended_did, gave_up, warning
from notifications.text.sanitize import clip, inert, mrkdwn
from notifications.views import words
from notifications.views.blocks import Block, quote, section
from notifications.views.format import files, people, person
from workflows.messages.requests import CardView
from workflows.messages.tasks import StepState, StepStatus, TaskView

TEXT_SHOWN = 120
SOURCES_SHOWN = 60
TITLE_SHOWN = 140
REASON_SHOWN = 600
PROBLEM_SHOWN = 1_000
_ENDS = {
    StepState.REJECTED,
    StepState.CHANGES_REQUESTED,
    StepState.EXPIRED,
    StepState.WITHDRAWN,
    StepState.FAILED,
}


def key(view: TaskView) -> dict[str, str]:
    """Finds this message again: one for the end, one for each failure."""
    return {"task": view.id, "about": _about(view)}


def tidings(view: TaskView, link: str) -> list[Block]:
    """The message's blocks; `link` is the address of the result, empty when there is none."""
    lines = [_headline(view, bold=True)]
    if view.ended_at is None:
        lines.append(f"Retry it or cancel the task{_here(link, 'on its message')}.")
        problem = clip(view.problem, PROBLEM_SHOWN, inert).shown
        return [section(lines[0]), quote(problem), section(lines[1])]
    if did := ended_did(view):
        lines.append(f"{did[0].upper()}{did[1:]}.")
    lines += [
        f"{line}." for line in (gave_up(view), edited(view.ran, mrkdwn), by_whom(view.ran)) if line
    ]
    if said := warning(view.ran):
        lines.append(f"⚠️ *{said}*")
    blocks = [section("\n".join(lines))]
    if view.reason:
        blocks.append(quote(clip(view.reason, REASON_SHOWN, inert).shown))
    return [*blocks, section(f"<{link}|Open the result>")] if link else blocks


def tidings_text(view: TaskView) -> str:
    """The notification: how it ended, of what, and what was done."""
    return clip(_headline(view, bold=False), TEXT_SHOWN).shown


def outcome_tidings(view: CardView, link: str) -> list[Block]:
    """For an approval that belongs to no task: how it ended, why, and the way to its card."""
    title = clip(view.request.title, TITLE_SHOWN, mrkdwn).shown
    blocks = [section(f"{outcome_line(view)}: {title}")]
    if view.reason:
        blocks.append(quote(clip(view.reason, REASON_SHOWN, inert).shown))
    return [*blocks, section(f"<{link}|Open the card>")] if link else blocks


def outcome_text(view: CardView) -> str:
    """The notification."""
    assert view.ballot.outcome is not None
    sign, word = words.outcome(view.ballot)
    return clip(f"{sign} {word}: {mrkdwn(view.request.title)}", TEXT_SHOWN).shown


def _about(view: TaskView) -> str:
    return "end" if view.ended_at is not None else f"failure {view.problem_number}"


def _headline(view: TaskView, *, bold: bool) -> str:
    sign, state = _state(view)
    state = f"*{mrkdwn(state)}*" if bold else mrkdwn(state)
    if bold:
        sources = files(view.sources)
    else:
        sources = clip(", ".join(view.sources), SOURCES_SHOWN, mrkdwn).shown
    by = f" by {_by(view)}" if bold and _by(view) else ""
    did = f" · {ended_did(view)}" if not bold and view.ended_at and ended_did(view) else ""
    return f"{sign} {state}{by}: {mrkdwn(view.pipeline)} of {sources}{did}"


def _state(view: TaskView) -> tuple[str, str]:
    if view.ended_at is not None:
        return words.task(view.status)
    stuck = next((step.name for step in view.steps if step.state is StepState.STUCK), "")
    return "⚠️", words.TROUBLE[view.trouble] + (f" at {stuck}" if stuck else "")


def _by(view: TaskView) -> str:
    if view.ended_by:
        return person(view.ended_by)
    return people(step.by) if (step := _last(view)) else ""


def _last(view: TaskView) -> StepStatus | None:
    """The step whose outcome ended the task."""
    return next((step for step in view.steps if step.state in _ENDS), None)


def _here(link: str, words: str) -> str:
    return f" <{link}|{words}>" if link else f" {words}"
