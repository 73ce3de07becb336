"""Where text may be cut without cutting what a reader takes for one character."""

import regex

FARTHEST = 64
_MARK = regex.compile(
    r"&(?:amp|lt|gt);|\[(?:U\+[0-9A-F]{4,6}[^\[\]\n]{0,60}|[0-9]+ more accents|at|[.:#])\]"
)
_CLUSTER = regex.compile(r"\X")
_LATEST_ASCII = regex.compile(r"(?r)[\n -~]")


def boundary(text: str, end: int, *, marks: bool = False) -> int:
    """The nearest place at or before `end` that cuts no character, emoji or flag.

    With `marks`, also none of the escapes and marks of `notifications.text.sanitize`. A single
    character longer than 64 code points is cut after all.
    """
    if marks:
        end = _before_mark(text, end)
    first = max(end - 2 * FARTHEST, 0)
    anchor = _LATEST_ASCII.search(text, first, end)  # a character begins there in any case
    place = anchor.start() if anchor else first
    for cluster in _CLUSTER.finditer(text, place, end + FARTHEST):
        if cluster.end() > end:
            break
        place = cluster.end()
    return place if end - place < FARTHEST else end


def _before_mark(text: str, end: int) -> int:
    start = max(end - FARTHEST - 32, 0)
    for match in _MARK.finditer(text, start, end + FARTHEST + 32):
        if match.start() < end < match.end():
            return match.start()
    return end
