"""Turn runners for the tests of the A2A server: they count, wait, and fail on demand."""

import asyncio
from collections.abc import Sequence

from workflows.messages.results import AgentResult, AgentVersion
from workflows.messages.turns import TurnOutcome, TurnRequest


class CountingRunner:
    """Answers after `seconds`; raises the errors it was given first, in order."""

    def __init__(self, seconds: float = 0, errors: Sequence[Exception] = ()) -> None:
        self.requests: list[TurnRequest] = []
        self.files: list[list[bytes]] = []
        self.called = asyncio.Event()
        self._seconds = seconds
        self.errors = list(errors)
        self.outcome: TurnOutcome | None = None

    async def run(self, request: TurnRequest, files: Sequence[bytes]) -> TurnOutcome:
        """See `TurnRunner`."""
        self.requests.append(request)
        self.files.append(list(files))
        self.called.set()
        await asyncio.sleep(self._seconds)
        if self.errors:
            raise self.errors.pop(0)
        if self.outcome is not None:
            return self.outcome
        summary = f"Run {len(self.requests)} of {request.agent}."
        return TurnOutcome(result=AgentResult(summary=summary, metrics={"one": 1.0}))

    def version(self, request: TurnRequest) -> AgentVersion:
        """See `LocalRunner`."""
        return AgentVersion(name=request.agent, version="1.0.0")
