"""The names of the input files, for forms and suggestions: looked up in a thread, and remembered.

A folder of a hundred thousand files takes a while to walk. Whoever asks gets what was found last,
and waits for a new look only for a moment.
"""

import asyncio
import contextlib
import os
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

FILE_TYPES = {
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".json": "application/json",
    ".jsonl": "application/x-ndjson",
    ".ndjson": "application/x-ndjson",
    ".parquet": "application/vnd.apache.parquet",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".xls": "application/vnd.ms-excel",
    ".ods": "application/vnd.oasis.opendocument.spreadsheet",
    ".pdf": "application/pdf",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".md": "text/markdown",
    ".txt": "text/plain",
}
MOST_FILES = 200_000
GOOD_SECONDS = 10.0
PATIENCE_SECONDS = 0.5
_AT_ONCE = 2_000
_BREATHER = 500


class InputListing:
    """What lies below `folders`, at most `MOST_FILES` names, relative to `root`."""

    def __init__(self, root: Path, folders: tuple[Path, ...]) -> None:
        self._root = f"{root}{os.sep}"
        self._folders = folders
        self._names: tuple[str, ...] | None = None
        self._folded: tuple[str, ...] = ()
        self._looked = 0.0
        self._looking: asyncio.Task[None] | None = None

    async def names(self, patience: float = PATIENCE_SECONDS) -> tuple[str, ...] | None:
        """All names, sorted, as they are now or were a moment ago; None while nobody knows yet."""
        if time.monotonic() - self._looked > GOOD_SECONDS or self._names is None:
            if self._looking is None or self._looking.done():
                self._looking = asyncio.create_task(self._look())
            await asyncio.wait({self._looking}, timeout=patience)
        return self._names

    async def matching(self, words: str, most: int) -> list[str]:
        """Names with all these words in them, in any case."""
        names = await self.names() or ()
        wanted = words.casefold().split()
        fitting = (
            name
            for name, folded in zip(names, self._folded, strict=False)
            if all(word in folded for word in wanted)
        )
        return list(islice(fitting, most))

    def some(self, most: int) -> list[str]:
        """A few names for a sentence, without a walk through everything."""
        known = self._names if self._names is not None else islice(self._walk(), _AT_ONCE)
        return sorted(islice(known, _AT_ONCE))[:most]

    async def _look(self) -> None:
        self._names, self._folded = await asyncio.to_thread(self._read)
        self._looked = time.monotonic()

    def _read(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        names = tuple(sorted(islice(self._walk(), MOST_FILES)))
        return names, tuple(name.casefold() for name in names)

    def _walk(self) -> Iterator[str]:
        """Files of a kind that is read; a folder that cannot be read is passed over."""
        waiting, seen = [str(folder) for folder in reversed(self._folders)], 0
        while waiting:
            with contextlib.suppress(OSError), os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    seen += 1
                    if not seen % _BREATHER:
                        time.sleep(0)  # lets go of the interpreter: others answer clicks meanwhile
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    elif _is_input(entry.name) and entry.is_file():
                        yield entry.path.removeprefix(self._root)


def _is_input(name: str) -> bool:
    return f".{name.rpartition('.')[2].lower()}" in FILE_TYPES and name != "README.md"
