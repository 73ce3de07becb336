"""A Slack that says odd things over its sockets, and wants each back at once."""

import contextlib
import json
from collections.abc import AsyncIterator

from aiohttp import WSMsgType, web

HELLO = '{"type": "hello"}'
JUNK = ("junk", "[" * 50_000, "[]", "{}")


class StrangeSlack:
    """On each socket: a hello, junk, a ping, an envelope named after the socket, `goodbye`."""

    def __init__(self, goodbye: str) -> None:
        self.sockets = 0
        self.echoes: set[bytes] = set()
        self.acks: list[tuple[int, str]] = []
        self._goodbye = goodbye

    @contextlib.asynccontextmanager
    async def serve(self, port: int) -> AsyncIterator[str]:
        """Listen; the base URL of its API."""
        app = web.Application()
        app.router.add_post("/api/apps.connections.open", self._open)
        app.router.add_get("/link", self._link)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", port).start()
            yield f"http://127.0.0.1:{port}/api/"
        finally:
            await runner.cleanup()

    async def _open(self, request: web.Request) -> web.Response:
        return web.json_response({"ok": True, "url": f"ws://{request.host}/link"})

    async def _link(self, request: web.Request) -> web.WebSocketResponse:
        self.sockets += 1
        number = self.sockets
        ws = web.WebSocketResponse(autoping=False)
        await ws.prepare(request)
        envelope = {"envelope_id": f"e-{number}", "type": "interactive", "payload": {"n": number}}
        goodbye = {"type": "disconnect", "reason": self._goodbye}
        await ws.ping(b"applink-1")
        for word in (HELLO, *JUNK, json.dumps(envelope), json.dumps(goodbye)):
            await ws.send_str(word)
        async for message in ws:
            if message.type is WSMsgType.TEXT:
                self.acks.append((number, message.json()["envelope_id"]))
            elif message.type is WSMsgType.PONG:
                self.echoes.add(bytes(message.data))
            elif message.type is WSMsgType.PING:
                await ws.pong(message.data)
        return ws
