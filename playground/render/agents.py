"""Blocks made for agents as HTML: alert, card, task card, plan, authentication provider."""

from collections.abc import Callable

from markupsafe import Markup, escape

from playground.render.elements import element_html, image
from playground.render.json import Json, record, records, string
from playground.render.mrkdwn import Directory
from playground.render.rich_text import rich_text
from playground.render.tag import JOIN, link, tag
from playground.render.text import text_object

_LEVELS = {"info": "ℹ️", "warning": "⚠️", "error": "⛔", "success": "✅"}  # noqa: RUF001 - emoji
_STATES = {"pending": "○", "in_progress": "◐", "complete": "●", "error": "✕"}


def _alert(block: Json, directory: Directory) -> Markup:
    level = string(block.get("level"))
    sign = _LEVELS.get(level, "💬")
    return tag(
        "div",
        tag("span", sign, class_="sign", aria_hidden="true"),
        tag("div", text_object(block.get("text"), directory), class_="text"),
        class_=f"alert {level}" if level in _LEVELS else "alert",
        role="note",
    )


def _card(block: Json, directory: Directory) -> Markup:
    images = (record(block.get(name)) for name in ("hero_image", "icon"))
    parts = [image(entry) for entry in images if entry]
    for name, class_ in (("title", "title"), ("subtitle", "note"), ("body", "text")):
        if block.get(name) is not None:
            parts.append(tag("div", text_object(block.get(name), directory), class_=class_))
    buttons = records(block.get("actions"))
    if buttons:
        block_id = string(block.get("block_id"))
        shown = (element_html(button, block_id, directory) for button in buttons)
        parts.append(tag("div", *shown, class_="block-actions"))
    return tag("div", *parts, class_="card")


def _task(block: Json, directory: Directory) -> Markup:
    status = string(block.get("status"))
    known = status if status in _STATES else "pending"
    title = tag(
        "div",
        tag("span", _STATES[known], class_="sign", role="img", aria_label=known.replace("_", " ")),
        escape(string(block.get("title"))),
        class_="title",
    )
    texts = [rich_text(record(block.get(name)), directory) for name in ("details", "output")]
    sources = (_source(entry) for entry in records(block.get("sources")))
    return tag("div", title, *texts, tag("div", *sources, class_="note"), class_=f"task {known}")


def _source(entry: Json) -> Markup:
    url = string(entry.get("url"))
    return tag("span", link(url, escape(string(entry.get("text")) or url)), class_="source")


def _plan(block: Json, directory: Directory) -> Markup:
    title = tag("div", string(block.get("title")), class_="title")
    return title + JOIN(_task(task, directory) for task in records(block.get("tasks")))


def _auth_provider(block: Json, directory: Directory) -> Markup:
    is_connected = block.get("is_connected") is True
    url = string(block.get("disconnect_url" if is_connected else "auth_url"))
    identity = text_object(block.get("connected_identity"), directory)
    action = link(url, escape("Disconnect" if is_connected else "Connect"), class_="button")
    return tag(
        "div",
        tag("div", text_object(block.get("name"), directory), class_="title"),
        tag("div", text_object(block.get("description"), directory), class_="note"),
        tag("div", identity if is_connected else "", class_="note"),
        action,
        class_="card",
    )


AGENT_BLOCKS: dict[str, Callable[[Json, Directory], Markup]] = {
    "alert": _alert,
    "card": _card,
    "task_card": _task,
    "plan": _plan,
    "auth_provider": _auth_provider,
}
