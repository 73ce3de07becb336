"""The environment of this process with `.env` below it: the one place that reads `os.environ`.

Nothing of ours writes to it: what a library needs is handed to its client object.
"""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from dotenv import dotenv_values

Environment = Mapping[str, str]


def read_environment(root: Path) -> Environment:
    """What is exported, over what `root/.env` says; exported as empty hides what `.env` says."""
    return {k: v for k, v in dotenv_values(root / ".env").items() if v} | os.environ


def child_environment(
    changes: Mapping[str, str] | None = None, hidden: Iterable[str] = ()
) -> dict[str, str]:
    """What a process of ours is started with: what is exported here, and `changes` over it.

    The secrets named in `hidden` are exported as empty, so that `.env` does not tell them either.
    """
    empty = {name: "" for secret in hidden for name in (secret, f"{secret}_FILE")}
    return os.environ | empty | dict(changes or {})


def secret(environment: Environment, name: str) -> str:
    """The value of `name`, or what stands in the file that `<name>_FILE` names; empty without.

    Raises ValueError, one sentence, when that file cannot be read.
    """
    if file := environment.get(f"{name}_FILE"):
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise ValueError(
                f"{name}_FILE: {file} cannot be read: check the path and who may read it."
            ) from None
    return environment.get(name, "").strip()
