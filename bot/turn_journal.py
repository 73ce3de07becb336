"""The journal of agents' turns, as the agents know it: its trouble is a sentence of theirs."""

from pathlib import Path

from agents.errors import AgentFailed
from storage.errors import StorageError
from storage.turn_journal import TurnJournalFile

FILE = "turns.db"


class KeptTurns:
    """A `TurnJournal` in the folder of the process that runs the agents."""

    def __init__(self, folder: Path) -> None:
        self._file = TurnJournalFile(folder / FILE)

    async def open(self, turn: str) -> tuple[int, list[bytes]]:
        """See `TurnJournal`."""
        try:
            return await self._file.open(turn)
        except StorageError as error:
            raise AgentFailed(str(error)) from error

    async def add(self, turn: str, attempt: int, entry: bytes, *, first: bool = False) -> bool:
        """See `TurnJournal`."""
        try:
            return await self._file.add(turn, attempt, entry, first=first)
        except StorageError as error:
            raise AgentFailed(str(error)) from error

    async def close(self) -> None:
        """Finish what is queued, then close the file."""
        await self._file.close()
