"""Agents of somebody's own: what `[agents.<name>]` says of them, and their import at the start."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from agents.catalogue import CATALOGUE, LocalAgent
from bot.config import extras
from bot.config.errors import ConfigurationError

if TYPE_CHECKING:
    from bot.config.sections.agents import AgentSettings
    from bot.config.settings import Settings

_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")
_TAKEN = frozenset({"user", "health"})
"""ADK's name for whoever asks, and the path of the agents' server."""


def agent_problem(name: str, agent: "AgentSettings") -> str:
    """What is wrong with one table of agents; empty when nothing is."""
    theirs = bool(agent.folder.name or agent.model)
    problems = {
        "run = 'workflow' is for our own agents only; take 'local' or 'a2a'": (
            agent.run == "workflow" and name not in CATALOGUE
        ),
        "folder and model belong to a module; name that, too": theirs and not agent.module,
        "give it a url, where it is served over A2A, or the module of an ADK agent": not (
            agent.module or agent.url or name in CATALOGUE
        ),
        "it has a url and a module; keep the one that is meant": agent.module and agent.url,
        f"the name is taken by Signoff's own '{name}'; call yours something else": agent.module
        and name in {*CATALOGUE, *_TAKEN},
        "its name needs lower-case letters, digits and _, 31 at most, a letter first": agent.module
        and not _NAME.fullmatch(name),
    }
    return next((problem for problem, there in problems.items() if there), "")


def own_agents(agents: Mapping[str, "AgentSettings"], root: Path) -> dict[str, LocalAgent]:
    """Those with a module, not imported yet; `root` is where relative folders begin."""
    return {
        name: LocalAgent(
            name=name,
            title=name.replace("_", " ").capitalize(),
            description=f"An agent of yours, {agent.module}.",
            model=agent.model,
            tags=("own",),
            version=agent.version or "1.0.0",
            module=agent.module,
            folder=str((root / agent.folder).resolve()),
        )
        for name, agent in agents.items()
        if agent.module
    }


def unknown_agent(agent: str, configured: Iterable[str]) -> str:
    """What is wrong with the agent a step names; empty when somebody has it."""
    known = sorted({*CATALOGUE, *configured})
    if agent in known or agent.startswith("https://"):
        return ""
    return (
        f"there is no agent called '{agent}'. There are {', '.join(known)}; yours needs its "
        f"[agents.{agent}] with a url or a module"
    )


def imported(settings: "Settings", *runs: str) -> dict[str, LocalAgent]:
    """Those that are run in one of these ways, imported; takes seconds when there are any.

    Raises ConfigurationError for one that cannot be, and for one that a step needs and that has no
    model to ask.
    """
    wanted = {name: about for name, about in settings.own.items() if _run(settings, name) in runs}
    if not wanted:
        return {}
    extras.require_agents("agents", "An agent with a module")
    from agents.own_agent import own_agent  # noqa: PLC0415 - loads ADK, which takes seconds

    found = {}
    for name, about in wanted.items():
        try:
            found[name] = own_agent(about).about
        except ValueError as error:
            raise ConfigurationError(f"agents.{name}: {error}") from None
    for use in settings.model_uses:
        if use.agent in found:
            _require_model(settings, use.place, use.model or found[use.agent].model)
    return found


def _require_model(settings: "Settings", place: str, model: str) -> None:
    """Nothing answers in its place while models are offline."""
    access = settings.model_access
    if access.offline and access.settings.route(model).provider:
        missing = access.lacking(model) or "Set use = 'live' under [models]"
        raise ConfigurationError(
            f"{place}: its agent is yours, and has no answers without {model}. {missing}, or take "
            f"the step out. {access.sentence}"
        )


def _run(settings: "Settings", name: str) -> str:
    return settings.agents[name].run
