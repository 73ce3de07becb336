"""A bot that speaks bare Socket Mode: it keeps what it gets and acks as it is told."""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import aiohttp

from playground.server import Playground

Json = dict[str, Any]


class RawBot:
    """One socket. `reply` gives the ack's payload for an envelope; `acks` off means silence."""

    def __init__(self, playground: Playground) -> None:
        self._playground = playground
        self.reply: Callable[[Json], Any] = lambda envelope: None
        self.acks = True
        self.envelopes: list[Json] = []
        self.controls: list[Json] = []
        self._arrived = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession()
        self._ws = await self._session.ws_connect(await self.ticket())
        self.hello = await self._ws.receive_json()
        self._task = asyncio.create_task(self._listen())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._ws.close()
        await self.give_up()

    async def give_up(self) -> None:
        """Give back the connections, also after a start that failed."""
        await self._session.close()

    async def ticket(self) -> str:
        """A fresh WebSocket address."""
        answer = await self.call("apps.connections.open", token=self._playground.app_token)
        return str(answer["url"])

    async def call(self, method: str, token: str | None = None, **arguments: Any) -> Json:
        """Call a Web API method."""
        headers = {"Authorization": f"Bearer {token or self._playground.bot_token}"}
        url = self._playground.api_url + method
        async with self._session.post(url, json=arguments, headers=headers) as response:
            answer: Json = await response.json()
            return answer

    async def wait(self, count: int, seconds: float = 5.0) -> list[Json]:
        """The first `count` envelopes, once they are there."""
        async with asyncio.timeout(seconds):
            while len(self.envelopes) < count:
                self._arrived.clear()
                await self._arrived.wait()
        return self.envelopes[:count]

    @property
    def payloads(self) -> list[Json]:
        """What the envelopes carried."""
        return [envelope["payload"] for envelope in self.envelopes]

    def events(self, kind: str) -> list[Json]:
        """The events of one type so far."""
        events = [payload["event"] for payload in self.payloads if "event" in payload]
        return [event for event in events if event["type"] == kind]

    async def event(self, kind: str, seconds: float = 5.0) -> Json:
        """The first event of a type, once it is there."""
        async with asyncio.timeout(seconds):
            while not self.events(kind):
                self._arrived.clear()
                await self._arrived.wait()
        return self.events(kind)[0]

    async def closed(self) -> None:
        """Return once the socket is closed."""
        await asyncio.wait_for(self._task, 5.0)

    async def _listen(self) -> None:
        async for message in self._ws:
            envelope = message.json()
            if "envelope_id" not in envelope:
                self.controls.append(envelope)
                self._arrived.set()
                continue
            self.envelopes.append(envelope)
            self._arrived.set()
            if self.acks:
                ack = {"envelope_id": envelope["envelope_id"]}
                payload = self.reply(envelope)
                await self._ws.send_json(ack | ({"payload": payload} if payload else {}))
