"""What somebody who waits for an installation sees: one line on a terminal, a few in a log."""

import re
import sys
import threading
import time
from types import TracebackType
from typing import Self

TERMINAL_SECONDS, LOG_SECONDS = 0.2, 4.0
_UV_TOTAL = re.compile(r"Resolved (\d+) packages")
_UV_BEGIN = re.compile(r"Downloading (\S+) \((.+)\)")
_UV_END = re.compile(r"\s*Downloaded (\S+)")
_PIP_COLLECT = re.compile(r"Collecting ([\w.-]+)")


class Progress:
    """Listens to uv or pip, and tells how far they are as long as it is entered."""

    def __init__(self) -> None:
        self._text = self._told = ""
        self._coming: dict[str, str] = {}
        self._collected = 0
        self._began = time.monotonic()
        self._over = threading.Event()
        self._terminal = sys.stdout.isatty()
        self._teller = threading.Thread(target=self._tell, daemon=True)

    def __enter__(self) -> Self:
        self._teller.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._teller.join()
        self._wipe()

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self._began

    def say(self, text: str) -> None:
        """A line that stays."""
        self._wipe()
        print(text, flush=True)

    def now(self, text: str) -> None:
        """What is going on from here."""
        self._text = text

    def hear(self, line: str) -> None:
        """A line of uv's or pip's output."""
        if found := _UV_TOTAL.match(line):
            self._text = f"fetching {found[1]} packages"
        elif found := _UV_BEGIN.match(line):
            self._coming[found[1]] = found[2]
        elif found := _UV_END.match(line):
            self._coming.pop(found[1], None)
        elif found := _PIP_COLLECT.match(line):
            self._collected += 1
            self._text = f"fetching, {self._collected} so far: {found[1]}"
        elif line.startswith(("Prepared ", "Installing collected")):
            self._text = "unpacking"

    def _tell(self) -> None:
        while not self._over.wait(TERMINAL_SECONDS if self._terminal else LOG_SECONDS):
            text = self._line()
            if self._terminal:
                sys.stdout.write(f"\r\x1b[2K  {self.seconds:3.0f} s  {text[:60]}")
                sys.stdout.flush()
            elif text != self._told:
                print(f"  {self.seconds:3.0f} s  {text}", flush=True)
                self._told = text

    def _line(self) -> str:
        coming = [f"{name} ({size})" for name, size in list(self._coming.items())[:3]]
        return f"{self._text}: {', '.join(coming)}" if coming else self._text

    def _wipe(self) -> None:
        if self._terminal:
            sys.stdout.write("\r\x1b[2K")
            sys.stdout.flush()
