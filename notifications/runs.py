"""Tool calls that ran, and those that people did not allow, in words that code writes.

The same lines stand on the receipt, on later cards and in its file; what an agent or a person wrote
in them is made inert.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from notifications import words
from notifications.blocks import Block, section
from notifications.facts import people
from notifications.text import clip, inert, mrkdwn
from workflows.decisions import Outcome
from workflows.receipts import Declined
from workflows.results import RunStatus, ToolRun

ARGUMENTS, VALUE, RESPONSE, REASON = 10, 60, 160, 200
LINES, LINE = 6, 300
Render = Callable[[str], str]


def counted(ran: Sequence[ToolRun], declined: Sequence[Declined] = ()) -> str:
    """`3 actions carried out, 1 failed, 1 rejected`; empty when there was none."""
    states = [run.status for run in ran]
    done, failed = states.count(RunStatus.DONE), states.count(RunStatus.FAILED)
    unknown = states.count(RunStatus.UNKNOWN)
    expired = sum(one.outcome is Outcome.EXPIRED for one in declined)
    parts = [f"{_actions(done)} carried out"] if done or not (failed or unknown) else []
    parts += [f"{failed} failed"] if failed else []
    parts += [f"{unknown} not known to have run"] if unknown else []
    parts += [f"{len(declined) - expired} rejected"] if len(declined) > expired else []
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


def run_line(run: ToolRun, render: Render) -> str:
    """One call: how it went, what ran, with what, and what came back."""
    sign, said = words.RUN[run.status]
    how = "" if run.status is RunStatus.DONE else f"{said}: "
    return f"{sign} {how}{call(run.tool, run.arguments, render)}{_back(run, render)}"


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
    """`order_payment: amount 120.5, currency EUR, to Ann Meyer`."""
    given = _fields(arguments, ARGUMENTS, render)
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


def ran_before(ran: Sequence[ToolRun]) -> list[Block]:
    """For a card: what its step ran already, which no decision on it takes back."""
    if not ran:
        return []
    lines = [clip(run_line(run, mrkdwn), LINE).shown for run in ran[:LINES]]
    lines += [f"and {len(ran) - LINES} more"] if len(ran) > LINES else []
    head = f"*Ran before, whatever you decide now:* {counted(ran)}"
    said = f"\n⚠️ *{warning(ran)}*" if warning(ran) else ""
    return [section("\n".join([head + said, *lines]))]


def _actions(count: int) -> str:
    return "1 action" if count == 1 else f"{count} actions"


def _back(run: ToolRun, render: Render) -> str:
    """What the tool answered that was not said to it."""
    new = {n: v for n, v in run.response.items() if run.arguments.get(n) != v}
    shown = clip(_plain(new, 4), RESPONSE, render).shown
    return f" → {shown}" if shown else ""


def _fields(values: Mapping[str, Any], most: int, render: Render) -> str:
    return clip(_plain(values, most), VALUE * most, render).shown


def _plain(values: Mapping[str, Any], most: int) -> str:
    named = sorted(values.items())
    parts = [f"{name} {_value(value)}" for name, value in named[:most]]
    parts += [f"and {len(named) - most} more"] if len(named) > most else []
    return ", ".join(parts)


def _value(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    return clip(" ".join(text.split()), VALUE).shown + ("…" if len(text) > VALUE else "")
