"""Multipart forms, read whole."""

from dataclasses import dataclass

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError


@dataclass(frozen=True)
class Part:
    """One field of a form; `filename` is empty for a plain field."""

    name: str
    filename: str
    data: bytes

    @property
    def text(self) -> str:
        return self.data.decode("utf-8", "replace")


class BrokenFormError(ValueError):
    """The body is not the form it claims to be."""


async def read_form(request: web.Request, largest: int) -> list[Part]:
    """The parts, in order; 413 when they are larger than that together."""
    parts: list[Part] = []
    size = 0
    try:
        async for part in await request.multipart():
            if isinstance(part, BodyPartReader) and part.name:
                data = await _read(part, largest - size)
                size += len(data)
                parts.append(Part(part.name, part.filename or "", data))
    except (ValueError, AssertionError, HttpProcessingError) as error:
        raise BrokenFormError(str(error)) from error
    return parts


async def _read(part: BodyPartReader, largest: int) -> bytes:
    data = bytearray()
    while chunk := await part.read_chunk(256 * 1024):
        data += chunk
        if len(data) > largest:
            raise web.HTTPRequestEntityTooLarge(largest, len(data))
    return bytes(data)
