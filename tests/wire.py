"""A wire to a server that can be cut: forwards bytes until then, refuses afterwards."""

import asyncio
from types import TracebackType
from typing import Self


class Wire:
    """Listens on a port of its own; `address` is what a client connects to."""

    def __init__(self, address: str) -> None:
        self._host, _, self._port = address.partition(":")
        self._running: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.address = ""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._forward, "127.0.0.1")
        self.address = f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.cut()

    async def cut(self) -> None:
        """Nothing goes through any more."""
        if self._server is not None:
            self._server.close()
        for pump in self._running:
            pump.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(self._host, int(self._port))
        for pair in ((reader, back), (there, writer)):
            self._running.add(asyncio.create_task(_pump(*pair)))


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()
