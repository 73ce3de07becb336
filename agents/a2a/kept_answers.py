"""Finished answers of our agents, kept so that a repeat after a restart gets the same one."""

from typing import Protocol


class AnswerStore(Protocol):
    """Where they are kept. An answer that cannot be kept or read is lost, and nothing else is.

    `agent` names its version too: another version answers anew. `digest` is the sha256 of the
    message, `task` the serialized A2A task that answered it. Neither method raises.
    """

    async def get(self, agent: str, caller: str, message_id: str) -> tuple[str, bytes] | None:
        """The digest of the message and its answer."""
        ...

    async def put(self, agent: str, caller: str, message_id: str, digest: str, task: bytes) -> None:
        """Durable when it returns, where that was possible."""
        ...


class NoAnswers:
    """Remembers nothing; for tests and for servers without a disk."""

    async def get(self, agent: str, caller: str, message_id: str) -> tuple[str, bytes] | None:
        """See `AnswerStore`."""
        return None

    async def put(self, agent: str, caller: str, message_id: str, digest: str, task: bytes) -> None:
        """See `AnswerStore`."""
