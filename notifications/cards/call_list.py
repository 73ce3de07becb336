"""The tool calls that people decide on: each argument by its name, the value exactly as it runs.

Values are code in Slack, which shows them literally: no value can pass for a name or for another
value, and nothing in them links.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from notifications.text.sanitize import clip, escape, inert, visible
from notifications.views.blocks import Block, context, plain
from workflows.content import proposal
from workflows.content.argument import Argument, arguments_of
from workflows.content.rendering import lines_of, title_of
from workflows.messages.results import ProposedCall

CALLS, ARGUMENTS, VALUE, HINT = 10, 12, 160, 300
PAGE, PAGES = 2_900, 40
BUDGET = 4_000
"""Characters of values on one card; the file has all."""


class ShownCalls(NamedTuple):
    """One call as far as it is shown."""

    title: str
    hint: str
    arguments: tuple[Argument, ...]


class Listed(NamedTuple):
    """The calls as far as they are shown, and a sentence when that is not all."""

    calls: tuple[ShownCalls, ...]
    total: str
    rest: str


def listed(calls: Iterable[ProposedCall], most: int = CALLS, budget: int = BUDGET) -> Listed:
    """At most so many calls, and so many characters of their values."""
    calls = tuple(calls)
    shown: list[ShownCalls] = []
    whole = True
    for number, call in enumerate(calls[:most], 1):
        given: list[Argument] = []
        for one in arguments_of(call)[:ARGUMENTS]:
            text = clip(one.text, min(VALUE, max(budget, 0)), visible)
            if budget <= 0:
                break
            budget -= len(text.shown) + 20
            whole = whole and text.whole
            cut = "" if text.whole else f"… ({text.total:,} characters)"
            given.append(Argument(clip(one.name, 60, inert).shown, text.shown + cut))
        whole = whole and len(given) == len(call.arguments)
        hint = clip(call.note(), HINT, inert)
        shown.append(
            ShownCalls(clip(title_of(number, call), 90, inert).shown, hint.shown, tuple(given))
        )
    return Listed(
        tuple(shown),
        " + ".join(map(str, proposal.total(calls))),
        "" if whole and len(shown) == len(calls) else _rest(calls, shown),
    )


def call_blocks(calls: Iterable[ProposedCall], asked: str = "") -> list[Block]:
    """The calls, one after the other, then the total where each is about money.

    Not where `asked`, which stands above them, says the total already.
    """
    found = listed(calls)
    if not found.calls:
        return []
    sections = [_section(call) for call in found.calls]
    blocks: list[Block] = [{"type": "rich_text", "elements": sections}]
    if found.total and found.total not in asked:
        blocks.append(context(f"Total: *{escape(visible(found.total))}*"))
    if found.rest:
        blocks.append(context(f"✂️ {found.rest}"))
    return blocks


def call_lines(calls: Iterable[ProposedCall]) -> list[str]:
    """The same in plain text, neither inert nor escaped; each argument has a line of its own."""
    found = listed(calls)
    lines = []
    for call in found.calls:
        lines.append(f"{call.title}{f' ({call.hint})' if call.hint else ''}")
        lines += [f"   {one.name}: {one.text}" for one in call.arguments] or ["   no arguments"]
    lines += [f"Total: {found.total}"] if found.total else []
    return [*lines, found.rest] if found.rest else lines


def whole_calls(calls: Iterable[ProposedCall], most: int) -> list[Block]:
    """What a card's list of these calls leaves out, in at most `most` blocks: every value whole."""
    calls = tuple(calls)
    if not listed(calls).rest:
        return []
    text = "\n".join(lines_of(calls))
    pages: list[Block] = []
    end = 0
    while end < len(text) and len(pages) < min(most - 2, PAGES):
        page = clip(text[end : end + PAGE], PAGE, visible)
        end += page.shown_count
        pages.append({"type": "section", "text": plain(page.shown)})
        if not page.shown_count:
            break
    said = f"All arguments, {end:,} of {len(text):,} characters"
    if end < len(text):
        said += "; the attached file has everything that runs"
    return [context(f"📄 {said}"), *pages]


def _rest(calls: tuple[ProposedCall, ...], shown: list[ShownCalls]) -> str:
    arguments = sum(len(call.arguments) for call in calls)
    there = sum(len(call.arguments) for call in shown)
    return (
        f"Not all is shown here: {len(shown)} of {len(calls)} calls, {there} of {arguments} "
        "arguments, long values cut. The attached file has everything that runs."
    )


def _section(call: ShownCalls) -> dict[str, Any]:
    elements = [_text(call.title, bold=True), _text(f"  {call.hint}\n" if call.hint else "  ")]
    for number, one in enumerate(call.arguments):
        elements += [_text((", " if number else "") + f"{one.name} "), _code(one.text)]
    if not call.arguments:
        elements.append(_text("no arguments"))
    return {"type": "rich_text_section", "elements": [*elements, _text("\n")]}


def _text(text: str, *, bold: bool = False) -> dict[str, Any]:
    return {"type": "text", "text": text} | ({"style": {"bold": True}} if bold else {})


def _code(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text or "-", "style": {"code": True}}
