"""The local ADK agents, imported when they are first needed: ADK takes seconds to import."""

import asyncio
import importlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import structlog

from agents.catalogue import LocalAgent, find
from agents.errors import AgentError, AgentFailed
from agents.journal.held_turn import journal_of
from agents.journal.journal import MemoryJournal, TurnJournal
from agents.journal.locks import TurnLocks
from agents.models.access import ModelAccess
from agents.tool_policy.engine import PolicyEngine
from agents.tool_policy.policies import ToolPolicies
from workflows.messages.results import AgentVersion
from workflows.messages.turns import TurnOutcome, TurnRequest

if TYPE_CHECKING:
    from agents.runtime.turns import Turn

_log = structlog.get_logger(__name__)


class LocalAgents:
    """Runs the agents of `agents/samples/<name>/`, and `own`, in this process.

    `models` says which model answers, and holds its key. Without it, `offline` picks the offline
    model, and what needs a key is refused. A request's model `offline` means the offline model of
    the agent that is asked. `policy` judges every tool call, before the agent's own policy does:
    one engine for all agents, or one for each. `journal` knows what attempts before did; without
    one, those of other processes are not known. `own` are agents besides the catalogue's.
    """

    def __init__(
        self,
        *,
        models: ModelAccess | None = None,
        offline: bool = False,
        policy: PolicyEngine | ToolPolicies | None = None,
        journal: TurnJournal | None = None,
        own: Mapping[str, LocalAgent] | None = None,
    ) -> None:
        self._own = own or {}
        self._models = models or ModelAccess.without_keys(offline=offline)
        self._policies = policy if isinstance(policy, ToolPolicies) else ToolPolicies(policy)
        self._journal = journal or MemoryJournal()
        self._locks = TurnLocks()
        self._importing: asyncio.Task[Any] | None = None

    async def warm(self) -> None:
        """Import ADK, once, beside whatever else is going on."""
        if self._importing is None:
            self._importing = asyncio.create_task(
                asyncio.to_thread(importlib.import_module, "agents.runtime.turns")
            )
        await asyncio.shield(self._importing)

    async def run(self, request: TurnRequest, files: Sequence[bytes]) -> TurnOutcome:
        """See `TurnRunner`."""
        about = find(request.agent, self._own)
        model = self._model(about, request)
        await self.warm()
        turn: type[Turn] = importlib.import_module("agents.runtime.turns").Turn
        asked = request.model_copy(update={"model": model})
        plugins = self._plugins(about.name)
        async with self._locks.alone(journal_of(asked)):
            return await _told(
                turn(about, asked, files, plugins, self._journal, models=self._models)
            )

    def version(self, request: TurnRequest) -> AgentVersion:
        """See `LocalRunner`."""
        about = find(request.agent, self._own)
        return about.version_running(self._model(about, request))

    def _model(self, about: LocalAgent, request: TurnRequest) -> str:
        named = request.model or about.model
        return named if about.module else self._models.chosen(named, about.offline_model)

    def _plugins(self, agent: str) -> list[Any]:
        engine = self._policies.of(agent)
        if engine is None:
            return []
        plugin = importlib.import_module("agents.tool_policy.plugin").SecurityPlugin
        return [plugin(engine, name="signoff_tool_policy")]


async def _told(turn: "Turn") -> TurnOutcome:
    """The outcome; an error says as well which tool calls were made before it."""
    try:
        return await turn.run()
    except AgentError as error:
        error.after(turn.ran(), turn.cost())
        raise
    except Exception as error:
        if not turn.ran() and not turn.cost().turn.calls:
            raise
        _log.exception("turn_broke", agent=turn.name)
        broke = AgentFailed(f"{turn.name} failed unexpectedly; its log says why.")
        raise broke.after(turn.ran(), turn.cost()) from error
