"""Markdown that an agent wrote, as rich text: headings, lists, tables, quotes, code; all inert.

Slack's own `markdown` and `table` blocks stand in messages only, and take links and mentions. Here
every character goes through `inert`, and into elements that show it literally.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from notifications.text.sanitize import clip, inert
from notifications.views.blocks import Block

LONGEST_LINE = 2_000
WIDEST_TABLE = 56
ROWS_TOGETHER = 30

_HEADING = re.compile(r"^ {0,3}(#{1,6})\s+(.+?)\s*#*\s*$")
_BULLET = re.compile(r"^\s*[-*+•]\s+(.*)$")
_NUMBERED = re.compile(r"^\s*\d{1,9}[.)]\s+(.*)$")
_QUOTE = re.compile(r"^\s{0,3}>\s?(.*)$")
_FENCE = re.compile(r"^\s{0,3}(```|~~~)")
_RULER = re.compile(r"^\s*\|?(?:\s*:?-{3,}:?\s*\|)+\s*(?::?-{3,}:?\s*)?$")
_STYLED = re.compile(r"\*\*(?P<bold>[^*]+)\*\*|`(?P<code>[^`]+)`")
_MENTION = re.compile(r"<([@#])(\w+)(?:\|([^<>|]*))?>")
_BAR = re.compile(r"(?<!\\)\|")
_NUMBER = re.compile(r"^[-+]?[\d.,]+ ?%?$|^-?$")

Names = Mapping[str, str]


class TextPiece(NamedTuple):
    """One element of rich text, and up to which character of the source it goes."""

    element: Block
    end: int


class TextLine(NamedTuple):
    """A line without its break; `end` counts it. What was said before is `known`."""

    text: str
    end: int
    known: bool = False


def pieces(
    text: str, names: Names | None = None, known: frozenset[str] = frozenset()
) -> list[TextPiece]:
    """The elements in order. `names` are those of ids; lines in `known` are left out."""
    lines = _without_known(list(_lines(text)), known)
    found: list[TextPiece] = []
    at = 0
    while at < len(lines):
        end, made = _next(lines, at, names or {})
        found += made
        at = end
    return found


def normal(text: str) -> str:
    """How two texts are compared that may be written with other blanks."""
    return " ".join(inert(text).split())


def _lines(text: str) -> Iterator[TextLine]:
    """Very long ones in parts, none of which cuts a character or a name."""
    end = 0
    for whole in text.splitlines(keepends=True):
        rest = whole.rstrip("\r\n")
        while len(rest) > LONGEST_LINE:
            taken = clip(rest, LONGEST_LINE, inert).shown_count or LONGEST_LINE
            end += taken
            yield TextLine(rest[:taken], end)
            rest = rest[taken:]
        end += len(rest) + len(whole) - len(whole.rstrip("\r\n"))
        yield TextLine(rest, end)


def _without_known(lines: list[TextLine], known: frozenset[str]) -> list[TextLine]:
    """Marks what was said before, and headings that have nothing else below them."""
    marked = [line._replace(known=_content(line.text) in known) for line in lines]
    for at, line in enumerate(marked):
        heading = _HEADING.match(line.text)
        if heading and _is_emptied(marked[at + 1 :]):
            marked[at] = line._replace(known=True)
    return marked


def _is_emptied(below: list[TextLine]) -> bool:
    had_any = False
    for line in below:
        if line.known:
            had_any = True
        elif _HEADING.match(line.text):
            break
        elif line.text.strip():
            return False
    return had_any


def _content(line: str) -> str:
    """What an item of a list says; a break, which no text is, for other lines."""
    found = _BULLET.match(line) or _NUMBERED.match(line)
    return normal(found[1]) if found else "\n"


def _next(lines: list[TextLine], at: int, names: Names) -> tuple[int, list[TextPiece]]:
    """What begins at this line, and where the next thing begins."""
    line = lines[at]
    if line.known or not line.text.strip():
        return at + 1, []
    if _FENCE.match(line.text):
        return _fenced(lines, at)
    if at + 1 < len(lines) and "|" in line.text and _RULER.match(lines[at + 1].text):
        return _table(lines, at, names)
    if heading := _HEADING.match(line.text):
        return at + 1, [TextPiece(_section(_inline(heading[2], names, bold=True)), line.end)]
    for pattern, style in ((_BULLET, "bullet"), (_NUMBERED, "ordered"), (_QUOTE, "")):
        if pattern.match(line.text):
            return _run(lines, at, pattern, style, names)
    return at + 1, [TextPiece(_section(_inline(line.text, names)), line.end)]


def _run(
    lines: list[TextLine], at: int, pattern: re.Pattern[str], style: str, names: Names
) -> tuple[int, list[TextPiece]]:
    """Items of one list, or lines of one quote; a long one is several, so that it can be cut."""
    items: list[list[Block]] = []
    end = lines[at].end
    while at < len(lines) and len(items) < ROWS_TOGETHER:
        found = pattern.match(lines[at].text)
        if found is None:
            break
        if not lines[at].known:
            items.append(_inline(found[1], names))
            end = lines[at].end
        at += 1
    if style:
        return at, [TextPiece(_list(style, items), end)]
    broken = [part for item in items for part in (*item, {"type": "text", "text": "\n"})]
    return at, [TextPiece({"type": "rich_text_quote", "elements": broken[:-1]}, end)]


def _list(style: str, items: list[list[Block]]) -> Block:
    elements = [{"type": "rich_text_section", "elements": item} for item in items]
    return {"type": "rich_text_list", "style": style, "elements": elements}


def _section(parts: list[Block]) -> Block:
    return {"type": "rich_text_section", "elements": [*parts, {"type": "text", "text": "\n"}]}


def _fenced(lines: list[TextLine], at: int) -> tuple[int, list[TextPiece]]:
    """Code, up to its fence or the end; in parts, so that a long one can be cut."""
    stop = at + 1
    while stop < len(lines) and not _FENCE.match(lines[stop].text):
        stop += 1
    inside = lines[at + 1 : stop]
    made = [
        _literal([line.text for line in part], part[-1].end)
        for part in _parts(inside, ROWS_TOGETHER)
    ]
    return min(stop + 1, len(lines)), made


def _literal(texts: Iterable[str], end: int) -> TextPiece:
    shown = "\n".join(inert(text) for text in texts)
    element = {"type": "text", "text": shown if shown.strip() else "-"}
    return TextPiece({"type": "rich_text_preformatted", "elements": [element]}, end)


def _parts(lines: list[TextLine], size: int) -> Iterator[list[TextLine]]:
    for start in range(0, len(lines), size):
        yield lines[start : start + size]


def _table(lines: list[TextLine], at: int, names: Names) -> tuple[int, list[TextPiece]]:
    """Columns where they fit side by side, else one item for each row."""
    stop = at + 2
    while stop < len(lines) and "|" in lines[stop].text and lines[stop].text.strip():
        stop += 1
    head, rows = _cells(lines[at].text), lines[at + 2 : stop]
    grid = [head, *(_cells(row.text, len(head)) for row in rows)]
    widths = [max(len(inert(cell)) for cell in column) for column in zip(*grid, strict=True)]
    if not rows:
        return stop, [_literal([_aligned(head, widths, head)], lines[at + 1].end)]
    if sum(widths) + 2 * (len(widths) - 1) <= WIDEST_TABLE:
        numeric = [_is_numeric(column) for column in zip(*grid[1:], strict=True)]
        sides = [">" if one else "<" for one in numeric]
        shown = [
            _literal(
                [
                    _aligned(head, widths, sides),
                    *(_aligned(_cells(r.text, len(head)), widths, sides) for r in part),
                ],
                part[-1].end,
            )
            for part in _parts(rows, ROWS_TOGETHER)
        ]
        return stop, shown
    return stop, [
        TextPiece(
            _list("bullet", [_record(head, _cells(r.text, len(head)), names) for r in part]),
            part[-1].end,
        )
        for part in _parts(rows, ROWS_TOGETHER)
    ]


def _cells(line: str, count: int = 0) -> list[str]:
    inner = line.strip().removeprefix("|")
    inner = inner[:-1] if inner.endswith("|") and not inner.endswith("\\|") else inner
    found = [cell.strip().replace("\\|", "|").replace("\\\\", "\\") for cell in _BAR.split(inner)]
    return (found + [""] * count)[:count] if count else found


def _is_numeric(column: Iterable[str]) -> bool:
    return all(_NUMBER.match(cell) for cell in column)


def _aligned(cells: list[str], widths: list[int], sides: list[str]) -> str:
    padded = [
        cell.rjust(width) if side == ">" else cell.ljust(width)
        for cell, width, side in zip(cells, widths, sides, strict=True)
    ]
    return "  ".join(padded).rstrip()


def _record(head: list[str], cells: list[str], names: Names) -> list[Block]:
    """The first cell, then every other one that says something, with its column's name."""
    said = [
        f"{name} {cell}"
        for name, cell in zip(head[1:], cells[1:], strict=True)
        if cell not in ("", "-")
    ]
    rest = f": {' · '.join(said)}" if said else ""
    return [*_inline(cells[0] or "-", names, bold=True), *(_inline(rest, names) if rest else [])]


def _inline(line: str, names: Names, *, bold: bool = False) -> list[Block]:
    """Bold and code of one line; not where parts, each inert, would join into something live."""
    line = _MENTION.sub(lambda found: _named(found, names), line)
    parts, at = [], 0
    for found in _STYLED.finditer(line):
        parts += [
            (line[at : found.start()], ""),
            (found[str(found.lastgroup)], str(found.lastgroup)),
        ]
        at = found.end()
    parts = [part for part in (*parts, (line[at:], "")) if part[0]]
    if inert("".join(text for text, _ in parts)) != "".join(inert(text) for text, _ in parts):
        parts = [(line, "")]
    made = [_text(inert(text), "bold" if bold else style) for text, style in parts]
    return made or [_text("-", "")]


def _text(text: str, style: str) -> Block:
    return {"type": "text", "text": text or "-"} | ({"style": {style: True}} if style else {})


def _named(found: re.Match[str], names: Names) -> str:
    """A person or a channel by name, as far as it is known; never a live mention."""
    sign, identifier, label = found.groups()
    return f"{sign}{label or names.get(identifier, identifier)}"
