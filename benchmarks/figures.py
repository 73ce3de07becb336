"""Figures, one JSON object per line, each beside its floor and its target."""

import json
import math
import statistics
from collections.abc import Iterable, Sequence
from typing import Any

Json = dict[str, Any]


def quantile(values: Iterable[float], share: float) -> float:
    """The smallest value that `share` of all values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def spread(rounds: Sequence[Sequence[float]]) -> Json:
    """Median of the rounds' medians, p99 of everything, both in milliseconds."""
    everything = [value for one in rounds for value in one]
    return {
        "p50_ms": _ms(statistics.median(statistics.median(one) for one in rounds)),
        "p99_ms": _ms(quantile(everything, 0.99)),
        "n": len(everything),
    }


def beside(figure: Json, floor: Sequence[float]) -> Json:
    """The figure with its floor (seconds), and the ratio of the medians."""
    floor_ms = _ms(statistics.median(floor))
    figure |= {"floor_p50_ms": floor_ms, "floor_p99_ms": _ms(quantile(floor, 0.99))}
    return figure | {"ratio": round(figure["p50_ms"] / max(floor_ms, 0.1), 2)}


def say(name: str, figure: Json) -> None:
    """Print one line."""
    print(json.dumps({"name": name, **figure}), flush=True)


def _ms(seconds: float) -> float:
    return round(seconds * 1_000, 1)
