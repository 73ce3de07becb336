"""Calls of agents: from the cache, live, or by whatever stands in when an agent does not answer.

In this order: the agent itself, another live agent of the same skill, the last good answer from
the cache, the configured fallback, a synthetic answer. `execution_mode` and `reason` say which.
"""

from collections.abc import Callable, Sequence
from math import inf

import structlog

from agents.a2a.client import A2AClient
from agents.a2a.endpoints import Endpoint
from agents.errors import AgentError, BudgetUsedUp, UnusableInput, WrongVersion
from agents.runtime.cache import Cached, ResponseCache, request_key
from agents.runtime.figures import CacheUse, CallFigures, NoFigures
from agents.runtime.registry import Registration, Registry
from agents.turn.runner import LocalRunner
from workflows.messages.results import AgentPin, AgentResult, AgentVersion, ExecutionMode
from workflows.messages.turns import TurnOutcome, TurnRequest
from workflows.task.cost import Cost

_log = structlog.get_logger(__name__)


class AgentCalls:
    """A `TurnRunner` over the registry.

    `give_up` says whether the live agent has had its tries; before, its error is raised, so that
    the caller may try again. `seconds_left` bounds a call besides the endpoint's own deadline.
    Inputs that cannot be read and versions that are not the pinned one are never answered by
    somebody else, a conversation that waits for people goes on with nobody but its own agent, and
    so does a turn that has acted. What acted is not kept as an answer for the next time.
    """

    def __init__(
        self,
        *,
        registry: Registry,
        client: A2AClient,
        local: LocalRunner,
        cache: ResponseCache,
        give_up: Callable[[], bool] = lambda: True,
        seconds_left: Callable[[], float] = lambda: inf,
        figures: CallFigures | None = None,
    ) -> None:
        self._registry = registry
        self._client = client
        self._local = local
        self._cache = cache
        self._give_up = give_up
        self._seconds_left = seconds_left
        self._figures = figures or NoFigures()

    async def run(self, request: TurnRequest, files: Sequence[bytes]) -> TurnOutcome:
        """See `TurnRunner`."""
        agent = self._registry.get(request.agent)
        asked = _asked_of(agent, request, request.pin)
        fresh = not request.session
        if fresh and (cached := await self._cached(agent, asked)) is not None:
            return self._aged(cached, cached.outcome.execution_mode, "From the cache")
        try:
            outcome = await self._live(agent, asked, files)
        except AgentError as error:
            final = isinstance(error, (BudgetUsedUp, UnusableInput, WrongVersion))
            if final or error.ran or not fresh or not self._give_up():
                raise
            found = await self._stand_in(agent, asked, files, error)
            return found.model_copy(update={"cost": error.cost.plus(found.cost)})
        if fresh and not outcome.ran:
            await self._keep(agent, asked, outcome)
        return outcome

    async def _cached(self, agent: Registration, asked: TurnRequest) -> Cached | None:
        """An answer of the agent as it is now; nothing when it cannot say what it is."""
        if not agent.cache_seconds:
            return None
        key = await self._key(agent, asked)
        found = await self._cache.get(key, agent.cache_seconds) if key else None
        self._figures.agent_cache(agent.name, CacheUse.HIT if found else CacheUse.MISS)
        return found

    async def _keep(self, agent: Registration, asked: TurnRequest, outcome: TurnOutcome) -> None:
        await self._cache.put(request_key(asked, shared=agent.share_cache), outcome)
        if agent.cache_seconds and (key := await self._key(agent, asked)):
            await self._cache.put(key, outcome)

    async def _key(self, agent: Registration, asked: TurnRequest) -> str:
        """Empty when the agent does not say what it is, or is not what is pinned."""
        try:
            version = await self._version(agent, asked)
        except AgentError:
            return ""
        if asked.pin.problem(agent.name, version, model=not asked.model):
            return ""
        return request_key(asked, version, shared=agent.share_cache)

    async def _version(self, agent: Registration, asked: TurnRequest) -> AgentVersion:
        if agent.endpoint is None:
            return self._local.version(asked)
        return await self._client.version(self._bounded(agent.endpoint))

    async def _live(
        self, agent: Registration, asked: TurnRequest, files: Sequence[bytes]
    ) -> TurnOutcome:
        if agent.endpoint is None:
            outcome = await self._local.run(asked, files)
        else:
            outcome = await self._client.run(asked, files, self._bounded(agent.endpoint))
        said = outcome.version or AgentVersion(name=agent.name)
        if problem := asked.pin.problem(agent.name, said):
            raise WrongVersion(problem).after(outcome.ran, outcome.cost)
        return outcome

    def _bounded(self, endpoint: Endpoint) -> Endpoint:
        seconds = min(endpoint.seconds, self._seconds_left())
        return endpoint.model_copy(update={"seconds": seconds})

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
        cached = await self._cache.get(request_key(request, shared=agent.share_cache), inf)
        if cached is not None and not _other_version(agent.name, request.pin, cached):
            self._figures.agent_cache(agent.name, CacheUse.LAST_GOOD)
            return self._aged(cached, ExecutionMode.FALLBACK, f"{error.sentence} Its last answer")
        return _prepared(agent, error)

    async def _other(
        self, other: Registration, request: TurnRequest, files: Sequence[bytes]
    ) -> TurnOutcome | None:
        try:
            asked = _asked_of(other, request, AgentPin())
            found = await self._live(other, asked, files)
        except AgentError:
            return None
        return found if found.result is not None else None

    def _aged(self, cached: Cached, mode: ExecutionMode, lead: str) -> TurnOutcome:
        again = cached.outcome.model_copy(update={"cost": Cost()})
        return _marked(again, mode, f"{lead}, {_age(self._cache.age(cached))} old.")


def _asked_of(agent: Registration, request: TurnRequest, pin: AgentPin) -> TurnRequest:
    """The request as this agent gets it; its own pin counts where the step has none."""
    pinned = pin.over(AgentPin(version=agent.version))
    return request.model_copy(update={"agent": agent.name, "pin": pinned})


def _other_version(agent: str, pin: AgentPin, cached: Cached) -> bool:
    said = cached.outcome.version or AgentVersion(name=agent)
    return bool(pin.problem(agent, said))


def _prepared(agent: Registration, error: AgentError) -> TurnOutcome:
    """The configured or the synthetic answer; the error itself when neither is allowed."""
    if agent.fallback is not None:
        reason = f"{error.sentence} The configured fallback stands in."
        made = TurnOutcome(result=agent.fallback)
        return _marked(made, ExecutionMode.FALLBACK, reason)
    if not agent.synthetic:
        raise error
    text = f"No result: {error.sentence} Nothing was examined; do not decide on this alone."
    made = TurnOutcome(result=AgentResult(summary=text[:600], full_text=text))
    return _marked(made, ExecutionMode.SYNTHETIC, f"{error.sentence} This answer is synthetic.")


def _marked(outcome: TurnOutcome, mode: ExecutionMode, reason: str) -> TurnOutcome:
    return outcome.model_copy(update={"execution_mode": mode, "reason": reason})


def _age(seconds: float) -> str:
    units = ((86_400, "d"), (3_600, "h"), (60, "min"))
    length, unit = next(((at, name) for at, name in units if seconds >= at), (1, "s"))
    return f"{seconds / length:.0f} {unit}"
