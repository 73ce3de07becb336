"""A Slack message as people read it: its entities as words. Still untrusted, not inert yet."""

import re
from html import unescape

_ENTITY = re.compile(r"<([^<>|]*)(?:\|([^<>]*))?>")


def as_read(text: str) -> str:
    """`<https://x|Here>` as `Here (https://x)`, `<@U1>` as `@U1`, `&amp;` as `&`."""
    return unescape(_ENTITY.sub(_words, text))


def _words(entity: re.Match[str]) -> str:
    target, label = entity[1], entity[2] or ""
    if target.startswith(("@", "#")):
        return target[0] + (label or target[1:])
    if target.startswith("!"):
        return "@" + (label or target[1:].split("^")[0]).lstrip("@")
    return f"{label} ({target})" if label and label != target else target
