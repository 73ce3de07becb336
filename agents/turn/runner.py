"""Who can run one turn of an agent in this process."""

from collections.abc import Sequence
from typing import Protocol

from workflows.messages.results import AgentVersion
from workflows.messages.turns import TurnOutcome, TurnRequest


class TurnRunner(Protocol):
    """`files` holds the bytes of `request.inputs`, in the same order.

    Raises an AgentError; anything else is a fault of the runner.
    """

    async def run(self, request: TurnRequest, files: Sequence[bytes]) -> TurnOutcome:
        """Run one turn to its result, or to the questions people must answer first."""
        ...


class LocalRunner(TurnRunner, Protocol):
    """Runs agents of this process, and knows which they are."""

    def version(self, request: TurnRequest) -> AgentVersion:
        """What would run; raises UnknownAgent."""
        ...
