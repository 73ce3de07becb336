"""Answers of agents, kept in memory over disk."""

import asyncio
import hashlib
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import time

from cachetools import LRUCache
from pydantic import Field, ValidationError

from workflows.messages.base import Frozen
from workflows.messages.results import AgentVersion
from workflows.messages.turns import TurnOutcome, TurnRequest

MOST_IN_MEMORY = 256
MOST_ON_DISK = 2_000


class Cached(Frozen):
    """An answer. `stored_at` is seconds since 1970."""

    stored_at: float = Field(ge=0)
    outcome: TurnOutcome


def request_key(
    request: TurnRequest, version: AgentVersion | None = None, *, shared: bool = False
) -> str:
    """The same for the same question to the same agent; per requester unless `shared`.

    `version` is what the agent says it is; without it the key stands for any version.
    """
    said = version.model_dump(mode="json") if version else None
    return _digest([*_question(request, shared=shared), said])


class ResponseCache:
    """An LRU in memory over one file per answer in `folder`; without a folder, memory only.

    `clock` gives seconds since 1970.
    """

    def __init__(self, folder: Path | None = None, clock: Callable[[], float] = time) -> None:
        self._folder = folder
        self._clock = clock
        self._memory: LRUCache[str, Cached] = LRUCache(MOST_IN_MEMORY)

    async def get(self, key: str, seconds: float) -> Cached | None:
        """An answer at most `seconds` old; a damaged file is no answer."""
        found = self._memory.get(key)
        if found is None and self._folder is not None:
            found = await asyncio.to_thread(_read, self._path(key))
        if found is None or self._clock() - found.stored_at > seconds:
            return None
        self._memory[key] = found
        return found

    async def put(self, key: str, outcome: TurnOutcome) -> None:
        """Keep a result; questions are never kept."""
        if outcome.result is None:
            return
        made = Cached(stored_at=self._clock(), outcome=outcome)
        self._memory[key] = made
        if self._folder is not None:
            await asyncio.to_thread(_write, self._path(key), made)

    def age(self, cached: Cached) -> float:
        """Seconds since it was stored."""
        return max(0.0, self._clock() - cached.stored_at)

    def _path(self, key: str) -> Path:
        assert self._folder is not None
        return self._folder / f"{key}.json"


def _question(request: TurnRequest, *, shared: bool) -> list[object]:
    return [
        request.agent,
        request.step,
        "" if shared else request.requester,
        [(file.name, file.media_type, file.sha256) for file in request.inputs],
        [earlier.model_dump(mode="json") for earlier in request.earlier],
        request.feedback.model_dump(mode="json") if request.feedback else None,
        request.model,
        request.temperature,
    ]


def _digest(parts: list[object]) -> str:
    canonical = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _read(path: Path) -> Cached | None:
    try:
        return Cached.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def _write(path: Path, made: Cached) -> None:
    """Whole or not at all; the oldest files go when there are too many."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(made.model_dump_json())
    Path(name).replace(path)
    kept = sorted(path.parent.glob("*.json"), key=lambda item: item.stat().st_mtime)
    for old in kept[:-MOST_ON_DISK]:
        old.unlink(missing_ok=True)
