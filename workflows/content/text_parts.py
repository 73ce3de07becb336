"""A long text in parts that each fit into one field of a form.

The same text is always cut at the same places: an edit names a part by its number, and is applied
to the text by cutting it again. Change nothing here without `workflow.patched`.
"""

from collections.abc import Mapping

PART = 2_800
MOST_PARTS = 20


def parts(text: str) -> tuple[str, ...]:
    """The text in order, cut between paragraphs, else between lines, else words; joined: itself."""
    found = []
    while len(text) > PART:
        at = _border(text)
        found.append(text[:at])
        text = text[at:]
    return (*found, text)


def with_parts(text: str, changed: Mapping[int, str]) -> str:
    """The text with some parts replaced; the blank lines around each stay as they are."""
    return "".join(
        part if number not in changed else _in_place_of(part, changed[number])
        for number, part in enumerate(parts(text))
    )


def _border(text: str) -> int:
    for mark in ("\n\n", "\n", " "):
        at = text.rfind(mark, PART // 2, PART)
        if at >= 0:
            return at + len(mark)
    return PART


def _in_place_of(part: str, new: str) -> str:
    """What was typed, with the blanks that stood around the old part."""
    body = part.strip()
    before, _, after = part.partition(body) if body else ("", "", part)
    return before + new.strip() + after
