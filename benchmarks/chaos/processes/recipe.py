"""How one process is started, and how it shows that it is ready."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from benchmarks.chaos.processes.readiness import Ready


@dataclass(frozen=True)
class Recipe:
    """`user` is set where the process must not be ours."""

    name: str
    command: tuple[str, ...]
    ready: Ready
    environment: Mapping[str, str] = field(default_factory=dict)
    user: str | None = None
