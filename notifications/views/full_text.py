"""The full text of a result in a view: rendered, nothing twice, and said where it ends early."""

import json
from collections.abc import Iterator

from notifications.cards.call_list import whole_calls
from notifications.text.markdown import Names, TextPiece, normal, pieces
from notifications.views.blocks import Block, context, divider
from workflows.messages.results import AgentResult

PAGE = 2_900
MOST_BYTES = 150_000
"""Slack refuses views of more than 250 kB; the facts and forms around the text need some, too."""


def full_text(
    result: AgentResult, blocks: int, above: list[Block] | None = None, names: Names | None = None
) -> list[Block]:
    """All of the text in at most `blocks` blocks, findings first; the end says if it is cut.

    A finding that the blocks `above` show whole, or that the text itself lists, stands once.
    """
    if result.calls:
        return whole_calls(result.calls, blocks)
    shown_above = frozenset(normal(text) for text in texts_of(above or []))
    listed = frozenset(
        normal(line.lstrip(" *-+•").strip()) for line in result.full_text.splitlines()
    )
    ahead = [f for f in result.findings if normal(f) not in shown_above | listed]
    text = "\n".join((*(f"* {' '.join(f.split())}" for f in ahead), result.full_text)).strip()
    if not text:
        return []
    said = shown_above & {normal(finding) for finding in result.findings}
    found = pieces(text, names, said)
    pages, end, is_whole = _pages(found, blocks - 3)
    if not pages:
        return []
    head = context(f"📄 Full report (agent output), {len(text):,} characters")
    tail = [divider()]
    if not is_whole:
        tail.append(
            context(
                f"✂️ {end:,} of {len(text):,} characters shown: the rest is in the file that "
                "hangs in the thread. The decision is about all of it."
            )
        )
    return [head, *pages, *tail]


def _pages(found: list[TextPiece], most: int) -> tuple[list[Block], int, bool]:
    """Blocks of rich text, how many characters of the source they show, and whether all."""
    pages: list[Block] = []
    room, size, end = 0, 0, 0
    for piece in found:
        length = len(json.dumps(piece.element))
        size += length
        if size > MOST_BYTES or (room < length and len(pages) == most):
            return pages, end, False
        if room < length:
            pages.append({"type": "rich_text", "elements": []})
            room = PAGE
        pages[-1]["elements"].append(piece.element)
        room -= length
        end = piece.end
    return pages, end, True


def texts_of(blocks: object) -> Iterator[str]:
    """Every text in blocks, and every item of a list as a whole."""
    if isinstance(blocks, dict):
        if isinstance(blocks.get("text"), str):
            yield blocks["text"]
        if blocks.get("type") == "rich_text_section":
            yield "".join(part.get("text", "") for part in blocks["elements"])
        blocks = list(blocks.values())
    if isinstance(blocks, list):
        for part in blocks:
            yield from texts_of(part)
