"""An HTTP client that sends exactly the bytes it is given, however wrong they are."""

import asyncio


class RawClient:
    """One connection at a time to loopback, opened anew whenever the server closed it."""

    def __init__(self, url: str) -> None:
        self._port = int(url.rpartition(":")[2])
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(self, request: bytes) -> tuple[int, bytes]:
        """Status and body of the answer; status 0 when the server hung up without one."""
        async with asyncio.timeout(20):
            reader, writer = self._streams or await asyncio.open_connection("127.0.0.1", self._port)
            self._streams = (reader, writer)
            try:
                writer.write(request)
                await writer.drain()
                status, body, stays = await _answer(reader)
            except (ConnectionError, asyncio.IncompleteReadError):
                status, body, stays = 0, b"", False
            if not stays:
                await self.close()
            return status, body

    async def close(self) -> None:
        """Hang up."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes, bool]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    lines = head.split("\r\n")
    fields = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
    body = await reader.readexactly(int(fields.get("content-length", "0")))
    return int(lines[0].split(" ")[1]), body, fields.get("connection") != "close"


def post(path: str, headers: list[tuple[bytes, bytes]], body: bytes) -> bytes:
    """A POST; `Content-Length` is added unless a length or a transfer coding is among the headers."""
    names = {name.lower() for name, _ in headers}
    if not names & {b"content-length", b"transfer-encoding"}:
        headers = [*headers, (b"Content-Length", str(len(body)).encode())]
    lines = [f"POST {path} HTTP/1.1".encode(), b"Host: localhost"]
    lines += [name + b": " + value for name, value in headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body
