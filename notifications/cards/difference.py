"""What changed between two revisions, word by word: removed words struck, new ones bold.

Arguments of tool calls come first, each with its old and its new value. Words are cut out of
texts that were made inert before, so no piece can be live on its own.
"""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Any, NamedTuple

from notifications.text.sanitize import clip, inert, visible
from workflows.content.argument import argument, arguments_of
from workflows.content.edit_note import changed_arguments
from workflows.content.rendering import title_of
from workflows.content.text_change import TextChange
from workflows.messages.requests import CardView
from workflows.messages.results import AgentResult

Block = dict[str, Any]

FINDINGS_COMPARED = 40
VALUE_COMPARED = 300
WORDS_COMPARED = 400
GONE_SHOWN = 60
LEAST = 20
"""With less room than that no further field is begun."""
NEAR = 6


class Change(StrEnum):
    """What became of some words."""

    SAME = "same"
    GONE = "gone"
    NEW = "new"


class DifferencePiece(NamedTuple):
    """Some words in a row."""

    text: str
    change: Change


class Part(NamedTuple):
    """One field that changed; `whole` is false where only its beginning was compared.

    Values are `exact`: they are code, literal in Slack, and not inert for any other place.
    """

    label: str
    pieces: tuple[DifferencePiece, ...]
    whole: bool = True
    exact: bool = False


_STYLES = {Change.SAME: {}, Change.GONE: {"strike": True}, Change.NEW: {"bold": True}}
_MARKS = {Change.SAME: "{}", Change.GONE: "[-{}-]", Change.NEW: "{{+{}+}}"}


def difference_of(view: CardView) -> list[Part]:
    """Between what a card shows and the version before; empty for a first version."""
    previous = view.request.previous
    return difference(previous, view.request.result, view.text_change) if previous else []


def difference(
    before: AgentResult, after: AgentResult, text: TextChange | None = None
) -> list[Part]:
    """Every field that changed; `text` is what did in the full text, which cards don't carry."""
    parts = [*_calls(before, after), _part("Summary", before.summary, after.summary)]
    parts += _findings(before.findings, after.findings)
    if text is not None:
        part = _part(f"Full text, from line {text.line}", text.before, text.after)
        parts.append(part._replace(whole=part.whole and text.whole))
    parts += _figures(before, after)
    return [part for part in parts if any(piece.change is not Change.SAME for piece in part.pieces)]


def as_blocks(
    parts: Sequence[Part], limit: int, gone: int | None = None
) -> tuple[list[Block], bool]:
    """A rich text quote of at most `limit` characters, and whether that is all.

    Of removed words at most `gone` characters in a row are shown; values are never cut so.
    """
    elements: list[Block] = []
    whole = all(part.whole for part in parts)
    for part in parts:
        if limit < LEAST:
            whole = False
            break
        label = f"{part.label}: "
        elements.append(_element(f"\n{label}" if elements else label, {}))
        for number, piece in enumerate(part.pieces):
            if limit <= 0:
                whole = False
                break
            cut = clip(piece.text, _most(piece, part, limit, gone))
            shown = cut.shown if cut.whole else f"{cut.shown}…"
            whole = whole and cut.whole
            limit -= len(shown) + 1
            code = {"code": True} if part.exact else {}
            if part.exact and piece.change is Change.NEW and number:
                elements.append(_element("→ ", {}))
            if shown:
                elements += [_element(shown, code | _STYLES[piece.change]), _element(" ", {})]
    return [{"type": "rich_text_quote", "elements": elements}] if elements else [], whole


def _most(piece: DifferencePiece, part: Part, limit: int, gone: int | None) -> int:
    if gone is None or part.exact or piece.change is not Change.GONE:
        return limit
    return min(limit, gone)


def as_text(parts: Sequence[Part]) -> str:
    """The same in plain text: `[-gone-] {+new+}`; not inert."""
    return "\n".join(
        f"{part.label}: "
        + (" → " if part.exact else " ").join(
            _MARKS[piece.change].format(piece.text) for piece in part.pieces
        )
        for part in parts
    )


