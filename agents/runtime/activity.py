"""The Temporal activity that runs one turn of an agent, wherever that agent is."""

import asyncio
import hashlib
import math
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any, Protocol, TypeVar

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError

from agents.errors import AgentError, AgentFailed, BadAnswer, UnknownAgent, UnusableInput
from agents.runtime.figures import CallFigures, NoFigures
from agents.turn.brief import asked_with
from agents.turn.flawed_calls import refuse_flawed
from agents.turn.progress import heard_by
from agents.turn.runner import TurnRunner
from workflows.activities import AgentActivities
from workflows.messages.turns import Progress, TurnOutcome, TurnRequest
from workflows.task.cost import Cost, told

HEARTBEAT_SECONDS = 5.0
_log = structlog.get_logger(__name__)
_Value = TypeVar("_Value")


class ReadsInputs(Protocol):
    """Where the bytes of input files lie."""

    async def read(self, sha256: str) -> bytes:
        """The bytes with this checksum; raises an OSError when they are not there."""
        ...


class TurnRunning(AgentActivities):
    """Checks what goes into a turn, lets `runner` run it, and counts what that took."""

    def __init__(
        self,
        *,
        inputs: ReadsInputs,
        runner: TurnRunner,
        figures: CallFigures | None = None,
    ) -> None:
        self._inputs = inputs
        self._runner = runner
        self._figures = figures or NoFigures()

    @activity.defn(name="run_turn")
    async def run_turn(self, request: TurnRequest) -> TurnOutcome:
        """Run one turn; errors become ApplicationErrors with the error's class as type."""
        started = monotonic()
        try:
            outcome = _sendable(await _beating(self._run(request), request), request.agent)
        except AgentError as error:
            self._note(request, started, error.kind, "", error.cost)
            pause = timedelta(seconds=error.retry_after) if error.retry_after else None
            raise ApplicationError(
                error.sentence,
                *(run.model_dump(mode="json") for run in error.ran),
                *([told(error.cost)] if error.cost.turn.calls else []),
                type=error.kind,
                non_retryable=not error.retryable,
                next_retry_delay=pause,
            ) from None  # what is below the sentence is not for people
        except asyncio.CancelledError:
            self._note(request, started, "cancelled", "", Cost())
            raise
        except Exception:  # noqa: BLE001 - the edge: the log says why, people get a sentence
            _log.exception("agent_call_broke", agent=request.agent, step=request.step)
            sentence = f"{request.agent} failed unexpectedly; the worker's log says why."
            self._note(request, started, "unexpected", "", Cost())
            raise ApplicationError(sentence, type=AgentFailed.__name__) from None
        self._note(request, started, "ok", outcome.execution_mode.value, outcome.cost)
        return outcome.model_copy(update={"asked": asked_with(request)})

    def _note(
        self, request: TurnRequest, started: float, status: str, mode: str, cost: Cost
    ) -> None:
        """One line and one count a call; never what was said."""
        seconds = monotonic() - started
        named = "unknown" if status == UnknownAgent.__name__ else request.agent
        self._figures.agent_called(named, status, mode, seconds)
        self._figures.agent_spent(named, cost.attempt)
        _log.info(
            "agent_call",
            agent=request.agent,
            workflow=request.workflow_id,
            step=request.step,
            step_number=request.step_number,
            input_size=sum(file.size for file in request.inputs),
            duration_ms=round(seconds * 1000),
            status=status,
            execution_mode=mode,
            model_calls=cost.attempt.calls,
            model_tokens=cost.attempt.tokens,
            model_seconds=round(cost.attempt.seconds, 3),
            model_money=round(cost.attempt.money, 6),
            models=list(cost.attempt.models),
        )

    async def _run(self, request: TurnRequest) -> TurnOutcome:
        for step in request.earlier:
            if step.digest and not step.intact():
                raise UnusableInput(
                    f"The result of {step.step} is not the one that was approved. Start again."
                )
        files = [await self._file(file.name, file.sha256) for file in request.inputs]
        return await self._runner.run(request, files)

    async def _file(self, name: str, sha256: str) -> bytes:
        content = await self._inputs.read(sha256)
        if hashlib.sha256(content).hexdigest() != sha256:
            raise UnusableInput(
                f"{name} was changed or damaged where it is kept. Start the task again."
            )
        return content


def _sendable(outcome: TurnOutcome, agent: str) -> TurnOutcome:
    """The outcome, when it can be written as JSON, and its calls can be shown to people."""
    try:
        refuse_flawed(outcome.questions, agent)
    except BadAnswer as error:
        raise error.after(outcome.ran, outcome.cost) from None
    try:
        outcome.model_dump_json()
    except ValueError:
        broke = BadAnswer(f"The answer of {agent} holds characters that cannot be kept.")
        raise broke.after(outcome.ran, outcome.cost) from None
    return outcome


def last_attempt(of: int) -> bool:
    """Whether the running activity is in its last of so many attempts; outside of one, it is."""
    return not activity.in_activity() or activity.info().attempt >= of


def cancelled_for_good() -> bool:
    """Whether the running activity was cancelled because nobody wants its result any more."""
    details = activity.cancellation_details() if activity.in_activity() else None
    return details is not None and (details.cancel_requested or details.not_found)


def seconds_left() -> float:
    """Until Temporal calls the running activity late, less a second to say so ourselves."""
    if not activity.in_activity():
        return math.inf
    info = activity.info()
    if info.start_to_close_timeout is None:
        return math.inf
    gone = datetime.now(UTC) - info.started_time
    return max(0.1, (info.start_to_close_timeout - gone).total_seconds() - 1)


async def _beating(work: Coroutine[Any, Any, _Value], request: TurnRequest) -> _Value:
    """Await `work`, telling Temporal that it is still being done, and what that is."""
    doing = Progress(agent=request.agent[:200])

    def hear(progress: Progress) -> None:
        nonlocal doing
        doing = progress
        activity.heartbeat(doing)

    with heard_by(hear):
        task = asyncio.create_task(work)
    try:
        while True:
            done, _ = await asyncio.wait({task}, timeout=HEARTBEAT_SECONDS)
            if done:
                return task.result()
            activity.heartbeat(doing)
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait({task})
