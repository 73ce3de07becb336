"""What changed in a long text: the lines that differ, so that no card carries two whole texts."""

from workflows.messages.base import Frozen

MOST = 20_000
"""Characters of each side that are kept; `whole` says whether that is all."""


class TextChange(Frozen):
    """From the first line that differs to the last one; `line` is where that begins, from 1."""

    before: str
    after: str
    line: int
    whole: bool = True


def text_change(before: str, after: str) -> TextChange | None:
    """None when both are the same."""
    if before == after:
        return None
    old, new = before.split("\n"), after.split("\n")
    head = _alike(old, new)
    tail = _alike(old[head:][::-1], new[head:][::-1])
    gone = "\n".join(old[head : len(old) - tail])
    come = "\n".join(new[head : len(new) - tail])
    return TextChange(
        before=gone[:MOST],
        after=come[:MOST],
        line=head + 1,
        whole=max(len(gone), len(come)) <= MOST,
    )


def _alike(one: list[str], other: list[str]) -> int:
    """How many lines at the beginning are the same."""
    pairs = zip(one, other, strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
