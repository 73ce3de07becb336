"""The control API's addresses."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from playground.errors import ControlError
from playground.http.wire import dumps
from playground.testing.control import acting, faulting, reading, stream
from playground.testing.control.desk import Desk

Call = Callable[[Desk, web.Request], Awaitable[web.StreamResponse]]

_GET: dict[str, Call] = {
    "state": reading.state,
    "messages": reading.messages,
    "views": reading.views,
    "home": reading.home,
    "calls": reading.calls,
    "deliveries": reading.deliveries,
    "mails": reading.mails,
    "methods": reading.methods,
    "files/{id}": reading.file,
    "faults": faulting.get,
    "events": stream.events,
}
_POST: dict[str, Call] = {
    "message": acting.post_message,
    "files": acting.post_file,
    "command": acting.post_command,
    "click": acting.post_click,
    "submit": acting.post_submit,
    "close": acting.post_close,
    "home": acting.post_home,
    "shortcut": acting.post_shortcut,
    "suggest": acting.post_suggest,
    "read": acting.post_read,
    "group": acting.post_group,
    "user": acting.post_user,
    "file": acting.post_change_file,
    "mails": acting.post_mail,
    "deliver": acting.post_delivery,
    "reset": acting.post_reset,
    "faults": faulting.post,
}
_PUT: dict[str, Call] = {"faults": faulting.put, "request_url": acting.put_request_url}
_DELETE: dict[str, Call] = {"faults": faulting.delete}


def register(app: web.Application, desk: Desk) -> None:
    """Add every control call to the application."""
    for verb, calls in (("GET", _GET), ("POST", _POST), ("PUT", _PUT), ("DELETE", _DELETE)):
        for name, call in calls.items():
            app.router.add_route(verb, f"/_local/{name}", _guarded(desk, call))


def _guarded(desk: Desk, call: Call) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The call behind the token, its refusals turned into answers."""

    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            desk.check_token(request)
            return await call(desk, request)
        except ControlError as error:
            refusal = {"ok": False, "error": error.code, "detail": error.detail}
            return web.Response(
                text=dumps(refusal), status=error.status, content_type="application/json"
            )

    return handle
