"""Tokens nobody had to make up: random, made at the first start, readable by their owner only."""

import os
import secrets
import tempfile
from pathlib import Path

from pydantic import SecretStr

from agents.http.loopback import on_loopback
from bot.config.errors import ConfigurationError
from bot.config.settings import Settings

AGENTS = "agents.token"
BYTES = 32


def agents_token(settings: Settings) -> SecretStr:
    """What our agents' server asks for, and what the worker sends it: `AGENTS_TOKEN`, else ours.

    Ours is for this machine: it goes to no other one.
    """
    configured = settings.secrets.agents_token
    if configured.get_secret_value() or not on_loopback(settings.agents_url):
        return configured
    return kept_token(settings.folder / AGENTS)


def kept_token(path: Path) -> SecretStr:
    """The token in this file; the first call makes it, with mode 0600.

    Processes that start at once agree on one. Raises ConfigurationError when the file cannot be
    read, or when other users may.
    """
    try:
        if not path.exists():
            _make(path)
        if path.stat().st_mode & 0o077:
            raise ConfigurationError(f"Other users may read {path}: run 'chmod 600 {path}'.")
        token = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read ({type(error).__name__}).") from None
    if not token:
        raise ConfigurationError(f"{path} is empty: remove it, and a new token is made.")
    return SecretStr(token)


def _make(path: Path) -> None:
    """Written beside, then linked into place: the first of several writers wins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".token-")  # mode 0600 from the start
    draft = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(BYTES))
        path.hardlink_to(draft)
    except FileExistsError:
        return
    finally:
        draft.unlink(missing_ok=True)
