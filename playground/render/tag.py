"""HTML elements, escaped by construction: no script, style or handler can be written with it."""

import re
from collections.abc import Iterable

from markupsafe import Markup, escape

JOIN = Markup("").join

_VOID = {"br", "hr", "input"}
_SAFE_SCHEME = re.compile(r"(?:https?://[^\s/]|mailto:[^\s])", re.IGNORECASE)
_UNSAFE_CHARACTER = re.compile(r"[\x00-\x20\x7f\u2028\u2029]")


def tag(name: str, *children: str, class_: str | None = None, **attributes: object) -> Markup:
    """Return one element. Children that are not Markup are escaped; None and False attributes go.

    `data_action_id="x"` becomes `data-action-id="x"`, and True a bare attribute.
    """
    opening = f"<{name}{_attributes({'class': class_, **attributes})}>"
    if name in _VOID:
        return Markup(opening)  # noqa: S704 - name is a literal of ours, attributes are escaped
    inside = JOIN(children)
    return Markup(f"{opening}{inside}</{name}>")  # noqa: S704 - inside was escaped by JOIN


def _attributes(given: dict[str, object]) -> str:
    return "".join(_attribute(name, value) for name, value in given.items())


def _attribute(name: str, value: object) -> str:
    if value is None or value is False:
        return ""
    spelled = name.rstrip("_").replace("_", "-")
    return f" {spelled}" if value is True else f' {spelled}="{escape(str(value))}"'


def safe_url(url: str) -> bool:
    """Say whether an address may become a link: absolute http, https or mailto."""
    return bool(_SAFE_SCHEME.match(url)) and not _UNSAFE_CHARACTER.search(url)


def link(url: str, body: Markup, *, class_: str | None = None, **attributes: object) -> Markup:
    """Return a link that tells the target nothing, or only its body when the scheme is not safe."""
    if not safe_url(url):
        return body
    return tag(
        "a",
        body,
        class_=class_,
        href=url,
        target="_blank",
        rel="noopener noreferrer",
        **attributes,
    )


def join(parts: Iterable[str]) -> Markup:
    """Return the parts one after another."""
    return JOIN(parts)
