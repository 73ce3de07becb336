"""The idempotency key of the tool call that is running, for the tool to hand on.

The same call has the same key however often it is run: after a crash, a retry, a person's Retry.
Another call has another key, also when its arguments are the same.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_KEY: ContextVar[str] = ContextVar("idempotency_key", default="")


def idempotency_key() -> str:
    """Inside of a tool: 40 letters and digits; empty where nobody keeps a journal of the calls."""
    return _KEY.get()


@contextmanager
def keyed(key: str) -> Iterator[None]:
    """Inside, `idempotency_key()` is this."""
    token = _KEY.set(key)
    try:
        yield
    finally:
        _KEY.reset(token)


def key_of(turn: str, *call: str) -> str:
    """The key of one call of one turn."""
    text = "\n".join((turn, *call))
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:40]
