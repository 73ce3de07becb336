"""The SDK's Socket Mode client, made to let no click fall between two sockets.

The SDK closes its old socket before it dials, and tries a refused address for ever. Here the next
line is open before the last one is let go, and every dial has an address of its own.
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import Coroutine
from typing import Any

import structlog
from aiohttp import ClientWebSocketResponse, ClientWSTimeout, WSMsgType
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from agents.http.loopback import on_loopback
from bot.slack.reconnect import HANG_UP_SECONDS, TOO_MANY, RefusedError, SocketLine, Switchboard

log = structlog.get_logger()

Json = dict[str, Any]

LARGEST_MESSAGE = 16 * 1024 * 1024
UNANSWERED_PINGS = 2


class SteadyClient(SocketModeClient):
    """One connection, kept open from `connect` to `close`.

    Listeners are called as by the SDK's client, each envelope in a task of its own, and their acks
    leave on the line the envelope came in on. Listeners for raw frames are not called.
    """

    def __init__(
        self,
        app_token: str,
        web_client: AsyncWebClient,
        board: Switchboard,
        logger: logging.Logger | None = None,
    ) -> None:
        super().__init__(app_token, logger=logger, web_client=web_client)
        if on_loopback(web_client.base_url):
            self.proxy = None  # the SDK took the environment's, which does not lead here
        self._board = board
        self._line: SocketLine | None = None
        self._lines: list[SocketLine] = []
        self._came_on: dict[str, SocketLine] = {}
        self._wanted = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._handling: set[asyncio.Task[None]] = set()

    @property
    def is_open(self) -> bool:
        """Whether an envelope can come in now."""
        return any(line.is_open for line in self._lines)

    async def is_connected(self) -> bool:
        """The same, under the SDK's name."""
        return self.is_open

    async def connect(self) -> None:
        """Return once a line is open; from then on, there is one."""
        await self._replace()
        _spawn(self._keep(), self._tasks)

    async def connect_to_new_endpoint(self, force: bool = False) -> None:
        """Ask for a new line; it is opened in the background."""
        self._wanted.set()

    async def issue_new_wss_url(self) -> str:
        """A fresh address, good for one connection; raises what Slack says."""
        response = await self.web_client.apps_connections_open(app_token=self.app_token)
        return str(response["url"])

    async def process_messages(self) -> None:
        """No message waits in the SDK's queue: each is handled the moment it is read."""

    async def send_socket_mode_response(self, response: SocketModeResponse | Json) -> None:
        """Acknowledge an envelope."""
        ack = response if isinstance(response, dict) else response.to_dict()
        line = self._came_on.get(str(ack.get("envelope_id")))
        if not await self._board.send(json.dumps(ack), line):
            log.warning("an envelope was not acknowledged: no socket to Slack was open in time")

    async def close(self) -> None:
        """Finish what came in, then close every line; takes less than two seconds."""
        self.closed = True
        if self._handling:
            await asyncio.wait(self._handling, timeout=self._board.pace.finish)
        await asyncio.gather(*(line.hang_up() for line in tuple(self._lines)))
        tasks = self._tasks | self._handling
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.aiohttp_client_session.close()

    async def _keep(self) -> None:
        while True:
            await self._wanted.wait()
            await self._replace()
            self._wanted.clear()

    async def _replace(self) -> None:
        """Open the next line, then let the last one linger."""
        line = await self._board.dial(self._open)
        last, self._line = self._line, line
        self.current_session = line.ws
        self._lines.append(line)
        self._board.lines.append(line)
        _spawn(self._listen(line), self._tasks)
        _spawn(self._watch(line), self._tasks)
        if last is not None and last in self._lines:
            _spawn(last.hang_up(self._board.pace.grace), self._tasks)

    async def _open(self) -> SocketLine:
        """Dial once; Slack's first word says whether the line is ours."""
        ws = await self.aiohttp_client_session.ws_connect(
            await self.issue_new_wss_url(),
            autoping=False,
            max_msg_size=LARGEST_MESSAGE,
            proxy=self.proxy,
            ssl=self.web_client.ssl if self.web_client.ssl is not None else True,
            timeout=ClientWSTimeout(ws_close=HANG_UP_SECONDS),
        )
        try:
            return SocketLine(ws, await _hello(ws))
        except BaseException as error:
            await ws.close()
            if str(error) == TOO_MANY and self._line and self._line.is_leaving:
                await self._line.hang_up()  # makes room: Slack is about to close it
            raise

    async def _listen(self, line: SocketLine) -> None:
        """Read until the line ends."""
        self._take(line, line.hello)
        try:
            async for message in line.ws:
                line.heard += 1
                if message.type is WSMsgType.TEXT:
                    self._take(line, message.data)
                elif message.type is WSMsgType.PING:
                    with contextlib.suppress(ConnectionError):  # what came before the end counts
                        await line.ws.pong(message.data)
                elif message.type is WSMsgType.ERROR:
                    break
        finally:
            self._ended(line)
        if not self.closed:
            await self._board.repeat(line.unsure())

    def _ended(self, line: SocketLine) -> None:
        self._lines.remove(line)
        self._board.lines.remove(line)
        if line is self._line and not self.closed:
            if not line.is_leaving:
                self._board.ended(line)
            self._wanted.set()

    async def _watch(self, line: SocketLine) -> None:
        """Give up a line that is open in name only."""
        unanswered = 0
        while line.is_open and unanswered < UNANSWERED_PINGS:
            unanswered = 0 if await line.ping(self._board.pace.ping) else unanswered + 1
        if line.is_open:
            log.warning("a socket to Slack no longer answers; another one is opened")
            await line.hang_up()

    def _take(self, line: SocketLine, text: str) -> None:
        """Start the handling of what was read."""
        try:
            message = json.loads(text)
        except (ValueError, RecursionError):
            message = None
        if not isinstance(message, dict):
            log.warning("Slack sent something that is no JSON object over a socket; ignored")
        elif message.get("type") == "disconnect":
            self._goodbye(line, str(message.get("reason")))
        elif message.get("envelope_id"):
            _spawn(self._handle(line, message, text), self._handling)

    def _goodbye(self, line: SocketLine, reason: str) -> None:
        """Slack says so twice, and may say it on a line that is replaced already."""
        if line is self._line and not line.is_leaving:
            self._board.goodbye(line, reason)
            self._wanted.set()
        line.is_leaving = True

    async def _handle(self, line: SocketLine, message: Json, text: str) -> None:
        envelope = str(message["envelope_id"])
        self._came_on[envelope] = line
        try:
            await self.run_message_listeners(message, text)
        finally:
            self._came_on.pop(envelope, None)


def _spawn(work: Coroutine[Any, Any, None], tasks: set[asyncio.Task[None]]) -> None:
    task = asyncio.create_task(work)
    tasks.add(task)
    task.add_done_callback(tasks.discard)


async def _hello(ws: ClientWebSocketResponse) -> str:
    """The first word, unless it is a goodbye."""
    async for message in ws:
        if message.type is WSMsgType.PING:
            await ws.pong(message.data)
        elif message.type is WSMsgType.TEXT:
            told = json.loads(message.data)
            if told.get("type") == "disconnect":
                raise RefusedError(str(told.get("reason")))
            return str(message.data)
    raise RefusedError("closed without a word")
