"""The web page: its HTML with the local token, its scripts and style, and previews.

The page loads nothing from anywhere else and runs nothing inline; the policy below enforces it.
"""

import asyncio
import hmac
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web
from markupsafe import Markup, escape

from playground.render import markdown_html
from playground.render.mail import mail_html

FOLDER = Path(__file__).parent
LONGEST_PREVIEW = 100_000
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob:",
        "connect-src 'self'",
        "frame-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
NO_KEY = (
    "Open the address that the playground prints where it was started: it ends in the page's key."
)
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class Page:
    """Serves the page to whoever opened it with its key, because its HTML holds the local token.

    Everybody on this machine reaches it. The address with `?key=` leaves a cookie, and from then on
    every address of the page works in that browser.
    """

    def __init__(self, local_token: str, page_key: str) -> None:
        self._token = local_token
        self._key = page_key
        template = (FOLDER / "index.html").read_text(encoding="utf-8")
        self._html = template.replace("{{ local_token }}", str(escape(local_token)))
        self._files = {
            path.name: path.read_bytes() for path in FOLDER.iterdir() if path.suffix in _TYPES
        }

    async def index(self, request: web.Request) -> web.Response:
        """Give the page. A foreign host name is refused: it would hand the token to that site."""
        if not _is_loopback(request):
            return web.Response(
                status=403,
                text="Open the playground as http://127.0.0.1 or http://localhost.",
                headers=HEADERS,
            )
        cookie = f"playground-{request.url.port}"
        if self._is_key(request.query.get("key", "")):
            place = str(request.rel_url.without_query_params("key"))
            opened = web.Response(status=303, headers={**HEADERS, "Location": place})
            opened.set_cookie(cookie, self._key, httponly=True, samesite="Lax", path="/")
            return opened
        if not self._is_key(request.cookies.get(cookie, "")):
            return web.Response(status=403, text=NO_KEY, headers=HEADERS)
        return web.Response(text=self._html, content_type="text/html", headers=HEADERS)

    def _is_key(self, given: str) -> bool:
        return hmac.compare_digest(given.encode("utf-8", "replace"), self._key.encode())

    async def file(self, request: web.Request) -> web.Response:
        """Give a script or a style sheet."""
        name = request.match_info["name"]
        body = self._files.get(name)
        if body is None:
            return web.Response(status=404, text=f"No file {name} on this page.", headers=HEADERS)
        kind = _TYPES[Path(name).suffix]
        return web.Response(body=body, content_type=kind, charset="utf-8", headers=HEADERS)

    async def markdown(self, request: web.Request) -> web.Response:
        """Render the Markdown of a file's preview."""
        return await self._converted(request, markdown_html)

    async def mail(self, request: web.Request) -> web.Response:
        """Make a mail's HTML harmless."""
        return await self._converted(request, mail_html)

    async def _converted(
        self, request: web.Request, convert: Callable[[str], Markup]
    ) -> web.Response:
        given = request.headers.get("Authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {self._token}".encode()):
            return _error(401, "invalid_auth", "The page's token is not the playground's.")
        body = await _bounded(request)
        if body is None:
            return _error(413, "too_large", f"Previews end at {LONGEST_PREVIEW} bytes.")
        html = await asyncio.to_thread(convert, body.decode(errors="replace"))
        return web.json_response({"ok": True, "html": html})


async def _bounded(request: web.Request) -> bytes | None:
    """Return the body, or None when it is too long."""
    read = bytearray()
    async for chunk in request.content.iter_any():
        read += chunk
        if len(read) > LONGEST_PREVIEW:
            return None
    return bytes(read)


def _is_loopback(request: web.Request) -> bool:
    try:
        return urlsplit(f"//{request.host}").hostname in _LOOPBACK
    except ValueError:
        return False


def _error(status: int, code: str, detail: str) -> web.Response:
    return web.json_response({"ok": False, "error": code, "detail": detail}, status=status)


def register(app: web.Application, local_token: str, page_key: str) -> None:
    """Serve the page at `/` and where permalinks point, and its files under `/page/`."""
    page = Page(local_token, page_key)
    for address in ("/", "/archives/{channel}/{message}", "/files/{user}/{file}/{name}"):
        app.router.add_get(address, page.index)
    app.router.add_get("/page/{name}", page.file)
    app.router.add_post("/page/markdown", page.markdown)
    app.router.add_post("/page/mail", page.mail)
