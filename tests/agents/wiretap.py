"""Somebody on the line between caller and agent, who writes down every byte."""

import asyncio
import contextlib
from collections.abc import AsyncIterator


class Wiretap:
    """`url` leads to the server on `port`; `heard` is what went over the line, both ways."""

    def __init__(self, port: int) -> None:
        self.heard = b""
        self.url = ""
        self._port = port
        self._lines: set[asyncio.Task[None]] = set()

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator["Wiretap"]:
        """On a port of its own, until the block ends."""
        server = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield self
        finally:
            server.close()
            for line in self._lines:
                line.cancel()
            await asyncio.gather(*self._lines, return_exceptions=True)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._port)
        for source, target in ((reader, back), (there, writer)):
            line = asyncio.create_task(self._carry(source, target))
            self._lines.add(line)
            line.add_done_callback(self._lines.discard)

    async def _carry(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        try:
            while chunk := await source.read(65_536):
                self.heard += chunk
                target.write(chunk)
                await target.drain()
        finally:
            target.close()
