"""A mail's HTML made harmless: known elements, safe links, no loads, styles only as data.

The page shows it in a frame without scripts and sets each `data-style` through the object model,
because the page's policy forbids style attributes.
"""

import re
from html.parser import HTMLParser

from markupsafe import Markup, escape

from playground.render.tag import JOIN, safe_url

_KEPT = {
    *("a", "abbr", "b", "blockquote", "br", "caption", "center", "code", "col", "colgroup", "dd"),
    *("div", "dl", "dt", "em", "font", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "li", "ol"),
    *("p", "pre", "s", "section", "small", "span", "strong", "sub", "sup", "table", "tbody", "td"),
    *("tfoot", "th", "thead", "tr", "u", "ul"),
}
_VOID = {"br", "col", "hr"}
_SILENT = {"head", "noscript", "object", "script", "style", "svg", "template", "title"}
_ATTRIBUTES = {"align", "bgcolor", "border", "cellpadding", "cellspacing", "color", "colspan"} | {
    *("dir", "height", "lang", "rowspan", "title", "valign", "width"),
}
_LOADING_STYLE = re.compile(r"url\s*\(|@|\\|expression|position\s*:", re.IGNORECASE)


class _Cleaner(HTMLParser):
    """Writes what it reads again, balanced, without what is not known to be harmless."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._parts: list[str] = []
        self._open: list[str] = []
        self._silent: list[str] = []

    def result(self) -> Markup:
        closing = (Markup(f"</{tag}>") for tag in reversed(self._open))  # noqa: S704 - known names
        return JOIN([*self._parts, *closing])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent.append(tag)
        elif self._silent:
            return
        elif tag == "img":
            self._parts.append(escape(dict(attrs).get("alt") or ""))
        elif tag in _KEPT:
            written = "".join(_attribute(name, value or "") for name, value in attrs)
            self._parts.append(Markup(f"<{tag}{written}>"))  # noqa: S704 - values are escaped
            if tag not in _VOID:
                self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._silent:
            if tag == self._silent[-1]:
                self._silent.pop()
            return
        if tag not in self._open:
            return
        while self._open:
            last = self._open.pop()
            self._parts.append(Markup(f"</{last}>"))  # noqa: S704 - known names only
            if last == tag:
                return

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._parts.append(escape(data))


def _attribute(name: str, value: str) -> str:
    if name == "href" and safe_url(value.strip()):
        address = escape(value.strip())
        return f' href="{address}" target="_blank" rel="noopener noreferrer"'
    if name == "style" and not _LOADING_STYLE.search(value):
        return f' data-style="{escape(value)}"'
    return f' {name}="{escape(value)}"' if name in _ATTRIBUTES else ""


def mail_html(source: str) -> Markup:
    """Return the mail's HTML without scripts, handlers, forms, loads and unsafe links."""
    cleaner = _Cleaner()
    cleaner.feed(source)
    cleaner.close()
    return cleaner.result()
