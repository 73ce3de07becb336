"""Text as people type it, turned into the text Slack keeps: escaped, with mentions as entities."""

import re
from collections.abc import Callable

from playground.http.wire import Json

_ENTITY = re.compile(r"<(?:[@#!][^<>\s][^<>]*|(?:https?|mailto|tel):[^<>\s][^<>]*)>")
_MENTION = re.compile(r"(?<![\w@])@([\w.-]*\w)")
_BROADCASTS = {"here", "channel", "everyone"}
_CODED = re.compile(r"&(?:amp|lt|gt);")

Lookup = Callable[[str], Json | None]


def escaped(text: str) -> str:
    """The text with `&`, `<` and `>` escaped outside of entities such as `<@U123>`."""
    parts: list[str] = []
    position = 0
    for entity in _ENTITY.finditer(text):
        parts += (_escape(text[position : entity.start()]), entity.group())
        position = entity.end()
    return "".join([*parts, _escape(text[position:])])


def _escape(text: str) -> str:
    parts: list[str] = []
    position = 0
    for code in _CODED.finditer(text):
        parts += (_escape_all(text[position : code.start()]), code.group())
        position = code.end()
    return "".join([*parts, _escape_all(text[position:])])


def _escape_all(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def mentions_linked(text: str, user: Lookup, group: Lookup) -> str:
    """The text with `@ada`, `@finance` and `@here` turned into entities."""

    def entity(match: re.Match[str]) -> str:
        name = match.group(1)
        if name in _BROADCASTS:
            return f"<!{name}>"
        if found := user(name):
            return f"<@{found['id']}>"
        if found := group(name):
            return f"<!subteam^{found['id']}|@{name}>"
        return match.group()

    return _MENTION.sub(entity, text)
