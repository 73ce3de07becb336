"""Beginnings of texts that end where a word, or a figure, ends."""

from collections.abc import Callable

from notifications.text.sanitize import Clipped, clip, inert

WORD = 30
"""Characters that may be left out so that no word is cut."""


def cut(
    text: str,
    limit: int,
    render: Callable[[str], str] = inert,
    between: str = " ",
    near: int = WORD,
) -> Clipped:
    """At most so many characters, up to the last `between` where that costs at most `near`."""
    shown = clip(text, limit, render)
    end = text.rfind(between, 0, shown.shown_count + len(between))
    if shown.whole or end < max(1, shown.shown_count - near):
        return shown
    return Clipped(render(text[:end]), end, len(text))


def cut_figures(text: str, limit: int, render: Callable[[str], str]) -> Clipped:
    """Figures in a row, `rows 120, mean 3.03`: a half of a number would be another number."""
    return cut(text, limit, render, between=", ", near=limit)


def dots(text: Clipped) -> str:
    """What says that something is left out."""
    return "" if text.whole else "…"
