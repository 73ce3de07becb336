"""Markdown from values that may hold anything: cells and headings stay what they are."""

import math
from collections.abc import Iterable, Sequence


def cell(value: object) -> str:
    """One table cell: no line breaks, no pipes."""
    text = " ".join(str(value).split())
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("`", "'")


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table; empty when there are no rows."""
    lines = [" | ".join(cell(value) for value in row) for row in rows]
    if not lines:
        return ""
    ruler = " | ".join("---" for _ in head)
    return "\n".join(f"| {line} |" for line in [" | ".join(head), ruler, *lines])


def bullets(items: Iterable[str]) -> str:
    """A list, one line per item."""
    return "\n".join(f"* {' '.join(item.split())}" for item in items)


def numbered(items: Iterable[str]) -> str:
    """A numbered list, one line per item."""
    return "\n".join(f"{at}. {' '.join(item.split())}" for at, item in enumerate(items, 1))


def section(title: str, *blocks: str, level: int = 2) -> str:
    """A heading and its blocks; empty when every block is."""
    kept = [block for block in blocks if block]
    return "\n\n".join([f"{'#' * level} {' '.join(title.split())}", *kept]) if kept else ""


def page(title: str, *sections: str) -> str:
    """A page of sections, the empty ones left out."""
    return "\n\n".join([f"# {' '.join(title.split())}", *(part for part in sections if part)])


def figure(value: float | None) -> str:
    """A number for people: 4,202, 0.87, 12.5; a dash for nothing, ∞ for infinity."""
    if value is None:
        return "-"
    if not math.isfinite(value):
        return "∞" if value > 0 else "-∞" if value < 0 else "undefined"
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    if abs(value) >= 999.5:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def change(value: float) -> str:
    """A change for people, always with its sign: +0.5, -12.25, +1,250,000."""
    return f"{value:+g}" if abs(value) < 100_000 else f"{value:+,.0f}"
