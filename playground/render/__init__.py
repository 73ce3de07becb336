"""Block Kit as HTML for the page.

Nothing that stands in a message becomes a script, a handler, a style or a load:
elements are written by `render_tag.tag`, which escapes, and links pass `safe_url`.
"""

from playground.render.blocks import block_html
from playground.render.json import record, records
from playground.render.markdown import markdown_html
from playground.render.mrkdwn import Directory, to_html
from playground.render.tag import join, tag

__all__ = ["Directory", "blocks_html", "markdown_html", "text_html", "view_html"]


def blocks_html(blocks: object, directory: Directory) -> str:
    """Render the blocks of a message."""
    return str(join(block_html(block, directory) for block in records(blocks)))


def text_html(text: str, directory: Directory) -> str:
    """Render the text of a message without blocks."""
    return str(tag("div", to_html(text, directory), class_="text"))


def view_html(view: object, directory: Directory) -> str:
    """Render the body of a modal or a Home tab; title and buttons are the page's own."""
    return blocks_html(record(view).get("blocks"), directory)
