"""Who hears what an agent is doing in the middle of its turn: whoever listens around the call."""

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar

from temporalio import activity

from workflows.messages.turns import Progress

Listener = Callable[[Progress], None]
_listener: ContextVar[Listener | None] = ContextVar("progress", default=None)


@contextlib.contextmanager
def heard_by(listener: Listener) -> Iterator[None]:
    """What is told in this block, and in tasks that begin in it, is heard by `listener`."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def tell(progress: Progress) -> None:
    """Tell whoever listens; nobody has to."""
    if (listener := _listener.get()) is not None:
        listener(progress)


def beat(progress: Progress) -> None:
    """Into the heartbeat of the running activity, where whoever asks finds it; none in others."""
    if activity.in_activity():
        activity.heartbeat(progress)
