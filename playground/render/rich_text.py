"""The rich_text block as HTML: sections, lists, quotes and preformatted text."""

from collections.abc import Callable

from markupsafe import Markup, escape

from playground.render.emoji import emoji
from playground.render.json import Json, number, record, records, string
from playground.render.mrkdwn import Directory, broadcast, date_html, mention
from playground.render.tag import JOIN, link, tag

_STYLES = {"bold": "b", "italic": "i", "strike": "s", "underline": "u", "code": "code"}


def rich_text(block: Json, directory: Directory) -> Markup:
    """Render the paragraphs of a rich_text block."""
    return JOIN(_paragraph(entry, directory) for entry in records(block.get("elements")))


def _paragraph(entry: Json, directory: Directory) -> Markup:
    kind = entry.get("type")
    if kind == "rich_text_list":
        return _list(entry, directory)
    inside = _parts(entry, directory)
    if kind == "rich_text_quote":
        return tag("blockquote", inside)
    if kind == "rich_text_preformatted":
        return tag("pre", tag("code", inside))
    return tag("div", inside, class_="rich-section")


def _list(entry: Json, directory: Directory) -> Markup:
    is_ordered = entry.get("style") == "ordered"
    indent = max(0, min(8, int(number(entry.get("indent")))))
    first = int(max(0, min(10**6, number(entry.get("offset"))))) + 1
    return tag(
        "ol" if is_ordered else "ul",
        *(tag("li", _parts(item, directory)) for item in records(entry.get("elements"))),
        class_=f"indent-{indent}",
        start=first if is_ordered and first > 1 else None,
    )


def _parts(entry: Json, directory: Directory) -> Markup:
    return JOIN(_styled(part, directory) for part in records(entry.get("elements")))


def _styled(part: Json, directory: Directory) -> Markup:
    body = _PARTS.get(string(part.get("type")), _unknown)(part, directory)
    style = record(part.get("style"))
    for name, element in _STYLES.items():
        if style.get(name) is True:
            body = tag(element, body)
    return body


def _text(part: Json, _directory: Directory) -> Markup:
    return tag("br").join(escape(line) for line in string(part.get("text")).split("\n"))


def _link(part: Json, _directory: Directory) -> Markup:
    url = string(part.get("url"))
    return link(url, escape(string(part.get("text")) or url))


def _user(part: Json, directory: Directory) -> Markup:
    return mention("user", string(part.get("user_id")), directory)


def _channel(part: Json, directory: Directory) -> Markup:
    return mention("channel", string(part.get("channel_id")), directory)


def _group(part: Json, directory: Directory) -> Markup:
    return mention("group", string(part.get("usergroup_id")), directory)


def _broadcast(part: Json, _directory: Directory) -> Markup:
    return broadcast(string(part.get("range")))


def _emoji(part: Json, _directory: Directory) -> Markup:
    return escape(emoji(string(part.get("name"))))


def _date(part: Json, _directory: Directory) -> Markup:
    return date_html(
        str(int(number(part.get("timestamp")))) if _is_finite(part) else "",
        string(part.get("format")),
        string(part.get("fallback")),
        string(part.get("url")),
    )


def _is_finite(part: Json) -> bool:
    return abs(number(part.get("timestamp"))) < 10**15


def _color(part: Json, _directory: Directory) -> Markup:
    return tag("code", string(part.get("value")))


def _team(part: Json, _directory: Directory) -> Markup:
    return escape(string(part.get("team_id")))


def _unknown(part: Json, _directory: Directory) -> Markup:
    return escape(string(part.get("text")) or string(part.get("fallback")))


_PARTS: dict[str, Callable[[Json, Directory], Markup]] = {
    "text": _text,
    "link": _link,
    "user": _user,
    "channel": _channel,
    "usergroup": _group,
    "broadcast": _broadcast,
    "emoji": _emoji,
    "date": _date,
    "color": _color,
    "team": _team,
}
