"""The agent that ADK's own command line finds in a folder: `adk run`, `adk web`, `adk test`.

The product never asks here: it passes the model with each request.
"""

import tomllib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TypeVar

from google.adk.workflow import BaseNode

from agents.catalogue import CATALOGUE, LocalAgent
from agents.environment import read_environment
from agents.models.access import ModelAccess
from agents.models.settings import ModelKeys, ModelSettings, usual_names
from agents.samples.offline import register

Node = TypeVar("Node", bound=BaseNode)
SETTINGS = "signoff.toml"


def command_line_agent(agent: LocalAgent, build: Callable[..., Node]) -> Node:
    """`build`'s agent on the model that settings, `.env` and environment allow.

    They are those of the folder the command is started in; it may open the files below it.
    """
    register()
    here = Path.cwd()
    models = _access(here)
    root = build(models.chosen(agent.model, agent.offline_model), folder=here)
    if not models.offline and not models.lacking(agent.model):
        from agents.models.live import equip_for_good  # noqa: PLC0415 - it takes a while to load

        equip_for_good(root, models)
    return root


@cache
def _access(folder: Path) -> ModelAccess:
    """Raises ValueError with a sentence for settings that cannot be used."""
    environment = read_environment(folder)
    said = usual_names(environment)
    if (folder / SETTINGS).is_file():
        data = tomllib.loads((folder / SETTINGS).read_text(encoding="utf-8"))
        said |= data.get("models", {})
    wanted = [agent.model for agent in CATALOGUE.values()]
    settings = ModelSettings.model_validate(said)
    return ModelAccess.decided(settings, ModelKeys.of(environment, settings), wanted)
