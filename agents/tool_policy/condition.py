"""A condition over a tool call, in CEL: no loops, no side effects, bounded time."""

from collections.abc import Mapping
from typing import Any

import cel

VARIABLES = frozenset({"args", "tool", "agent", "user", "destructive"})


class Condition:
    """Compiled once; raises ValueError for CEL that is no CEL, or that uses unknown names."""

    def __init__(self, source: str) -> None:
        self._program = cel.compile(source)
        unknown = set(self._program.variables()) - VARIABLES - _bound(source)
        if unknown:
            raise ValueError(
                f"unknown name {min(unknown)!r}; there are {', '.join(sorted(VARIABLES))}"
            )

    def holds(self, values: Mapping[str, Any]) -> bool | None:
        """True or false; nothing when it fails (an argument is missing) or is no truth value."""
        try:
            found = self._program.execute(dict(values))
        except Exception:  # noqa: BLE001 (CEL raises many kinds; each means "cannot be judged")
            return None
        return found if isinstance(found, bool) else None


def _bound(source: str) -> set[str]:
    """Names bound by the macros: the `x` in `args.items.exists(x, x > 3)`."""
    found: set[str] = set()
    for macro in (".exists(", ".all(", ".exists_one(", ".filter(", ".map("):
        for part in source.split(macro)[1:]:
            found.add(part.partition(",")[0].strip())
    return found
