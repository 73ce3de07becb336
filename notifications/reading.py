"""The full text of a result in a view: cut into sections, and said where it ends early."""

import json

from notifications.blocks import Block, context, divider, plain
from notifications.text import clip, inert
from workflows.rendering import lines_of
from workflows.results import AgentResult

PAGE = 2_900
MOST_BYTES = 150_000
"""Slack refuses views of more than 250 kB; the facts and forms around the text need some, too."""


def full_text(result: AgentResult, blocks: int) -> list[Block]:
    """All of the text, or every argument, in at most `blocks` blocks; the end says if it is cut."""
    text = _all_of(result)
    if not text:
        return []
    head = context(f"📄 Below is all of the text, {len(text):,} characters, up to the line:")
    pages, shown = _pages(text, blocks - 3)
    tail = [divider()]
    if shown < len(text):
        tail.append(
            context(
                f"✂️ {shown:,} of {len(text):,} characters shown: the rest is in the file that "
                "hangs in the thread. The decision is about all of it."
            )
        )
    return [head, *pages, *tail]


def _all_of(result: AgentResult) -> str:
    if result.calls:
        return "\n".join(lines_of(result.calls))
    return "\n".join((*(f"• {finding}" for finding in result.findings), result.full_text)).strip()


def _pages(text: str, most: int) -> tuple[list[Block], int]:
    """Sections of plain text, and how many characters of the source they show."""
    pages: list[Block] = []
    shown, size = 0, 0
    while shown < len(text) and len(pages) < most:
        page = clip(text[shown : shown + PAGE], PAGE, inert)
        size += len(json.dumps(page.shown))
        if not page.shown_count or size > MOST_BYTES:
            break
        shown += page.shown_count
        if page.shown.strip():
            pages.append({"type": "section", "text": plain(page.shown)})
    return pages, shown
