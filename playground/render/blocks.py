"""Layout blocks as HTML."""

from collections.abc import Callable

from markupsafe import Markup

from playground.render.agents import AGENT_BLOCKS
from playground.render.elements import element_html, image
from playground.render.json import Json, record, records, string
from playground.render.markdown import markdown_html
from playground.render.mrkdwn import Directory
from playground.render.rich_text import rich_text
from playground.render.tables import chart_html, table_html
from playground.render.tag import JOIN, link, tag
from playground.render.text import text_object, words

Block = Callable[[Json, Directory], Markup]

DEEPEST = 4


def block_html(block: Json, directory: Directory, depth: int = 0) -> Markup:
    """Render one block; containers hold further ones."""
    kind = string(block.get("type"))
    if kind == "container" and depth < DEEPEST:
        body = _container(block, directory, depth)
    elif kind == "carousel" and depth < DEEPEST:
        cards = [block_html(card, directory, depth + 1) for card in records(block.get("elements"))]
        body = tag("div", *cards, class_="cards", role="group", tabindex=0, aria_label="Cards")
    else:
        body = _BLOCKS.get(kind, _unknown)(block, directory)
    return tag(
        "div",
        body,
        class_=f"block block-{kind}" if kind in _KNOWN else "block",
        data_block_id=_id(block) or None,
    )


def _id(block: Json) -> str:
    return string(block.get("block_id"))


def _section(block: Json, directory: Directory) -> Markup:
    parts: list[Markup] = []
    if block.get("text") is not None:
        parts.append(tag("div", text_object(block.get("text"), directory), class_="text"))
    fields = records(block.get("fields"))
    if fields:
        cells = (tag("div", text_object(field, directory), class_="text") for field in fields)
        parts.append(tag("div", *cells, class_="fields"))
    body = tag("div", *parts, class_="section-body")
    accessory = record(block.get("accessory"))
    if not accessory:
        return body
    return body + tag("div", element_html(accessory, _id(block), directory), class_="accessory")


def _header(block: Json, directory: Directory) -> Markup:
    return tag("h3", text_object(block.get("text"), directory))


def _divider(_block: Json, _directory: Directory) -> Markup:
    return tag("hr")


def _image(block: Json, directory: Directory) -> Markup:
    title = block.get("title")
    caption = tag("figcaption", text_object(title, directory)) if title is not None else Markup()
    return image(block, title=caption)


def _elements(block: Json, directory: Directory) -> Markup:
    found = records(block.get("elements"))
    return JOIN(element_html(entry, _id(block), directory) for entry in found)


def _context(block: Json, directory: Directory) -> Markup:
    return JOIN(_context_item(entry, directory) for entry in records(block.get("elements")))


def _context_item(entry: Json, directory: Directory) -> Markup:
    if entry.get("type") == "image":
        return image(entry)
    return tag("span", text_object(entry, directory), class_="text")


def _input(block: Json, directory: Directory) -> Markup:
    """Render a question; the page ties label, hint and error to the field."""
    optional = tag("span", " (optional)", class_="optional") if block.get("optional") else ""
    label = tag("div", text_object(block.get("label"), directory), optional, class_="label")
    field = element_html(record(block.get("element")), _id(block), directory)
    parts = [label, tag("div", field, class_="field")]
    if block.get("hint") is not None:
        parts.append(tag("div", text_object(block.get("hint"), directory), class_="hint"))
    parts.append(tag("div", class_="error", role="alert", hidden=True))
    return tag(
        "div",
        *parts,
        class_="question",
        data_optional=block.get("optional") is True,
        data_dispatch=block.get("dispatch_action") is True,
    )


def _rich_text(block: Json, directory: Directory) -> Markup:
    return tag("div", rich_text(block, directory), class_="text")


def _markdown(block: Json, _directory: Directory) -> Markup:
    return tag("div", markdown_html(string(block.get("text"))), class_="markdown")


def _chart(block: Json, _directory: Directory) -> Markup:
    return chart_html(block)


def _video(block: Json, directory: Directory) -> Markup:
    title = text_object(block.get("title"), directory)
    url = string(block.get("title_url")) or string(block.get("video_url"))
    source = " · ".join(
        filter(None, (string(block.get("provider_name")), string(block.get("author_name"))))
    )
    return tag(
        "div",
        tag("span", "▶", class_="sign", aria_hidden="true"),
        tag(
            "div",
            link(url, title, title=string(block.get("alt_text")) or None),
            tag("div", source, class_="note"),
            tag("div", text_object(block.get("description"), directory), class_="note"),
        ),
        class_="attached",
    )


def _file(block: Json, _directory: Directory) -> Markup:
    name = string(block.get("external_id")) or "File"
    return tag("div", tag("span", "📎", class_="sign", aria_hidden="true"), name, class_="attached")


def _call(block: Json, _directory: Directory) -> Markup:
    name = f"Call {string(block.get('call_id'))}"
    return tag("div", tag("span", "📞", class_="sign", aria_hidden="true"), name, class_="attached")


def _container(block: Json, directory: Directory, depth: int) -> Markup:
    children = [
        block_html(child, directory, depth + 1) for child in records(block.get("child_blocks"))
    ]
    rich = record(block.get("rich_text_title"))
    title = rich_text(rich, directory) if rich else text_object(block.get("title"), directory)
    subtitle = tag("div", text_object(block.get("subtitle"), directory), class_="note")
    body = tag("div", *children, class_="children")
    if block.get("is_collapsible") is not True:
        return tag("div", tag("div", title, class_="title"), subtitle, body)
    is_open = block.get("default_collapsed") is not True
    return tag("details", tag("summary", title, subtitle), body, open=is_open)


def _unknown(block: Json, _directory: Directory) -> Markup:
    kind = words(block.get("type"))
    return tag("span", f"Unsupported block: {kind}", class_="unknown")


_BLOCKS: dict[str, Block] = {
    "section": _section,
    "header": _header,
    "divider": _divider,
    "image": _image,
    "actions": _elements,
    "context": _context,
    "context_actions": _elements,
    "input": _input,
    "rich_text": _rich_text,
    "markdown": _markdown,
    "table": table_html,
    "data_table": table_html,
    "data_visualization": _chart,
    "video": _video,
    "file": _file,
    "call": _call,
    **AGENT_BLOCKS,
}
_KNOWN = {*_BLOCKS, "container", "carousel"}
