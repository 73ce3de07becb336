"""Text objects, options and confirmations as HTML."""

import json
from typing import Any

from markupsafe import Markup

from playground.render.json import Json, record, string
from playground.render.mrkdwn import Directory, plain_html, to_html
from playground.render.tag import JOIN, tag


def text_object(value: object, directory: Directory) -> Markup:
    """Render a plain_text or mrkdwn object; a bare string counts as plain text."""
    if isinstance(value, str):
        return plain_html(value)
    fields = record(value)
    if fields.get("type") == "mrkdwn":
        return to_html(string(fields.get("text")), directory)
    return plain_html(string(fields.get("text")), emoji=fields.get("emoji") is not False)


def words(value: object) -> str:
    """Return the characters of a text object, for an attribute."""
    return value if isinstance(value, str) else string(record(value).get("text"))


def compact(value: object) -> str:
    """Return JSON for a data attribute."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=True, default=str)


def option_label(option: Json, directory: Directory) -> Markup:
    """Render an option's text, with its description below."""
    description = option.get("description")
    parts = [text_object(option.get("text"), directory)]
    if description is not None:
        parts.append(tag("small", text_object(description, directory)))
    return tag("span", JOIN(parts), class_="option")


def confirm_attributes(element: Json) -> dict[str, Any]:
    """Return the attributes from which the page asks before it sends."""
    confirm = record(element.get("confirm"))
    if not confirm:
        return {}
    return {
        "data_confirm_title": words(confirm.get("title")) or "Are you sure?",
        "data_confirm_text": words(confirm.get("text")),
        "data_confirm_yes": words(confirm.get("confirm")) or "Yes",
        "data_confirm_no": words(confirm.get("deny")) or "No",
        "data_confirm_style": string(confirm.get("style")) or None,
    }
