"""What is installed on request only: how it is recognised, and the sentence when it is missing."""

from importlib.util import find_spec

from bot.config.errors import ConfigurationError

_OF_AGENTS = ("duckdb", "google.adk")


def has_agents() -> bool:
    """Whether what our agents are made of is installed; nothing of it is imported."""
    return all(find_spec(module) for module in _OF_AGENTS)


def missing(extra: str, what: str) -> str:
    """What to do, for whoever installed a package or works in a checkout."""
    return (
        f"{what} needs packages that are not installed: install signoff[{extra}], or run "
        "'make install' in a checkout."
    )


def require_agents(extra: str, what: str) -> None:
    """Raises ConfigurationError without them."""
    if not has_agents():
        raise ConfigurationError(missing(extra, what))
