"""Whether a post comes from the page we displayed, in the browser we displayed it in.

The page sets a cookie (SameSite=Strict) and carries an HMAC over that cookie and what was shown,
under the token of the link. Another site knows neither, and another page does not fit.
"""

import hashlib
import hmac
import re
import secrets
from datetime import datetime
from urllib.parse import urlsplit

from aiohttp import web

_NONCE = re.compile(r"[A-Za-z0-9_-]{43}")


class FormGuard:
    """For pages under one public address, such as `https://signoff.example.com`."""

    def __init__(self, public_url: str) -> None:
        parts = urlsplit(public_url)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise ValueError(f"'{public_url}' is no address; write https://signoff.example.com")
        self._origin = f"{parts.scheme}://{parts.netloc}".lower()
        self._secure = parts.scheme == "https"
        self._path = parts.path.rstrip("/") + "/"

    def nonce(self, request: web.Request, token: str) -> str:
        """The cookie this browser has for this link, or a new one."""
        found = request.cookies.get(_cookie(token), "")
        return found if _NONCE.fullmatch(found) else secrets.token_urlsafe(32)

    def remember(self, response: web.Response, token: str, nonce: str) -> None:
        """Set the cookie."""
        response.set_cookie(
            _cookie(token),
            nonce,
            path=self._path,
            httponly=True,
            secure=self._secure,
            samesite="Strict",
        )

    def seal(self, token: str, nonce: str, shown: str, at: datetime) -> str:
        """What the form carries: proof that this browser was shown this, and when."""
        return self._sealed(token, nonce, shown, f"{at.timestamp():.3f}")

    def _sealed(self, token: str, nonce: str, shown: str, at: str) -> str:
        said = f"{nonce}\n{shown}\n{at}".encode()
        return f"{at}.{hmac.new(token.encode(), said, hashlib.sha256).hexdigest()}"

    def seconds_after(self, seal: str, now: datetime) -> float:
        """How long the page of a genuine form was shown."""
        return now.timestamp() - float(seal.rpartition(".")[0])

    def genuine(self, request: web.Request, token: str, shown: str, seal: str) -> bool:
        """Whether the post comes from our page, this browser and this link."""
        nonce = request.cookies.get(_cookie(token), "")
        expected = self._sealed(token, nonce, shown, seal.rpartition(".")[0])
        given = seal.encode("utf-8", "replace")
        sealed = hmac.compare_digest(expected.encode(), given)
        return self._from_here(request) and bool(_NONCE.fullmatch(nonce)) and sealed

    def _from_here(self, request: web.Request) -> bool:
        """Under `no-referrer` browsers send `Origin: null`; then Sec-Fetch-Site tells."""
        site = request.headers.get("Sec-Fetch-Site", "same-origin")
        origin = request.headers.get("Origin", "null").lower()
        return site == "same-origin" and origin in ("null", self._origin)


def _cookie(token: str) -> str:
    return "signoff_" + hashlib.sha256(f"cookie:{token}".encode()).hexdigest()[:16]
