"""Standard Markdown as HTML, without raw HTML, images, styles or unsafe links."""

from collections.abc import MutableMapping, Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markupsafe import Markup, escape

from playground.render.tag import link, safe_url


class _Renderer(RendererHTML):
    """Markdown tokens as HTML that fits the page's policy."""

    def link_open(
        self,
        tokens: Sequence[Token],
        index: int,
        options: Any,
        env: MutableMapping[str, Any],
    ) -> str:
        token = tokens[index]
        if safe_url(str(token.attrGet("href") or "")):
            token.attrSet("target", "_blank")
            token.attrSet("rel", "noopener noreferrer")
        else:
            _unlink(tokens, index)
        return self.renderToken(tokens, index, options, env)

    def image(
        self,
        tokens: Sequence[Token],
        index: int,
        options: Any,
        env: MutableMapping[str, Any],
    ) -> str:
        token = tokens[index]
        label = self.renderInlineAsText(token.children or [], options, env)
        url = str(token.attrGet("src") or "")
        return str(link(url, escape(label or url), data_image=True))

    def th_open(
        self,
        tokens: Sequence[Token],
        index: int,
        options: Any,
        env: MutableMapping[str, Any],
    ) -> str:
        style = str(tokens[index].attrs.pop("style", ""))
        if style:
            tokens[index].attrSet("class", f"align-{style.rpartition(':')[2]}")
        return self.renderToken(tokens, index, options, env)

    td_open = th_open


def _unlink(tokens: Sequence[Token], index: int) -> None:
    """Turn a link without a usable address, such as `[x]()`, into plain words."""
    tokens[index].attrs.clear()
    tokens[index].tag = "span"
    closing = next(token for token in tokens[index:] if token.type == "link_close")
    closing.tag = "span"


def markdown_html(text: str) -> Markup:
    """Render Markdown; raw HTML in it is shown as text."""
    parser = MarkdownIt("commonmark", {"html": False, "breaks": True}, renderer_cls=_Renderer)
    parser.enable(["table", "strikethrough"])
    parser.validateLink = safe_url  # type: ignore[method-assign] # the parser's own hook
    readable = text.encode("utf-8", "replace").decode()
    return Markup(parser.render(readable))  # noqa: S704 - html is off, and the rules above are ours
