"""Tool calls that ran, and those that people did not allow, in words that code writes.

The same lines stand on the receipt, on later cards and in its file; what an agent or a person wrote
in them is made inert.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from notifications.text.sanitize import clip, inert, mrkdwn
from notifications.views import words
from notifications.views.blocks import Block, context, section
from notifications.views.format import people
from workflows.content.argument import arguments_of
from workflows.messages.decisions import Outcome
from workflows.messages.results import DeniedCall, ProposedCall, RunStatus, ToolRun
from workflows.messages.tasks import StepState, TaskView
from workflows.task.receipts import Declined
from workflows.task.tool_runs import failures

ARGUMENTS, VALUE, RESPONSE, REASON = 10, 60, 160, 200
LINES, LINE = 6, 300
NAMED = 3
Render = Callable[[str], str]


def counted(ran: Sequence[ToolRun], declined: Sequence[Declined] = ()) -> str:
    """`3 actions carried out, 1 failed, 1 rejected`; empty when there was none."""
    states = [run.status for run in ran]
    done, failed = states.count(RunStatus.DONE), states.count(RunStatus.FAILED)
    unknown = states.count(RunStatus.UNKNOWN)
    expired = sum(one.outcome is Outcome.EXPIRED for one in declined)
    of = f"{done} of {_actions(len(states))}" if done and failed else _actions(done)
    parts = [f"{of} carried out"] if done or not (failed or unknown) else []
    parts += [f"{failed} failed"] if failed else []
    parts += [f"{unknown} not known to have run"] if unknown else []
    back = sum(one.outcome is Outcome.CHANGES_REQUESTED for one in declined)
    rejected = len(declined) - expired - back
    parts += [f"{rejected} rejected"] if rejected else []
    parts += [f"{back} sent back for changes"] if back else []
    parts += [f"{expired} not decided in time"] if expired else []
    return ", ".join(parts) if ran or declined else ""


def before(ran: Sequence[ToolRun]) -> str:
    """`5 actions were carried out before`, for a task that was not completed."""
    done = sum(run.status is RunStatus.DONE for run in ran)
    unknown = sum(run.status is RunStatus.UNKNOWN for run in ran)
    parts = (
        [f"{_actions(done)} {'was' if done == 1 else 'were'} carried out before"] if done else []
    )
    parts += [f"{_actions(unknown)} may have run"] if unknown else []
    return ", ".join(parts)


def ended_did(view: TaskView) -> str:
    """What an ended task did, with the calls that failed by name."""
    if not view.status.startswith("completed"):
        return before(view.ran)
    failed = [call(run.tool, run.arguments, mrkdwn) for run in failures(view.ran)]
    more = f" and {len(failed) - NAMED} more" if len(failed) > NAMED else ""
    names = f". Failed: {'; '.join(failed[:NAMED])}{more}" if failed else ""
    return counted(view.ran, view.declined) + names


def gave_up(view: TaskView) -> str:
    """Of a task that ended because people wanted something else than the agent had to offer."""
    wanted = StepState.CHANGES_REQUESTED
    if not any(step.state is wanted for step in view.steps):
        return ""
    return "The agent proposed nothing else, so nothing was carried out at this step"


def by_whom(ran: Iterable[ToolRun], name: Callable[[Iterable[str]], str] = people) -> str:
    """`Edited by Grace, approved by Linus`, as far as that is known."""
    ran = tuple(ran)
    editors = dict.fromkeys(who for run in ran for who in run.edited_by)
    approvers = dict.fromkeys(who for run in ran for who in run.approved_by)
    parts = [f"edited by {name(editors)}"] if editors else []
    parts += [f"approved by {name(approvers)}"] if approvers else []
    said = ", ".join(parts)
    return said[:1].upper() + said[1:]


def edited(ran: Iterable[ToolRun], render: Render, most: int = NAMED) -> str:
    """Which calls ran with other arguments than the agent had proposed; empty when none did."""
    lines = [f"{run.tool}: {changed}" for run in ran if (changed := edit(run))]
    if not lines:
        return ""
    calls = "1 call" if len(lines) == 1 else f"{len(lines)} calls"
    more = f" and {len(lines) - most} more" if len(lines) > most else ""
    shown = [clip(line, VALUE * 4, render).shown for line in lines[:most]]
    return f"✏️ {calls} ran as people edited it: {'; '.join(shown)}{more}"


def edit(run: ToolRun) -> str:
    """`amount 1,890.00 → 1,980.50`, each argument that ran with another value."""
    if run.proposed is None:
        return ""
    old, new = _written(run.tool, run.proposed), _written(run.tool, run.arguments)
    names = [name for name in dict.fromkeys((*old, *new)) if old.get(name) != new.get(name)]
    return ", ".join(
        f"{name} {_short(old.get(name, 'nothing'))} → {_short(new.get(name, 'nothing'))}"
        for name in names
    )


def run_line(run: ToolRun, render: Render) -> str:
    """One call: how it went, what ran, with what, and what came back."""
    sign, said = words.RUN[run.status]
    how = "" if run.status is RunStatus.DONE else f"{said}: "
    changed = clip(edit(run), VALUE * ARGUMENTS, render).shown
    note = f" · ✏️ edited: {changed}" if changed else ""
    return f"{sign} {how}{call(run.tool, run.arguments, render)}{_back(run, render)}{note}"


def declined_line(
    one: Declined, render: Render, name: Callable[[Iterable[str]], str] = people
) -> str:
    """One call that did not run, who said no, and why."""
    sign, said = words.OUTCOME[one.outcome]
    said = "Not decided in time" if one.outcome is Outcome.EXPIRED else said
    by = f" by {name(one.by)}" if one.by else ""
    why = f" · “{clip(one.reason, REASON, render).shown}”" if one.by and one.reason else ""
    return f"{sign} {said}{by}: {call(one.tool, one.arguments, render)}{why}"


def call(tool: str, arguments: Mapping[str, Any], render: Render = inert) -> str:
    """`order_payment: to Ann Meyer, amount 120.50, currency EUR`, as on the card."""
    given = clip(_plain(_written(tool, arguments), ARGUMENTS), VALUE * ARGUMENTS, render).shown
    return f"{clip(tool, VALUE, render).shown}" + (f": {given}" if given else "")


def warning(ran: Iterable[ToolRun]) -> str:
    """What has to be looked into by people; empty when everything is known."""
    unknown = [run for run in ran if run.status is RunStatus.UNKNOWN]
    if not unknown:
        return ""
    what = "an action" if len(unknown) == 1 else f"{len(unknown)} actions"
    return (
        f"It is not known whether {what} ran. Check where it would have had its effect before "
        "anybody does it again."
    )


def ran_before(ran: Sequence[ToolRun], most: int = LINES) -> list[Block]:
    """For a card: what its step ran already, which no decision on it takes back."""
    if not ran:
        return []
    lines = [clip(run_line(run, mrkdwn), LINE).shown for run in ran[:most]]
    lines += [f"and {len(ran) - most} more"] if len(ran) > most else []
    head = f"*Ran already, whatever you decide:* {counted(ran)}"
    said = f"\n⚠️ *{warning(ran)}*" if warning(ran) else ""
    return [section("\n".join([head + said, *lines]))]


def denied_before(denied: Sequence[DeniedCall], most: int = LINES) -> list[Block]:
    """For a card: what its agent wanted to run and a policy stopped."""
    lines = [_denied_line(one, mrkdwn) for one in denied[:most]]
    lines += [f"and {len(denied) - most} more"] if len(denied) > most else []
    return [context(f"🚫 *Denied by policy:* {line}") for line in lines]


def denied_text(denied: Sequence[DeniedCall], render: Render, most: int = LINES) -> str:
    """The same in one text."""
    lines = [_denied_line(one, render) for one in denied[:most]]
    return "; ".join([*lines, *([f"and {len(denied) - most} more"] if len(denied) > most else [])])


def _denied_line(one: DeniedCall, render: Render) -> str:
    why = f" · “{clip(one.reason, REASON, render).shown}”" if one.reason else ""
    return clip(call(one.tool, one.arguments, render), LINE).shown + why


def _actions(count: int) -> str:
    return "1 action" if count == 1 else f"{count} actions"


def _back(run: ToolRun, render: Render) -> str:
    """What the tool answered that was not said to it."""
    new = {n: v for n, v in run.response.items() if run.arguments.get(n) != v}
    shown = clip(_plain(_written(run.tool, new), 4), RESPONSE, render).shown
    return f" → {shown}" if shown else ""


def _plain(written: Mapping[str, str], most: int) -> str:
    parts = [f"{name} {_short(text)}" for name, text in [*written.items()][:most]]
    parts += [f"and {len(written) - most} more"] if len(written) > most else []
    return ", ".join(parts)


def _written(tool: str, values: Mapping[str, Any]) -> dict[str, str]:
    """Each value as the card writes it, in the order of the call; a whole number without `.0`."""
    whole = {
        name: int(value) if isinstance(value, float) and value.is_integer() else value
        for name, value in values.items()
    }
    shown = arguments_of(ProposedCall(id="", tool=tool, arguments=whole))
    return {one.name: one.text for one in shown}


def _short(text: str) -> str:
    text = " ".join(text.split())
    return clip(text, VALUE).shown + ("…" if len(text) > VALUE else "")
