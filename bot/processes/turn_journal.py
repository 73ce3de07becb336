"""The journal of agents' turns, as the agents know it: its trouble is a sentence of theirs."""

from pathlib import Path

from temporalio.api.common.v1 import Payload

from agents.errors import AgentFailed
from storage.errors import StorageError
from storage.payloads.codec import AesGcmCodec
from storage.turn_journal import TurnJournalFile

FILE = "turns.db"
_PLAIN = b"{"


class KeptTurns:
    """A `TurnJournal` in the folder of the process that runs the agents.

    Where payloads are encrypted, its entries are as well.
    """

    def __init__(self, folder: Path, codec: AesGcmCodec | None = None) -> None:
        self._file = TurnJournalFile(folder / FILE)
        self._codec = codec

    async def open(self, turn: str) -> tuple[int, list[bytes]]:
        """See `TurnJournal`."""
        try:
            attempt, entries = await self._file.open(turn)
            return attempt, [await self._opened(entry) for entry in entries]
        except StorageError as error:
            raise AgentFailed(str(error)) from error

    async def add(self, turn: str, attempt: int, entry: bytes, *, first: bool = False) -> bool:
        """See `TurnJournal`."""
        try:
            return await self._file.add(turn, attempt, await self._closed(entry), first=first)
        except StorageError as error:
            raise AgentFailed(str(error)) from error

    async def close(self) -> None:
        """Finish what is queued, then close the file."""
        await self._file.close()

    async def _closed(self, entry: bytes) -> bytes:
        if self._codec is None:
            return entry
        (sealed,) = await self._codec.encode([Payload(data=entry)])
        return sealed.SerializeToString()

    async def _opened(self, entry: bytes) -> bytes:
        """What was kept before there were keys is plain."""
        if entry.startswith(_PLAIN):
            return entry
        if self._codec is None:
            raise StorageError(
                "The journal of tool calls is encrypted, and PAYLOAD_KEYS is empty. Set the key "
                "it was written with, then Retry."
            )
        (payload,) = await self._codec.decode([Payload.FromString(entry)])
        return payload.data
