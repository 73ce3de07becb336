"""The local ADK agents, imported when they are first needed: ADK takes seconds to import."""

import asyncio
import importlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import structlog

from agents.catalogue import LocalAgent, find
from agents.errors import AgentError, AgentFailed
from agents.held_turn import journal_of
from agents.policy import PolicyEngine
from agents.turn_journal import MemoryJournal, TurnJournal
from agents.turn_locks import TurnLocks
from workflows.results import AgentVersion
from workflows.turns import TurnOutcome, TurnRequest

if TYPE_CHECKING:
    from agents.turns import Turn

_log = structlog.get_logger(__name__)


class LocalAgents:
    """Runs the agents of `agents/<name>/` in this process.

    `offline` picks the offline model for requests that name no model. A request's model
    `offline/...` means the offline model of the agent that is asked. `policy` judges every tool
    call of every agent, before the agent's own policy does. `journal` knows what attempts before
    did; without one, those of other processes are not known.
    """

    def __init__(
        self,
        *,
        offline: bool,
        policy: PolicyEngine | None = None,
        journal: TurnJournal | None = None,
    ) -> None:
        self._offline = offline
        self._policy = policy
        self._journal = journal or MemoryJournal()
        self._locks = TurnLocks()
        self._importing: asyncio.Task[Any] | None = None

    async def warm(self) -> None:
        """Import ADK, once, beside whatever else is going on."""
        if self._importing is None:
            self._importing = asyncio.create_task(
                asyncio.to_thread(importlib.import_module, "agents.turns")
            )
        await asyncio.shield(self._importing)

    async def run(self, request: TurnRequest, files: Sequence[bytes]) -> TurnOutcome:
        """See `TurnRunner`."""
        about = find(request.agent)
        model = self._model(about, request)
        await self.warm()
        turn: type[Turn] = importlib.import_module("agents.turns").Turn
        asked = request.model_copy(update={"model": model})
        async with self._locks.alone(journal_of(asked)):
            return await _told(turn(about, asked, files, self._plugins(), self._journal))

    def version(self, request: TurnRequest) -> AgentVersion:
        """See `LocalRunner`."""
        about = find(request.agent)
        return about.version_running(self._model(about, request))

    def _model(self, about: LocalAgent, request: TurnRequest) -> str:
        model = request.model or (about.offline_model if self._offline else about.model)
        return about.offline_model if model.partition("/")[0] == "offline" else model

    def _plugins(self) -> list[Any]:
        if self._policy is None:
            return []
        return [importlib.import_module("agents.security_plugin").SecurityPlugin(self._policy)]


async def _told(turn: "Turn") -> TurnOutcome:
    """The outcome; an error says as well which tool calls were made before it."""
    try:
        return await turn.run()
    except AgentError as error:
        error.after(turn.ran())
        raise
    except Exception as error:
        if not turn.ran():
            raise
        _log.exception("turn_broke", agent=turn.name)
        broke = AgentFailed(f"{turn.name} failed unexpectedly; its log says why.")
        raise broke.after(turn.ran()) from error
