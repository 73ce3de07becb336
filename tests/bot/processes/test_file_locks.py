"""Who holds a lock, and who only looks whether somebody does."""

import fcntl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.processes.file_locks import is_held, shared, take


@contextmanager
def looked_at(path: Path, seconds: float = 0.02) -> Iterator[None]:
    """Somebody else looks just now, and is gone a moment later."""
    with path.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        thread = threading.Timer(seconds, lambda: fcntl.flock(file, fcntl.LOCK_UN))
        thread.start()
        yield
        thread.join()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A lock that nobody holds."""
    (tmp_path / "temporal.lock").touch()
    return tmp_path / "temporal.lock"


def test_two_who_look_do_not_see_each_other(path: Path) -> None:
    """Nobody holds it, whoever else asks at that moment."""
    with looked_at(path):
        assert not is_held(path)


def test_whoever_takes_it_is_not_stopped_by_one_who_looks(path: Path) -> None:
    """A command beside a start must not make the start fail."""
    with looked_at(path), path.open("w") as file:
        assert take(file)
        assert is_held(path)
    assert not is_held(path)


def test_who_holds_it_with_others_is_seen(path: Path) -> None:
    """Each of two; and a look takes no long."""
    with shared(path):
        with shared(path):
            assert is_held(path)
        began = time.monotonic()
        assert is_held(path)
        assert time.monotonic() - began < 1
    assert not is_held(path.with_name("none.lock"))
