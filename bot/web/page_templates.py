"""Renders our pages: templates with autoescape, one inline style sheet, strict headers."""

from http import HTTPStatus
from importlib.resources import files
from typing import Any

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from bot.web.page_headers import page_headers


class PageTemplates:
    """The templates in `bot/web/pages`."""

    def __init__(self) -> None:
        style = (files("bot.web") / "pages" / "style.css").read_text(encoding="utf-8")
        self._headers = page_headers(style)
        self._environment = Environment(
            loader=PackageLoader("bot.web", "pages"),
            autoescape=select_autoescape(("html.j2",), default_for_string=True),
            undefined=StrictUndefined,
            trim_blocks=True,
        )
        self._environment.globals["style"] = Markup(style)  # noqa: S704 - our own file

    def page(self, name: str, status: HTTPStatus = HTTPStatus.OK, **values: Any) -> web.Response:
        """One page."""
        text = self._environment.get_template(f"{name}.html.j2").render(values)
        return web.Response(
            text=text, content_type="text/html", status=status, headers=self._headers
        )

    def message(
        self,
        title: str,
        sentence: str,
        status: HTTPStatus = HTTPStatus.OK,
        *,
        about: str = "",
        comment: str = "",
    ) -> web.Response:
        """A page that says one thing."""
        return self.page(
            "message", status, title=title, sentence=sentence, about=about, comment=comment
        )

    def text(self, text: str) -> web.Response:
        """Plain text, which no browser takes for anything else."""
        return web.Response(text=text, content_type="text/plain", headers=self._headers)

    def nothing(self, allow: str) -> web.Response:
        """The answer to OPTIONS."""
        headers = {**self._headers, "Allow": allow}
        return web.Response(status=HTTPStatus.NO_CONTENT, headers=headers)
