"""Interactive elements as HTML, with the data the page needs to send what was done.

Every element's outermost node carries `data-type`, `data-action-id` and `data-block-id`.
An option carries itself as JSON in `data-option`, because Slack sends it back whole.
"""

import re
from collections.abc import Callable
from typing import Any

from markupsafe import Markup

from playground.render.inputs import INPUTS
from playground.render.json import Json, record, string, strings
from playground.render.menus import MENUS
from playground.render.mrkdwn import Directory
from playground.render.tag import link, safe_url, tag
from playground.render.text import confirm_attributes, text_object, words

_ICONS = {"trash": "🗑️"}
_HOME = re.compile(r"slack://app\?([\w=&-]*&)?tab=home(&|$)")

Element = Callable[[Json, str, Directory], Markup]


def element_html(element: Json, block_id: str, directory: Directory) -> Markup:
    """Render one element of a block."""
    kind = string(element.get("type"))
    return _ELEMENTS.get(kind, _unknown)(element, block_id, directory)


def image(element: Json, *, title: Markup | None = None) -> Markup:
    """Render an image as a link with its description; the page loads those of its own origin."""
    alt = string(element.get("alt_text"))
    file = record(element.get("slack_file"))
    url = string(element.get("image_url")) or string(file.get("url"))
    label = tag("span", alt or "Image", class_="image-alt")
    if string(file.get("id")):
        body = tag("span", label, class_="image", data_file_id=file["id"], data_alt=alt)
    else:
        body = link(url, label, class_="image", data_image=True, data_alt=alt)
    return tag("figure", title, body) if title else body


def _place(element: Json, block_id: str) -> dict[str, Any]:
    visible = strings(element.get("visible_to_user_ids"))
    return {
        "data_type": string(element.get("type")),
        "data_action_id": string(element.get("action_id")),
        "data_block_id": block_id,
        "data_visible_to": " ".join(visible) or None,
        **confirm_attributes(element),
    }


def _style(element: Json) -> str:
    style = element.get("style")
    return f"button {style}" if style in ("primary", "danger") else "button"


def _button(element: Json, block_id: str, directory: Directory) -> Markup:
    shared = {
        "class_": _style(element),
        "aria_label": string(element.get("accessibility_label")) or None,
        "data_value": string(element.get("value")) or None,
        **_place(element, block_id),
    }
    label = text_object(element.get("text"), directory)
    url = string(element.get("url"))
    if safe_url(url):
        return link(url, label, **shared)
    goes = "home" if _HOME.match(url) else None
    return tag("button", label, type_="button", data_go=goes, **shared)


def _workflow_button(element: Json, block_id: str, directory: Directory) -> Markup:
    return tag(
        "button",
        text_object(element.get("text"), directory),
        type_="button",
        class_=_style(element),
        aria_label=string(element.get("accessibility_label")) or None,
        title="Starts a workflow of the workspace",
        **_place(element, block_id),
    )


def _icon_button(element: Json, block_id: str, _directory: Directory) -> Markup:
    name = string(element.get("icon"))
    label = string(element.get("accessibility_label")) or words(element.get("text")) or name
    return tag(
        "button",
        _ICONS.get(name, "◻️"),
        type_="button",
        class_="icon-button",
        aria_label=label,
        title=words(element.get("text")) or None,
        data_value=string(element.get("value")) or None,
        **_place(element, block_id),
    )


def _feedback_buttons(element: Json, block_id: str, _directory: Directory) -> Markup:
    return tag(
        "span",
        _feedback(record(element.get("positive_button")), "👍", element, block_id),
        _feedback(record(element.get("negative_button")), "👎", element, block_id),
        class_="feedback",
        role="group",
        aria_label="Feedback",
    )


def _feedback(button: Json, sign: str, element: Json, block_id: str) -> Markup:
    text = words(button.get("text"))
    return tag(
        "button",
        sign,
        type_="button",
        class_="icon-button",
        title=text or None,
        aria_label=string(button.get("accessibility_label")) or text or sign,
        data_value=string(button.get("value")) or None,
        data_text=text,
        **_place(element, block_id),
    )


def _image(element: Json, _block_id: str, _directory: Directory) -> Markup:
    return image(element)


def _unknown(element: Json, _block_id: str, _directory: Directory) -> Markup:
    return tag("span", f"Unsupported element: {string(element.get('type'))}", class_="unknown")


def _menu(element: Json, block_id: str, directory: Directory) -> Markup:
    kind = string(element.get("type"))
    return MENUS[kind](element, _place(element, block_id), directory)


def _input(element: Json, block_id: str, directory: Directory) -> Markup:
    kind = string(element.get("type"))
    return INPUTS[kind](element, _place(element, block_id), directory)


_ELEMENTS: dict[str, Element] = {
    "button": _button,
    "workflow_button": _workflow_button,
    "icon_button": _icon_button,
    "feedback_buttons": _feedback_buttons,
    "image": _image,
    **dict.fromkeys(MENUS, _menu),
    **dict.fromkeys(INPUTS, _input),
}
