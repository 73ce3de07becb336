"""What has to be right before a process runs agents of ours: their models' keys, their policy."""

from collections.abc import Iterable
from pathlib import Path

from agents.tool_policy.policies import ToolPolicies
from agents.tool_policy.rules import RuleEngine
from bot.config import extras
from bot.config.errors import ConfigurationError
from bot.config.settings import Settings

A2A, LOCAL, WORKFLOW = "a2a", "local", "workflow"


def model_problems(settings: Settings, runs: Iterable[str] = (A2A, LOCAL, WORKFLOW)) -> list[str]:
    """A sentence for each step that names a model nobody has a key for; `runs` picks the steps.

    Where agents run inside of this process and ADK is not installed, that is the one problem.
    """
    access, kinds = settings.model_access, set(runs)
    inside = any(use.run in kinds - {A2A} for use in settings.model_uses)
    if inside and not extras.has_agents():
        return [extras.missing("agents", "An agent with run = 'local' or 'workflow'")]
    if access.offline:
        return []
    return _without_price(settings) + [
        f"{use.place}: {use.model} cannot be asked. {missing}, name another model there (or "
        "'offline'), or set use = 'offline' under [models]."
        for use in settings.model_uses
        if use.run in kinds and use.model and (missing := access.lacking(use.model))
    ]


def _without_price(settings: Settings) -> list[str]:
    """A budget of money that nothing would ever count against."""
    if settings.models.knows_prices:
        return []
    return [
        f"{use.place}: its budget is money, and there is no price for {use.model}. Give prices in "
        f'[models."{use.model}"], or in a section by the version that answers to it.'
        for use in settings.model_uses
        if use.bound_by_money
    ]


def require_models(settings: Settings, *runs: str) -> None:
    """Raises ConfigurationError with the first of them."""
    for problem in model_problems(settings, runs):
        raise ConfigurationError(problem)


def tool_policies(settings: Settings) -> ToolPolicies:
    """The rule files, read; raises ConfigurationError for one that is missing or wrong."""
    wanted = settings.tool_policy
    own = {
        name: _engine(settings.root / file, f"tool_policy.agents.{name}")
        for name, file in wanted.agents.items()
    }
    general = _engine(settings.root / wanted.file, "tool_policy.file") if wanted.file.name else None
    return ToolPolicies(general, own)


def _engine(path: Path, where: str) -> RuleEngine:
    try:
        return RuleEngine.read(path)
    except ValueError as error:
        raise ConfigurationError(f"{where}: {error}") from None
