"""A TCP proxy whose connections can go dead without anybody hanging up."""

import asyncio
import contextlib
from types import TracebackType
from typing import Any, Self

UP, DOWN = "up", "down"


class Pipe:
    """One connection through the proxy; what it `swallows` does not arrive."""

    def __init__(self, *writers: asyncio.StreamWriter) -> None:
        self.swallows: set[str] = set()
        self.task: asyncio.Future[Any] | None = None
        self._writers = writers

    async def pass_on(
        self, way: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65_536):
                if way not in self.swallows:
                    writer.write(data)
        if way not in self.swallows:
            writer.close()

    def cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()


class BlackHole:
    """Passes TCP on. What is open can be swallowed, then cut; what is opened later is passed on."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._pipes: list[Pipe] = []

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.close()
        for pipe in self._pipes:
            pipe.cut()
        await asyncio.gather(*(pipe.task for pipe in self._pipes if pipe.task))

    def swallow(self, *ways: str) -> None:
        """From now on nothing gets through what is open: UP to the server, DOWN from it."""
        for pipe in self._pipes:
            pipe.swallows = set(ways)

    def cut(self) -> None:
        """Break what is swallowed."""
        for pipe in self._pipes:
            if pipe.swallows:
                pipe.cut()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._target)
        pipe = Pipe(writer, back)
        self._pipes.append(pipe)
        pipe.task = asyncio.gather(
            pipe.pass_on(UP, reader, back), pipe.pass_on(DOWN, there, writer)
        )
        await pipe.task
