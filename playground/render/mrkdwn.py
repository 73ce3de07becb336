"""Slack's mrkdwn as HTML: entities, emphasis, code, quotes and emoji, everything else escaped."""

import re
from datetime import datetime
from typing import Protocol

from markupsafe import Markup, escape

from playground.render.emoji import emoji
from playground.render.tag import JOIN, link, safe_url, tag

OPEN, CLOSE = "\ue000", "\ue001"

_PRE = re.compile(r"\n?```\n?(.+?)\n?```\n?", re.DOTALL)
_CODE = re.compile(r"`([^`\n]+)`")
_ENTITY = re.compile(r"<([^<>\n]+)>")
_BARE_URL = re.compile(r"https?://[^\s<>|\"'`\ue000\ue001]*[^\s<>|\"'`.,;:!?)\]}*_~\ue000\ue001]")
_EMPHASIS = re.compile(
    r"(?<![\w*_~])(?:"
    r"\*(?P<b>[^\s*](?:[^*\n]*[^\s*])?)\*|"
    r"_(?P<i>[^\s_](?:[^_\n]*[^\s_])?)_|"
    r"~(?P<s>[^\s~](?:[^~\n]*[^\s~])?)~"
    r")(?!\w)"
)
_EMOJI = re.compile(r":([a-z0-9_+-]{1,40}):")
_HELD = re.compile(f"{OPEN}(\\d+){CLOSE}")
_BULLET = re.compile(r"^(\s*)([•◦▪‣-]|\d{1,3}[.)])\s+")


class Directory(Protocol):
    """Names of the workspace; an unknown id comes back as itself."""

    def user_name(self, user_id: str, /) -> str:
        """Return a person's display name."""
        ...

    def channel_name(self, channel_id: str, /) -> str:
        """Return a channel's name without the number sign."""
        ...

    def group_name(self, group_id: str, /) -> str:
        """Return a user group's handle without the at sign."""
        ...


class _Shelf:
    """Finished pieces of HTML, set aside while the text around them is marked up."""

    def __init__(self) -> None:
        self._pieces: list[Markup] = []

    def put(self, piece: Markup) -> str:
        self._pieces.append(piece)
        return f"{OPEN}{len(self._pieces) - 1}{CLOSE}"

    def restore(self, text: Markup) -> Markup:
        # The escaped text holds only our own marks, and the pieces are already HTML.
        return Markup(_HELD.sub(lambda found: self._pieces[int(found[1])], str(text)))  # noqa: S704


def to_html(text: str, directory: Directory) -> Markup:
    """Render mrkdwn. The result holds no script, no handler, no style and no remote load."""
    shelf = _Shelf()
    text = text.replace(OPEN, "\ufffd").replace(CLOSE, "\ufffd")
    text = _PRE.sub(lambda found: shelf.put(tag("pre", tag("code", _plain(found[1])))), text)
    text = _CODE.sub(lambda found: shelf.put(tag("code", _plain(found[1]))), text)
    text = _ENTITY.sub(lambda found: shelf.put(_entity(found[1], directory)), text)
    text = _BARE_URL.sub(lambda found: shelf.put(_bare(found[0])), text)
    return shelf.restore(_paragraphs(text))


def plain_html(text: str, *, emoji: bool = True) -> Markup:
    """Render plain_text: escaped, with line breaks and emoji."""
    lines = (_with_emoji(line) if emoji else escape(line) for line in text.split("\n"))
    return tag("br").join(lines)


