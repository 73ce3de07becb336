"""Socket Mode: the WebSockets of the bot."""

import asyncio
import contextlib
import itertools
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from playground.clock import Clock
from playground.config import PlaygroundConfig
from playground.delivery.envelope import Envelope, NoAckError
from playground.http.wire import Json, MalformedJsonError, dumps, loads
from playground.ids import new_secret
from playground.testing.faults import Faults

MOST_SOCKETS = 10
TICKET_SECONDS = 30.0
PING_SECONDS = 10.0
WARNING_SECONDS = 10.0
LONGEST_ACK = 16 * 1024 * 1024


@dataclass(eq=False)
class _Socket:
    ws: web.WebSocketResponse
    request: web.Request
    id: str = field(default_factory=lambda: new_secret(12))
    is_leaving: bool = False


class Sockets:
    """Up to 10 sockets; each envelope goes to one of them, in turn."""

    def __init__(self, config: PlaygroundConfig, faults: Faults, clock: Clock) -> None:
        self._config = config
        self._faults = faults
        self._clock = clock
        self._sockets: list[_Socket] = []
        self._tickets: dict[str, float] = {}
        self._acks: dict[str, asyncio.Future[Any]] = {}
        self._turns = itertools.count()
        self._tasks: set[asyncio.Task[None]] = set()
        self.base_url = ""

    def count(self) -> int:
        """How many sockets take envelopes."""
        return sum(not socket.is_leaving for socket in self._sockets)

    def ticket(self) -> str:
        """A WebSocket address that admits one connection, within 30 s."""
        secret = new_secret(32)
        expired = self._faults.strike("apps.connections.open", "expired_ticket")
        lifetime = -1.0 if expired else TICKET_SECONDS
        self._tickets[secret] = self._clock.now() + lifetime
        return f"{self.base_url}/link/?ticket={secret}&app_id={self._config.app.id}"

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one WebSocket until it closes."""
        expires = self._tickets.pop(request.query.get("ticket", ""), 0.0)
        if self._clock.now() > expires:
            return web.Response(status=404, text="ticket unknown, used or expired")
        ws = web.WebSocketResponse(timeout=1.0, heartbeat=PING_SECONDS, max_msg_size=LONGEST_ACK)
        await ws.prepare(request)
        socket = _Socket(ws, request)
        if len(self._sockets) >= MOST_SOCKETS:
            await self._say_goodbye(socket, "too_many_websockets")
            await ws.close()
            return ws
        await self._serve(socket)
        return ws

    async def send(
        self, envelope: Envelope, *, twice: bool = False, ignore_ack: bool = False
    ) -> Any:
        """Deliver over the next socket; the payload the bot acked with."""
        socket = self._next()
        if socket is None:
            raise NoAckError("no_connection", delivered=False)
        ack: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._acks[envelope.id] = ack
        try:
            async with asyncio.timeout(self._config.ack_seconds):
                await self._send_text(socket, envelope)
                if twice:
                    await self._send_text(self._next() or socket, envelope)
                if ignore_ack:
                    await asyncio.sleep(self._config.ack_seconds)
                return await ack
        except TimeoutError as error:
            raise NoAckError("timeout") from error
        except ConnectionError as error:
            raise NoAckError("connection_closed") from error
        finally:
            self._acks.pop(envelope.id, None)

    async def disconnect(self, count: int | None = None) -> int:
        """Drop sockets without a word, the oldest first; how many."""
        chosen = self._sockets[:count]
        for socket in chosen:
            socket.is_leaving = True
            if socket.request.transport is not None:
                socket.request.transport.abort()
        return len(chosen)

    async def refresh(self, count: int | None = None, seconds: float | None = None) -> int:
        """Ask sockets to reconnect: a warning, then, `seconds` later, the refresh; how many."""
        chosen = [socket for socket in self._sockets if not socket.is_leaving][:count]
        for socket in chosen:
            self._spawn(self._refresh(socket, WARNING_SECONDS if seconds is None else seconds))
        return len(chosen)

    async def close(self) -> None:
        """Close everything, at the end."""
        for task in self._tasks:
            task.cancel()
        for socket in tuple(self._sockets):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await socket.ws.close(code=1001)

    async def _serve(self, socket: _Socket) -> None:
        self._sockets.append(socket)
        try:
            await socket.ws.send_str(dumps(self._hello(socket)))
            if self._config.socket_seconds is not None:
                self._spawn(self._retire(socket, self._config.socket_seconds))
            async for message in socket.ws:
                if message.type is WSMsgType.TEXT:
                    self._take(message.data)
        finally:
            self._sockets.remove(socket)

    def _take(self, text: str) -> None:
        """Note an ack, which may come over another socket than the envelope went.

        Whatever else a client says is ignored.
        """
        try:
            message = loads(text)
        except MalformedJsonError:
            return
        envelope_id = message.get("envelope_id") if isinstance(message, dict) else None
        if not isinstance(envelope_id, str) or envelope_id not in self._acks:
            return
        ack = self._acks[envelope_id]
        if not ack.done():
            ack.set_result(message.get("payload"))

    async def _retire(self, socket: _Socket, seconds: float) -> None:
        await self._clock.sleep(seconds)
        await self._refresh(socket, WARNING_SECONDS)

    async def _refresh(self, socket: _Socket, seconds: float) -> None:
        """Say goodbye, then give the client time to open its next socket."""
        await self._say_goodbye(socket, "warning")
        await self._clock.sleep(seconds)
        socket.is_leaving = True
        await self._say_goodbye(socket, "refresh_requested")
        await self._clock.sleep(seconds)
        await socket.ws.close(code=1000)

    async def _say_goodbye(self, socket: _Socket, reason: str) -> None:
        goodbye = {
            "type": "disconnect",
            "reason": reason,
            "debug_info": {"host": f"playground-{socket.id}"},
        }
        with contextlib.suppress(ConnectionError):
            await socket.ws.send_str(dumps(goodbye))

    async def _send_text(self, socket: _Socket, envelope: Envelope) -> None:
        message: Json = {
            "envelope_id": envelope.id,
            "type": envelope.kind,
            "payload": envelope.payload,
            "accepts_response_payload": envelope.wants_reply,
        }
        if envelope.kind == "events_api":
            message |= {"retry_attempt": envelope.attempt, "retry_reason": envelope.reason}
        await socket.ws.send_str(dumps(message))

    def _next(self) -> _Socket | None:
        able = [socket for socket in self._sockets if not socket.is_leaving]
        return able[next(self._turns) % len(able)] if able else None

    def _hello(self, socket: _Socket) -> Json:
        return {
            "type": "hello",
            "num_connections": self.count(),
            "debug_info": {
                "host": f"playground-{socket.id}",
                "build_number": 1,
                "approximate_connection_time": int(self._config.socket_seconds or 18_060),
            },
            "connection_info": {"app_id": self._config.app.id},
        }

    def _spawn(self, coroutine: Any) -> None:
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
