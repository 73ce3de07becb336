"""A tool that leaves a line in a file each time it acts: what it did survives whatever is killed."""

import os
from pathlib import Path
from typing import Any

from google.adk.tools.function_tool import FunctionTool

from agents.journal.idempotency import idempotency_key
from agents.journal.repeatable import idempotent


class Witness:
    """Writes to `file`; `before` and `after` are called around the act."""

    def __init__(self, file: Path, before: Any = None, after: Any = None) -> None:
        self._file = file
        self._before = before or (lambda: None)
        self._after = after or (lambda: None)

    def acts(self) -> list[str]:
        """What was done, in order."""
        return [line.partition(" ")[0] for line in self._lines()]

    def keys(self) -> list[str]:
        """The idempotency keys it was done under."""
        return [line.partition(" ")[2] for line in self._lines()]

    def pay(self, to: str) -> dict[str, str]:
        """Pay somebody."""
        self._before()
        self._write(to)
        self._after()
        return {"paid": to}

    @idempotent
    def put(self, to: str) -> dict[str, str]:
        """Put something somewhere: the same key is the same act."""
        self._before()
        if idempotency_key() not in self.keys():
            self._write(to)
        self._after()
        return {"put": to}

    def tools(self, *, asking: bool = False) -> list[FunctionTool]:
        """Both, the second declared idempotent."""
        return [
            FunctionTool(self.pay, require_confirmation=asking),
            FunctionTool(self.put),
        ]

    def _lines(self) -> list[str]:
        if not self._file.exists():
            return []
        return self._file.read_text(encoding="utf-8").splitlines()

    def _write(self, to: str) -> None:
        with self._file.open("a", encoding="utf-8") as file:
            file.write(f"{to} {idempotency_key()}\n")
            file.flush()
            os.fsync(file.fileno())
