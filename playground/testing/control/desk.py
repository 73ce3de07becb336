"""What every control call works with."""

import hmac
from dataclasses import dataclass

from aiohttp import web

from playground.api.methods import Methods
from playground.delivery.postman import Postman
from playground.delivery.sockets import Sockets
from playground.delivery.webhook import Webhook
from playground.errors import ControlError
from playground.http.wire import Json, MalformedJsonError, dumps, loads
from playground.journal import Journal
from playground.testing.faults import Faults
from playground.workspace import Workspace


@dataclass(frozen=True)
class Desk:
    """The parts of a running playground."""

    workspace: Workspace
    postman: Postman
    sockets: Sockets
    webhook: Webhook
    faults: Faults
    journal: Journal
    methods: Methods
    local_token: str

    def check_token(self, request: web.Request) -> None:
        """Refuse a request without the local token."""
        _, _, token = request.headers.get("Authorization", "").partition(" ")
        if not hmac.compare_digest(token.encode("utf-8", "replace"), self.local_token.encode()):
            raise ControlError("not_allowed", "The local token is missing or wrong.", 401)


async def body_of(request: web.Request) -> Json:
    """The JSON object of a request; an empty body is an empty object."""
    text = await request.read()
    if not text.strip():
        return {}
    try:
        body = loads(text)
    except MalformedJsonError as error:
        raise ControlError("invalid_json", "The body is not JSON.") from error
    if not isinstance(body, dict):
        raise ControlError("json_not_object", "The body is not a JSON object.")
    return body


def answer(**fields: object) -> web.Response:
    """A JSON answer with `ok`."""
    return web.Response(text=dumps({"ok": True, **fields}), content_type="application/json")
