"""Who may knock: this machine only, under this machine's names."""

import ipaddress
import logging
from collections.abc import Awaitable, Callable

from aiohttp import web

from playground.http.wire import dumps

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_NAMES = {"localhost", "127.0.0.1", "[::1]"}
_log = logging.getLogger(__name__)


@web.middleware
async def gate(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse other machines and foreign Host headers; turn a crash into Slack's error."""
    if not _is_local(request):
        return web.Response(status=403, text="The playground answers on loopback only.")
    try:
        return await handler(request)
    except web.HTTPException:
        raise
    except ConnectionError:
        raise
    except Exception:  # noqa: BLE001 - the edge: a crash becomes an answer
        _log.exception("%s %s failed", request.method, request.path)
        refusal = {"ok": False, "error": "internal_error", "detail": "The playground failed."}
        return web.Response(text=dumps(refusal), status=500, content_type="application/json")


def _is_local(request: web.Request) -> bool:
    host = request.host.rsplit(":", 1)[0] if not request.host.endswith("]") else request.host
    return host.lower() in _NAMES and _is_loopback(request.remote)


def _is_loopback(remote: str | None) -> bool:
    try:
        return remote is not None and ipaddress.ip_address(remote).is_loopback
    except ValueError:
        return False
