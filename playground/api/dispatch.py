"""The door of the Web API: `/api/{method}`."""

import asyncio
import inspect
from typing import Any

from aiohttp import web

from playground.api.arguments import LARGEST_BODY, Arguments, read_arguments
from playground.api.methods import Call, Method, Methods
from playground.delivery.sockets import Sockets
from playground.errors import SlackError
from playground.http.wire import Json, dumps
from playground.ids import new_secret
from playground.journal import Journal, shortened
from playground.limits import RateLimits
from playground.testing.faults import Fault, Faults
from playground.testing.outage import cut
from playground.workspace import Workspace

LONGEST_HANG = 600.0
_POSTING = {"chat.postMessage"}


class WebApi:
    """Answers calls: HTTP 200 with `ok: false` for what is refused, 429 for what comes too fast."""

    def __init__(
        self,
        workspace: Workspace,
        sockets: Sockets,
        methods: Methods,
        faults: Faults,
        journal: Journal,
    ) -> None:
        self._workspace = workspace
        self._sockets = sockets
        self._methods = methods
        self._faults = faults
        self._journal = journal
        config = workspace.config
        self._limits = RateLimits(workspace.clock, config.message_burst)
        self._tokens = {config.app.bot_token: "bot", config.app.app_token: "app"}

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one call, with whatever fault is in force for it."""
        name = request.match_info["method"]
        fault = self._faults.strike(
            name, "drop_before", "rate_limited", "server_error", "error", "hang"
        )
        entry = self._journal.call(name, "", {})
        if fault is not None:
            struck = await self._struck(request, fault, entry)
            if struck is not None:
                return struck
        response = await self._answer(request, name, entry)
        if self._faults.strike(name, "drop_after"):
            return cut(request)
        return response

    async def _answer(self, request: web.Request, name: str, entry: Json) -> web.Response:
        try:
            values = await read_arguments(request.clone(client_max_size=LARGEST_BODY))
            token = _token(request, values)
            entry |= {"arguments": shortened(values), "bot": self._tokens.get(token, "")}
            method = self._methods.get(name)
            self._check_token(method, token)
            return await self._call(method, Arguments(values), entry)
        except SlackError as error:
            return self._json({"ok": False, "error": error.code, **error.extra}, entry)
        except web.HTTPRequestEntityTooLarge:
            return self._json({"ok": False, "error": "request_too_large"}, entry, 413)

    async def _call(self, method: Method, arguments: Arguments, entry: Json) -> web.Response:
        call = Call(arguments, self._workspace, self._sockets)
        call.need_scope(*method.scopes)
        wait = self._wait(method, arguments)
        if wait:
            return self._limited(wait, entry)
        result = method.handler(call)
        if inspect.isawaitable(result):
            result = await result
        return self._json({"ok": True, **result}, entry, accepted=method.scopes)

    def _check_token(self, method: Method, token: str) -> None:
        if method.token == "none":  # noqa: S105 - a kind of token, not a token
            return
        if not token:
            raise SlackError("not_authed")
        kind = self._tokens.get(token)
        if kind is None:
            raise SlackError("invalid_auth")
        if method.token not in ("any", kind):
            raise SlackError("not_allowed_token_type")

    def _wait(self, method: Method, arguments: Arguments) -> int:
        if not self._workspace.config.rate_limits:
            return 0
        channel = self._channel(arguments) if method.name in _POSTING else ""
        return self._limits.admit(method.name, method.per_minute, channel)

    def _channel(self, arguments: Arguments) -> str:
        """The id of the channel that is written to, however it was named."""
        reference = arguments.text("channel")
        channel = self._workspace.channels.find(reference)
        return str(channel["id"]) if channel else reference

    async def _struck(
        self, request: web.Request, fault: Fault, entry: Json
    ) -> web.StreamResponse | None:
        """The answer a fault gives instead; None when the call goes on after a hang."""
        if fault.kind == "hang":
            await asyncio.sleep(LONGEST_HANG if fault.seconds is None else fault.seconds)
            return None
        if fault.kind == "drop_before":
            return cut(request)
        if fault.kind == "rate_limited":
            return self._limited(fault.retry_after, entry)
        if fault.kind == "server_error":
            entry["status"] = fault.status
            return web.Response(status=fault.status, text="upstream connect error")
        return self._json({"ok": False, "error": fault.error}, entry)

    def _limited(self, retry_after: Any, entry: Json) -> web.Response:
        response = self._json({"ok": False, "error": "ratelimited"}, entry, 429)
        if retry_after is not None:
            response.headers["Retry-After"] = str(retry_after)
        return response

    def _json(
        self, answer: Json, entry: Json, status: int = 200, accepted: tuple[str, ...] = ()
    ) -> web.Response:
        entry |= {"response": answer, "status": status}
        scopes = self._workspace.manifest.scopes
        granted = ALL_SCOPES if scopes is None else scopes
        return web.Response(
            text=dumps(answer),
            status=status,
            content_type="application/json",
            headers={
                "X-OAuth-Scopes": ",".join(sorted(granted)),
                "X-Accepted-OAuth-Scopes": ",".join(accepted),
                "X-Slack-Req-Id": new_secret(32),
            },
        )


ALL_SCOPES = frozenset(
    (
        "app_mentions:read",
        "channels:history",
        "channels:join",
        "channels:read",
        "chat:write",
        "commands",
        "files:read",
        "files:write",
        "groups:history",
        "groups:read",
        "im:history",
        "im:read",
        "im:write",
        "mpim:history",
        "mpim:read",
        "mpim:write",
        "reactions:read",
        "reactions:write",
        "team:read",
        "usergroups:read",
        "users.profile:read",
        "users:read",
        "users:read.email",
    )
)
"""What an app without a manifest has."""


def _token(request: web.Request, values: Json) -> str:
    """The token of the header or, failing that, of the body; it never reaches the journal."""
    in_body = values.pop("token", None)
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    return in_body if isinstance(in_body, str) else ""
