"""Locks on files that say what runs in a folder: they go with the process, however it ends."""

import contextlib
import fcntl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

TEMPORAL = "temporal.lock"
AGENTS = "agents.lock"
_TRIES = 6
_PAUSE = 0.01


@contextlib.contextmanager
def shared(path: Path) -> Iterator[None]:
    """Hold it while the block lasts, beside others who do."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        yield


def take(file: IO[str]) -> bool:
    """Take the lock of an open file for oneself; False when somebody holds it.

    Whoever only looks (`is_held`) holds it for a moment, so it is tried again for 50 ms.
    """
    for turn in range(_TRIES):
        time.sleep(_PAUSE if turn else 0)
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
    return False


def is_held(path: Path) -> bool:
    """Whether a process holds it; False where there is no such file."""
    try:
        with path.open() as file:
            return not take(file)
    except FileNotFoundError:
        return False