def _plain(text: str) -> str:
    """Undo Slack's three escapes."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _bare(url: str) -> Markup:
    plain = _plain(url)
    return link(plain, escape(plain))


def _paragraphs(text: str) -> Markup:
    parts: list[Markup] = []
    lines = text.split("\n")
    while lines:
        quote = _leading_quote(lines)
        if quote:
            parts.append(tag("blockquote", tag("br").join(map(_line, quote))))
        else:
            line = lines.pop(0)
            parts.append(_line(line))
            if lines and not _BULLET.match(line):
                parts.append(tag("br"))
    return JOIN(parts)


def _leading_quote(lines: list[str]) -> list[str]:
    """Take the quoted lines off the front; three angle brackets quote all that follows."""
    quoted: list[str] = []
    while lines:
        line = lines[0].replace("&gt;", ">", 3) if lines[0].startswith("&gt;") else lines[0]
        if line.startswith(">>>"):
            quoted += [line[3:].lstrip(), *lines[1:]]
            lines.clear()
        elif line.startswith(">"):
            quoted.append(line[1:].lstrip())
            lines.pop(0)
        else:
            break
    return quoted


def _line(line: str) -> Markup:
    bullet = _BULLET.match(line)
    if bullet is None:
        return _inline(line)
    mark = tag("span", escape(bullet[2]), class_="bullet")
    return tag("span", mark, _inline(line[bullet.end() :]), class_="item")


def _inline(text: str) -> Markup:
    parts: list[Markup] = []
    start = 0
    for found in _EMPHASIS.finditer(text):
        parts.append(_with_emoji(_plain(text[start : found.start()])))
        name = str(found.lastgroup)
        parts.append(tag(name, _inline(found[name])))
        start = found.end()
    parts.append(_with_emoji(_plain(text[start:])))
    return JOIN(parts)


def _with_emoji(text: str) -> Markup:
    parts = _EMOJI.split(text)
    return JOIN(
        escape(part) if index % 2 == 0 else escape(emoji(part)) for index, part in enumerate(parts)
    )


def _entity(inside: str, directory: Directory) -> Markup:
    target, _, label = inside.partition("|")
    if target.startswith("@"):
        return mention("user", target[1:], directory)
    if target.startswith("#"):
        return mention("channel", target[1:], directory)
    if target.startswith("!"):
        return _special(target[1:], _plain(label), directory)
    url = _plain(target)
    if safe_url(url):
        return link(url, escape(_plain(label) or url.removeprefix("mailto:")))
    return escape(_plain(f"<{inside}>"))


def mention(kind: str, identifier: str, directory: Directory) -> Markup:
    """Render a person, a channel or a group by name."""
    if kind == "channel":
        return _mention(f"#{directory.channel_name(identifier)}", channel=identifier)
    if kind == "group":
        return _mention(f"@{directory.group_name(identifier)}", group=identifier)
    return _mention(f"@{directory.user_name(identifier)}", user=identifier)


def broadcast(name: str) -> Markup:
    """Render @here, @channel or @everyone."""
    return _mention(f"@{name}")


def _mention(
    label: str, *, user: str | None = None, channel: str | None = None, group: str | None = None
) -> Markup:
    return tag(
        "span",
        escape(label),
        class_="mention",
        data_user_id=user,
        data_channel_id=channel,
        data_group_id=group,
    )


def _special(target: str, label: str, directory: Directory) -> Markup:
    name, _, rest = target.partition("^")
    if name == "subteam":
        return mention("group", rest, directory)
    if name in ("here", "channel", "everyone"):
        return broadcast(name)
    if name == "date":
        stamp, _, rest = rest.partition("^")
        template, _, url = rest.partition("^")
        return date_html(stamp, template, label, _plain(url))
    return escape(label or f"<!{target}>")


_DATE_TOKENS = {
    "{date_num}": "%Y-%m-%d",
    "{date_slash}": "%Y/%m/%d",
    "{date}": "%B %-d, %Y",
    "{date_pretty}": "%B %-d, %Y",
    "{date_short}": "%b %-d, %Y",
    "{date_short_pretty}": "%b %-d, %Y",
    "{date_long}": "%A, %B %-d, %Y",
    "{date_long_pretty}": "%A, %B %-d, %Y",
    "{date_long_full}": "%A, %B %-d, %Y",
    "{time}": "%H:%M",
    "{time_secs}": "%H:%M:%S",
    "{day_divider_pretty}": "%A, %B %-d",
}


def date_html(stamp: str, template: str, fallback: str, url: str = "") -> Markup:
    """Render a date in this machine's zone; the page writes it anew in the reader's own.

    The fallback when the time cannot be read.
    """
    try:
        moment = datetime.fromtimestamp(int(stamp)).astimezone()
    except (ValueError, OverflowError, OSError):
        return escape(fallback or stamp)
    shown = template
    for token, form in _DATE_TOKENS.items():
        shown = shown.replace(token, moment.strftime(form))
    shown = shown.replace("{ago}", moment.strftime("%b %-d, %H:%M"))
    body = tag(
        "time",
        escape(shown),
        datetime=moment.isoformat(),
        title=fallback or None,
        data_form=template,
    )
    return link(url, body) if safe_url(url) else body
