"""What changed between two revisions, word by word: removed words struck, new ones bold.

Both texts are made inert before they are cut into words, so no piece can be live on its own.
"""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Any, NamedTuple

from notifications.text import clip, inert
from workflows.results import AgentResult

Block = dict[str, Any]

FINDINGS_COMPARED = 40
FINDING_COMPARED = 400
NEAR = 6


class Change(StrEnum):
    """What became of some words."""

    SAME = "same"
    GONE = "gone"
    NEW = "new"


class Piece(NamedTuple):
    """Some words in a row."""

    text: str
    change: Change


class Part(NamedTuple):
    """One field that changed."""

    label: str
    pieces: tuple[Piece, ...]


_STYLES = {Change.SAME: {}, Change.GONE: {"strike": True}, Change.NEW: {"bold": True}}
_MARKS = {Change.SAME: "{}", Change.GONE: "[-{}-]", Change.NEW: "{{+{}+}}"}


def difference(before: AgentResult, after: AgentResult) -> list[Part]:
    """Every field that changed; empty when neither summary nor findings did."""
    parts = [Part("Summary", tuple(_words(before.summary, after.summary)))]
    parts += _findings(before.findings, after.findings)
    return [part for part in parts if any(piece.change is not Change.SAME for piece in part.pieces)]


def as_blocks(parts: Sequence[Part], limit: int) -> tuple[list[Block], bool]:
    """Rich text sections of at most `limit` characters, and whether that is all."""
    sections: list[Block] = []
    for part in parts:
        elements: list[Block] = [_element(f"{part.label}: ", {})]
        for piece in part.pieces:
            if limit <= 0:
                break
            shown = clip(piece.text, limit).shown
            limit -= len(shown) + 1
            elements.append(_element(shown + " ", _STYLES[piece.change]))
        sections.append({"type": "rich_text_section", "elements": [*elements, _element("\n", {})]})
        if limit <= 0:
            return sections, False
    return sections, True


def as_text(parts: Sequence[Part]) -> str:
    """The same in plain text: `[-gone-] {+new+}`."""
    return "\n".join(
        f"{part.label}: "
        + " ".join(_MARKS[piece.change].format(piece.text) for piece in part.pieces)
        for part in parts
    )


def _findings(before: Sequence[str], after: Sequence[str]) -> Iterator[Part]:
    old = [clip(text, FINDING_COMPARED).shown for text in before[:FINDINGS_COMPARED]]
    new = [clip(text, FINDING_COMPARED).shown for text in after[:FINDINGS_COMPARED]]
    for _, low, high, start, end in _changes(old, new):
        for number in range(max(high - low, end - start)):
            gone = old[low + number] if low + number < high else ""
            come = new[start + number] if start + number < end else ""
            yield Part("Finding", tuple(_words(gone, come)))


def _words(before: str, after: str) -> Iterator[Piece]:
    old, new = inert(before).split(), inert(after).split()
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for kind, low, high, start, end in matcher.get_opcodes():
        if kind == "equal":
            yield Piece(_near(old[low:high]), Change.SAME)
        if kind in {"replace", "delete"}:
            yield Piece(" ".join(old[low:high]), Change.GONE)
        if kind in {"replace", "insert"}:
            yield Piece(" ".join(new[start:end]), Change.NEW)


def _changes(old: list[str], new: list[str]) -> Iterator[tuple[str, int, int, int, int]]:
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    return (code for code in matcher.get_opcodes() if code[0] != "equal")


def _near(words: list[str]) -> str:
    """Unchanged words, the middle of a long run left out."""
    if len(words) <= 2 * NEAR + 2:
        return " ".join(words)
    return " ".join((*words[:NEAR], "…", *words[-NEAR:]))


def _element(text: str, style: dict[str, bool]) -> Block:
    return {"type": "text", "text": text} | ({"style": style} if style else {})
