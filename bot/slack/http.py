"""Slack's HTTP mode: signed requests in, the same Bolt app and listeners as in Socket Mode."""

from collections.abc import Callable

import structlog
from aiohttp import web
from pydantic import SecretStr
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.response import BoltResponse

from bot.slack import payload as payloads
from bot.slack.dispatch import PromptDispatch
from bot.slack.refusal import Reason, RequestRefused
from bot.slack.replays import Replays
from bot.slack.request_guard import RequestGuard, Signed

log = structlog.get_logger()

PATHS = ("/slack/events", "/slack/commands", "/slack/interactions")
_RETRY = ("x-slack-retry-num", "x-slack-retry-reason")
LONGEST_RETRY_HEADER = 100


class SlackHttp:
    """Every path takes every kind of payload, so one request URL does for all of them.

    Raises ConfigurationError when the signing secret is empty. `refused` is told each refusal.
    """

    def __init__(
        self,
        bolt: PromptDispatch,
        signing_secret: SecretStr,
        refused: Callable[[Reason], None],
    ) -> None:
        self._bolt = bolt
        self._guard = RequestGuard(signing_secret)
        self._replays = Replays()
        self._refused = refused

    def register(self, app: web.Application) -> None:
        """Add the routes."""
        for path in PATHS:
            app.router.add_post(path, self.handle)

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one request of Slack's."""
        try:
            signed = await self._guard.read(request)
            retry = {name: request.headers.get(name, "") for name in _RETRY}
            reply = await self._replays.once(
                signed.key, signed.until, lambda: self._reply(signed, retry)
            )
        except RequestRefused as refused:
            return self._refuse(refused)
        answer = BoltResponse(status=reply.status, body=reply.body, headers=dict(reply.headers))
        return await to_aiohttp_response(answer)  # it takes the response apart, so: a copy

    def _refuse(self, refused: RequestRefused) -> web.Response:
        self._refused(refused.reason)
        log.info("a request was refused", reason=refused.reason.value, status=refused.status)
        return web.Response(status=refused.status, text=f"{refused.reason}\n")

    async def _reply(self, signed: Signed, retry: dict[str, str]) -> BoltResponse:
        """Hand the payload over as read: Bolt loses commands that have `payload` in their text."""
        payload = payloads.read(signed.content_type, signed.body)
        if payload.get("ssl_check") == "1":
            return BoltResponse(status=200)
        headers = {
            name: [value] for name, value in retry.items() if 0 < len(value) < LONGEST_RETRY_HEADER
        }
        try:
            return await self._bolt(payload, headers)
        except Exception as error:  # the edge: Slack gets a status
            log.error("a request of Slack's failed", exc_info=error)
            return BoltResponse(status=500, body="failed\n")