def _calls(before: AgentResult, after: AgentResult) -> Iterator[Part]:
    """Every argument with another value, and calls that came or went."""
    old = {call.id: call for call in before.calls}
    for number, name in changed_arguments(before, after):
        call = after.calls[number - 1]
        known = old.get(call.id)
        gone = argument(known, name).text if known and name in known.arguments else ""
        new = argument(call, name)
        yield _values(f"{title_of(number, call)}, {new.name}", gone, new.text)
    kept = {call.id for call in after.calls}
    for number, call in enumerate(before.calls, 1):
        if call.id not in kept:
            gone = ", ".join(f"{one.name} {one.text}" for one in arguments_of(call))
            yield _values(f"{title_of(number, call)} of the version before", gone or "-", "")


def _values(label: str, gone: str, new: str) -> Part:
    """Values are never cut into words: the old one, then the new one."""
    shown = [(clip(gone, VALUE_COMPARED, visible), Change.GONE)] if gone else []
    shown += [(clip(new, VALUE_COMPARED, visible), Change.NEW)] if new else []
    pieces = tuple(DifferencePiece(text.shown, change) for text, change in shown)
    whole = all(text.whole for text, _ in shown)
    return Part(clip(label, 200, inert).shown, pieces, whole, exact=True)


def _figures(before: AgentResult, after: AgentResult) -> Iterator[Part]:
    for name in sorted({*before.metrics, *after.metrics}):
        old, new = before.metrics.get(name), after.metrics.get(name)
        if old != new:
            gone, come = ("" if value is None else repr(value) for value in (old, new))
            yield _values(f"Figure {clip(name, 100).shown}", gone, come)


def _findings(before: Sequence[str], after: Sequence[str]) -> Iterator[Part]:
    old, new = list(before[:FINDINGS_COMPARED]), list(after[:FINDINGS_COMPARED])
    for _, low, high, start, end in _changes(old, new):
        for number in range(max(high - low, end - start)):
            gone = old[low + number] if low + number < high else ""
            come = new[start + number] if start + number < end else ""
            yield _part("Finding", gone, come)
    if before[FINDINGS_COMPARED:] != after[FINDINGS_COMPARED:]:
        rest = f"some after the first {FINDINGS_COMPARED}; the file has them"
        yield Part("Findings", (DifferencePiece(rest, Change.NEW),), whole=False)


def _part(label: str, before: str, after: str) -> Part:
    """The words that differ, with a few around them; of very many only the first."""
    old, new = inert(before).split(), inert(after).split()
    head = max(_alike(old, new) - NEAR - 1, 0)
    tail = max(_alike(old[head:][::-1], new[head:][::-1]) - NEAR - 1, 0)
    gone, come = old[head : len(old) - tail], new[head : len(new) - tail]
    whole = max(len(gone), len(come)) <= WORDS_COMPARED
    same = [DifferencePiece("…", Change.SAME)]
    pieces = _words(gone[:WORDS_COMPARED], come[:WORDS_COMPARED])
    if old == new and before != after:
        pieces = iter([DifferencePiece("only blanks or line ends changed", Change.NEW)])
    return Part(label, (*same * (head > 0), *pieces, *same * (tail > 0)), whole)


def _words(old: list[str], new: list[str]) -> Iterator[DifferencePiece]:
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for kind, low, high, start, end in matcher.get_opcodes():
        if kind == "equal":
            yield DifferencePiece(_near(old[low:high]), Change.SAME)
        if kind in {"replace", "delete"}:
            yield DifferencePiece(_gone(old[low:high]), Change.GONE)
        if kind in {"replace", "insert"}:
            yield DifferencePiece(" ".join(new[start:end]), Change.NEW)


def _alike(one: list[str], other: list[str]) -> int:
    pairs = zip(one, other, strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def _changes(old: list[str], new: list[str]) -> Iterator[tuple[str, int, int, int, int]]:
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    return (code for code in matcher.get_opcodes() if code[0] != "equal")


def _gone(words: list[str]) -> str:
    """Removed words; the middle of very many is left out, so that what is new has room."""
    if len(words) <= GONE_SHOWN:
        return " ".join(words)
    return " ".join((*words[: GONE_SHOWN // 2], f"… ({len(words)} words) …", *words[-NEAR:]))


def _near(words: list[str]) -> str:
    """Unchanged words, the middle of a long run left out."""
    if len(words) <= 2 * NEAR + 2:
        return " ".join(words)
    return " ".join((*words[:NEAR], "…", *words[-NEAR:]))


def _element(text: str, style: dict[str, bool]) -> Block:
    return {"type": "text", "text": text} | ({"style": style} if style else {})
