"""What the journal of turns costs: `python -m benchmarks.turn_journal FOLDER`, on the disk to test.

A call of a tool is two entries, an answer of a model is one, the beginning of an attempt another.
"""

import asyncio
import json
import statistics
import sys
import time
from pathlib import Path

from agents.journal.entries import Begun, Ended, Said, written
from storage.turn_journal import TurnJournalFile

TIMES = 300
ARGUMENTS = {"to": "Ann Meyer", "amount": 120.5, "currency": "EUR", "reason": "invoice 17"}
ANSWER = {"order": "PO-0123456789ab", "to": "Ann Meyer", "amount": 120.5, "currency": "EUR"}


def entries(number: int) -> dict[str, list[bytes]]:
    """What one call leaves, by what was called."""
    key = f"{number:040d}"
    call = {"function_call": {"id": f"adk-{key}", "name": "order_payment", "args": ARGUMENTS}}
    content = {"role": "model", "parts": [call] * 3}
    return {
        "tool": [
            written(Begun(key=key, tool="order_payment", arguments=ARGUMENTS, call_id=key)),
            written(Ended(key=key, response=ANSWER)),
        ],
        "model": [written(Said(of=key + key, number=1, response={"content": content}))],
    }


async def main(folder: Path) -> None:
    """One JSON line."""
    kept = TurnJournalFile(folder / "turns.db")
    taken: dict[str, list[float]] = {"open": [], "tool": [], "model": []}
    size: dict[str, int] = {}
    for number in range(TIMES):
        started = time.perf_counter()
        attempt, _ = await kept.open(f"turn-{number}")
        taken["open"].append(time.perf_counter() - started)
        for what, written_ in entries(number).items():
            started = time.perf_counter()
            for entry in written_:
                await kept.add(f"turn-{number}", attempt, entry, first=True)
            taken[what].append(time.perf_counter() - started)
            size[what] = sum(map(len, written_))
    await kept.close()
    on_disk = sum(file.stat().st_size for file in folder.iterdir())
    figures = {what: _milliseconds(seconds) for what, seconds in taken.items()}
    print(json.dumps({"ms": figures, "bytes": size, "file_bytes_a_turn": on_disk // TIMES}))


def _milliseconds(seconds: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(seconds, n=100)
    return {"p50": round(cuts[49] * 1000, 2), "p99": round(cuts[98] * 1000, 2)}


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
