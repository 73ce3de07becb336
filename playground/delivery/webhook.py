"""HTTP mode: signed requests to the bot's own server."""

import hashlib
import hmac
import time
from typing import Any
from urllib.parse import urlencode

import aiohttp

from playground.config import AppConfig, PlaygroundConfig
from playground.delivery.envelope import Envelope, NoAckError
from playground.http.wire import Json, MalformedJsonError, dumps, loads
from playground.ids import new_secret


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Slack's `v0` signature of a body."""
    base = f"v0:{timestamp}:".encode() + body
    return "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()


class Webhook:
    """Posts to `request_url`; commands and menus may have addresses of their own."""

    def __init__(self, config: PlaygroundConfig) -> None:
        self._app = config.app
        self._ack_seconds = config.ack_seconds
        self.request_url = config.app.request_url
        self._session: aiohttp.ClientSession | None = None

    async def send(
        self, envelope: Envelope, *, twice: bool = False, ignore_ack: bool = False
    ) -> Any:
        """Deliver by POST; what the bot answered with, as JSON or text."""
        url = _url(self._app, self.request_url, envelope)
        if not url:
            raise NoAckError("no_request_url", delivered=False)
        body, content_type = _body(envelope)
        headers = self._headers(body, content_type)
        if envelope.attempt:
            headers["X-Slack-Retry-Num"] = str(envelope.attempt)
            headers["X-Slack-Retry-Reason"] = envelope.reason
        if twice:
            await self._post(url, body, headers)
        reply = await self._post(url, body, headers)
        if ignore_ack:
            raise NoAckError("http_timeout")
        return reply

    async def verify(self, url: str) -> str:
        """Send `url_verification`; an empty string when the challenge came back, else why not."""
        challenge = new_secret()
        request = {
            "token": self._app.verification_token,
            "challenge": challenge,
            "type": "url_verification",
        }
        body = dumps(request).encode()
        try:
            reply = await self._post(url, body, self._headers(body, "application/json"))
        except NoAckError as error:
            return error.reason
        answered = reply.get("challenge") if isinstance(reply, dict) else reply
        return "" if answered == challenge else "the challenge did not come back"

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def _post(self, url: str, body: bytes, headers: dict[str, str]) -> Any:
        if self._session is None:
            self._session = aiohttp.ClientSession(trust_env=False)
        timeout = aiohttp.ClientTimeout(total=self._ack_seconds)
        try:
            async with self._session.post(
                url, data=body, headers=headers, timeout=timeout, max_redirects=2
            ) as response:
                return await _reply(response)
        except TimeoutError as error:
            raise NoAckError("http_timeout") from error
        except aiohttp.TooManyRedirects as error:
            raise NoAckError("too_many_redirects") from error
        except aiohttp.ClientSSLError as error:
            raise NoAckError("ssl_error", delivered=False) from error
        except aiohttp.ClientError as error:
            raise NoAckError("connection_failed", delivered=False) from error

    def _headers(self, body: bytes, content_type: str) -> dict[str, str]:
        """Signed with the machine's own time, which is what the bot compares with."""
        timestamp = str(int(time.time()))
        return {
            "Content-Type": content_type,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": signature(self._app.signing_secret, timestamp, body),
        }


async def _reply(response: aiohttp.ClientResponse) -> Any:
    text = await response.text(errors="replace")
    if not 200 <= response.status < 300:
        may_retry = response.headers.get("X-Slack-No-Retry") != "1"
        raise NoAckError("http_error", may_retry=may_retry)
    if not text.strip():
        return None
    try:
        return loads(text)
    except MalformedJsonError:
        return text


def _url(app: AppConfig, request_url: str, envelope: Envelope) -> str:
    if envelope.kind == "slash_commands":
        return app.commands_url or request_url
    if envelope.payload.get("type") == "block_suggestion":
        return app.options_url or request_url
    return request_url


def _body(envelope: Envelope) -> tuple[bytes, str]:
    if envelope.kind == "events_api":
        return dumps(envelope.payload).encode(), "application/json"
    form: Json = envelope.payload
    if envelope.kind == "interactive":
        form = {"payload": dumps(envelope.payload)}
    return urlencode(form).encode(), "application/x-www-form-urlencoded"
