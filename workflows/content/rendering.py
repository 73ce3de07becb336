"""A whole result as text: the file beside the card, and the line that lists show."""

import json
from collections.abc import Iterator, Sequence

from workflows.content import proposal
from workflows.content.argument import Argument, arguments_of
from workflows.content.edit_note import edit_note, one_line
from workflows.messages.requests import CardView
from workflows.messages.results import AgentResult, ProposedCall

LINE = 600
CARD_FINDINGS = 6
CARD_FINDING = 220
"""So many findings, and so many characters of each, stand on a card."""


def fits_card(result: AgentResult) -> bool:
    """Whether a card shows all findings for certain."""
    short = all(len(finding) <= CARD_FINDING // 2 for finding in result.findings)
    return short and len(result.findings) <= CARD_FINDINGS


def summary_of(result: AgentResult) -> str:
    """What a list shows of it: the agent's summary, or the calls themselves."""
    if not result.calls:
        return result.summary
    lines = [f"{title_of(n, call)}: {_short(call)}" for n, call in enumerate(result.calls, 1)]
    text = "; ".join(lines)
    return text if len(text) <= LINE else text[: LINE - 1] + "…"


def title_of(number: int, call: ProposedCall) -> str:
    """`2. order_payment`."""
    return f"{number}. {call.tool or 'question'}"


def document(view: CardView, result: AgentResult) -> str:
    """All of what is decided, as Markdown: what the card shows and the whole `result` behind it."""
    request, electorate = view.request, view.ballot.electorate
    note = edit_note(view)
    head = f"# {one_line(request.title)}, version {request.revision}"
    editor = electorate.name(request.edited_by) if electorate else request.edited_by
    edited = f"Edited by {editor}: {note}" if note else ""
    said = f"{editor}: {one_line(request.edit_comment)}" if request.edit_comment else ""
    body = _of_calls(result) if result.calls else _of_text(result)
    return "\n\n".join(part for part in (head, edited, said, *body) if part) + "\n"


def lines_of(calls: Sequence[ProposedCall]) -> Iterator[str]:
    """Every argument of every call on a line of its own, whole."""
    for number, call in enumerate(calls, 1):
        yield f"{title_of(number, call)}{f' ({call.note()})' if call.note() else ''}"
        yield from (f"   {one.name}: {one.text}" for one in arguments_of(call))
        if not call.arguments:
            yield "   no arguments"
    if sums := proposal.total(calls):
        yield f"Total: {' + '.join(map(str, sums))}"


def figures(result: AgentResult) -> str:
    """`missing_percent 4.25, rows 120`, unrounded."""
    return ", ".join(f"{name} {figure(value)}" for name, value in sorted(result.metrics.items()))


def figure(value: float) -> str:
    """Every digit of it; a whole number without `.0`."""
    return repr(value).removesuffix(".0")


def _of_text(result: AgentResult) -> Iterator[str]:
    yield result.summary
    if result.findings:
        yield "## Findings"
        yield "\n".join(f"- {finding}" for finding in result.findings)
    if result.metrics:
        yield "## Figures"
        yield "\n".join(f"- {name}: {value!r}" for name, value in sorted(result.metrics.items()))
    if result.full_text:
        yield "## Full text"
        yield result.full_text


def _of_calls(result: AgentResult) -> Iterator[str]:
    sums = proposal.total(result.calls)
    if sums:
        yield f"Total: {' + '.join(map(str, sums))}"
    for number, call in enumerate(result.calls, 1):
        yield f"## {title_of(number, call)}"
        yield call.note()
        yield (
            "\n".join(f"- {one.name}: {one.text}" for one in arguments_of(call)) or "No arguments."
        )
    yield "## As JSON, exactly as it runs"
    plain = [{"tool": call.tool, "arguments": call.arguments} for call in result.calls]
    yield "```json\n" + json.dumps(plain, indent=2) + "\n```"


def _short(call: ProposedCall) -> str:
    return ", ".join(map(_pair, arguments_of(call))) or "no arguments"


def _pair(one: Argument) -> str:
    """Quoted where a value could pass for two."""
    apart = any(mark in one.text for mark in (", ", ";", ": "))
    return f"{one.name} {json.dumps(one.text, ensure_ascii=False) if apart else one.text}"
