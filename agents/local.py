"""The local ADK agents, imported when they are first needed: ADK takes seconds to import."""

import asyncio
import importlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from agents.catalogue import LocalAgent, find
from agents.policy import PolicyEngine
from workflows.results import AgentVersion
from workflows.turns import TurnOutcome, TurnRequest

if TYPE_CHECKING:
    from agents.turns import Turn


class LocalAgents:
    """Runs the agents of `agents/<name>/` in this process.

    `offline` picks the offline model for requests that name no model. A request's model
    `offline/...` means the offline model of the agent that is asked. `policy` judges every tool
    call of every agent, before the agent's own policy does.
    """

    def __init__(self, *, offline: bool, policy: PolicyEngine | None = None) -> None:
        self._offline = offline
        self._policy = policy
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
        return await turn(about, asked, files, self._plugins()).run()

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
