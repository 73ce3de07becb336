"""Calls of agents that go on when an agent does not answer.

In this order: the agent itself, another live agent of the same skill, the last good answer from
the cache, the configured fallback, a synthetic answer. `execution_mode` and `reason` say which.
"""

from collections.abc import Callable, Sequence
from sys import float_info

import structlog

from agents.a2a_client import A2AClient
from agents.cache import Cached, ResponseCache, request_key
from agents.errors import AgentError, AgentRefused, UnusableInput
from agents.registry import Registration, Registry
from agents.turn_runner import TurnRunner
from workflows.results import AgentResult, ExecutionMode
from workflows.turns import TurnOutcome, TurnRequest

_log = structlog.get_logger(__name__)


class AgentCalls:
    """A `TurnRunner` over the registry.

    `give_up` says whether the live agent has had its tries; before, its error is raised, so that
    the caller may try again. Inputs that cannot be read are never answered by somebody else, and a
    conversation that waits for people goes on with nobody but its own agent.
    """

    def __init__(
        self,
        *,
        registry: Registry,
        client: A2AClient,
        local: TurnRunner,
        cache: ResponseCache,
        give_up: Callable[[], bool] = lambda: True,
    ) -> None:
        self._registry = registry
        self._client = client
        self._local = local
        self._cache = cache
        self._give_up = give_up

    async def run(self, request: TurnRequest, files: Sequence[bytes]) -> TurnOutcome:
        """See `TurnRunner`."""
        agent = self._registry.get(request.agent)
        key = request_key(request)
        fresh = not request.session
        if fresh and agent.cache_seconds:
            cached = await self._cache.get(key, agent.cache_seconds)
            if cached is not None:
                return self._aged(cached, cached.outcome.execution_mode, "From the cache")
        try:
            outcome = await self._live(agent, request, files)
        except AgentError as error:
            if isinstance(error, UnusableInput) or not fresh or not self._give_up():
                raise
            return await self._stand_in(agent, request, files, error)
        if fresh:
            await self._cache.put(key, outcome)
        return outcome

    async def _live(
        self, agent: Registration, request: TurnRequest, files: Sequence[bytes]
    ) -> TurnOutcome:
        asked = request.model_copy(update={"agent": agent.name})
        if agent.endpoint is None:
            outcome = await self._local.run(asked, files)
        else:
            outcome = await self._client.run(asked, files, agent.endpoint)
        said = outcome.version.version if outcome.version else ""
        if agent.version and said != agent.version:
            raise AgentRefused(
                f"{agent.name} says it is version {said or 'unknown'}, but {agent.version} is "
                "pinned. Deploy that version, or change the pin."
            )
        return outcome

    async def _stand_in(
        self,
        agent: Registration,
        request: TurnRequest,
        files: Sequence[bytes],
        error: AgentError,
    ) -> TurnOutcome:
        _log.warning("agent_fallback", agent=agent.name, step=request.step, kind=error.kind)
        for other in self._registry.stand_ins(agent.name):
            found = await self._other(other, request, files)
            if found is not None:
                reason = f"{error.sentence} {other.name} answered instead."
                return _marked(found, ExecutionMode.FALLBACK, reason)
        cached = await self._cache.get(request_key(request), float_info.max)
        if cached is not None:
            return self._aged(cached, ExecutionMode.FALLBACK, f"{error.sentence} Its last answer")
        return _prepared(agent, error)

    async def _other(
        self, other: Registration, request: TurnRequest, files: Sequence[bytes]
    ) -> TurnOutcome | None:
        try:
            found = await self._live(other, request, files)
        except AgentError:
            return None
        return found if found.result is not None else None

    def _aged(self, cached: Cached, mode: ExecutionMode, lead: str) -> TurnOutcome:
        return _marked(cached.outcome, mode, f"{lead}, {_age(self._cache.age(cached))} old.")


def _prepared(agent: Registration, error: AgentError) -> TurnOutcome:
    """The configured or the synthetic answer; the error itself when neither is allowed."""
    if agent.fallback is not None:
        reason = f"{error.sentence} The configured fallback stands in."
        made = TurnOutcome(result=agent.fallback)
        return _marked(made, ExecutionMode.FALLBACK, reason)
    if not agent.synthetic:
        raise error
    text = f"No result: {error.sentence} Nothing was examined; do not decide on this alone."
    made = TurnOutcome(result=AgentResult(summary=text[:600], full_text=text, offline=True))
    return _marked(made, ExecutionMode.SYNTHETIC, f"{error.sentence} This answer is synthetic.")


def _marked(outcome: TurnOutcome, mode: ExecutionMode, reason: str) -> TurnOutcome:
    return outcome.model_copy(update={"execution_mode": mode, "reason": reason})


def _age(seconds: float) -> str:
    units = ((86_400, "d"), (3_600, "h"), (60, "min"))
    length, unit = next(((at, name) for at, name in units if seconds >= at), (1, "s"))
    return f"{seconds / length:.0f} {unit}"
