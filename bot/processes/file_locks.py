"""Locks on files that say what runs in a folder: they go with the process, however it ends."""

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path

TEMPORAL = "temporal.lock"
AGENTS = "agents.lock"


@contextlib.contextmanager
def shared(path: Path) -> Iterator[None]:
    """Hold it while the block lasts, beside others who do."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        yield


def is_held(path: Path) -> bool:
    """Whether a process holds it; False where there is no such file."""
    try:
        with path.open() as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False
