"""The receipt: what a step did, with no button, and the file that lists everything.

It is rendered from the recorded tool calls; the agent's report stands in the file, and is said to
be the agent's.
"""

from collections.abc import Callable, Iterable, Iterator

from notifications.cards.runs import (
    Render,
    by_whom,
    counted,
    declined_line,
    edited,
    run_line,
    warning,
)
from notifications.text.sanitize import clip, inert, mrkdwn, visible
from notifications.views import words
from notifications.views.blocks import Block, context, quote, section
from notifications.views.format import code, people, person
from workflows.task.receipts import Receipt
from workflows.task.tool_runs import failures

TEXT_SHOWN = 120
SAID_SHOWN = 600
LINES_SHOWN = 25
LINE_SHOWN = 400
SECTION_SHOWN = 2_900
_NOTHING = "Nothing was carried out"


def receipt(told: Receipt) -> list[Block]:
    """The message's blocks."""
    lines = list(_lines(told, mrkdwn))
    shown = [clip(line, LINE_SHOWN).shown for line in lines[:LINES_SHOWN]]
    more = len(lines) - len(shown)
    blocks: list[Block] = [section(f"*{_headline(told, mrkdwn)}*")]
    if told.said:
        blocks.append(quote(clip(told.said, SAID_SHOWN, inert).shown))
    if said := warning(told.ran):
        blocks.append(section(f"⚠️ *{said}*"))
    blocks += [section(text) for text in _packed(shown)]
    if who := by_whom(told.ran):
        blocks.append(context(who))
    if more:
        blocks.append(context(f"and {more} more, all listed in the file"))
    note = f" · 🔌 {words.OFFLINE}" if told.offline else ""
    cost = f" · {told.spent.words()}" if told.spent.tokens else ""
    return [*blocks, context(f"{code(told.step)} · for {person(told.requester)}{cost}{note}")]


def receipt_text(told: Receipt) -> str:
    """The notification."""
    said = f": {mrkdwn(told.said)}" if told.said else ""
    return clip(_headline(told, mrkdwn) + said, TEXT_SHOWN).shown


def receipt_file(told: Receipt) -> str:
    """Everything that was done or not, and then the agent's own words; Markdown."""
    said = warning(told.ran)
    parts = [
        f"# {_headline(told, inert)}",
        f"Task {told.task_id}, recorded by Signoff as it ran.",
        *([f"**{said}**"] if said else []),
        "\n".join(f"- {line}" for line in _lines(told, inert, ", ".join)),
        by_whom(told.ran, lambda users: inert(", ".join(users))),
        f"The step took {told.spent.words()}." if told.spent.tokens else "",
    ]
    if told.report and (changed := edited(told.ran, inert, len(told.ran))):
        parts.append(f"**{changed}.** Where the text below says otherwise, it is wrong.")
    if told.report:
        parts += ["---", f"What the agent of {told.step} wrote about it:", visible(told.report)]
    return "\n\n".join(part for part in parts if part)


def _headline(told: Receipt, render: Render) -> str:
    did = counted(told.ran, told.declined) or _NOTHING
    sign = "⚠️" if warning(told.ran) or failures(told.ran) else "🧾"
    return f"{sign} {did} · {clip(told.step, 40, render).shown}"


def _lines(
    told: Receipt, render: Render, name: Callable[[Iterable[str]], str] = people
) -> Iterator[str]:
    yield from (run_line(run, render) for run in told.ran)
    yield from (declined_line(one, render, name) for one in told.declined)


def _packed(lines: Iterable[str]) -> Iterator[str]:
    """Lines joined to texts that fit into a section."""
    text = ""
    for line in lines:
        if text and len(text) + len(line) > SECTION_SHOWN:
            yield text
            text = ""
        text += f"\n{line}" if text else line
    if text:
        yield text
