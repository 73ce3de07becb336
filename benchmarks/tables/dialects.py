"""Random tables in random dialects, read back by our reader and by the defaults of others.

    python -m benchmarks.tables.dialects 20000            ours alone: `make dialects`
    python -m benchmarks.tables.dialects 500 --compare    and DuckDB, pandas and CleverCSV beside it

For the comparison: `uv pip install pandas clevercsv`. Nothing else here needs them.
"""

import argparse
import importlib
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import duckdb

from tests.agents.inputs.dialects import Case, random_case
from tests.agents.inputs.read_back import Verdict, differences, judged

Read = Callable[[Path], tuple[Sequence[str], Sequence[Sequence[Any]]]]
LEAST = 0.995
SHOWN = 20


def by_duckdb(path: Path) -> tuple[Sequence[str], Sequence[Sequence[Any]]]:
    """`read_csv` as it comes."""
    found = duckdb.connect().execute("SELECT * FROM read_csv(?)", [str(path)])
    return [column[0] for column in found.description or ()], found.fetchall()


def by_pandas(path: Path) -> tuple[Sequence[str], Sequence[Sequence[Any]]]:
    """`read_csv` as it comes."""
    return _frame(importlib.import_module("pandas").read_csv(path))


def by_clevercsv(path: Path) -> tuple[Sequence[str], Sequence[Sequence[Any]]]:
    """`read_dataframe`, which finds the dialect and leaves the types to pandas."""
    return _frame(importlib.import_module("clevercsv").read_dataframe(str(path)))


def _frame(frame: Any) -> tuple[Sequence[str], Sequence[Sequence[Any]]]:
    pandas = importlib.import_module("pandas")
    rows = [[_plain(v, pandas) for v in row] for row in frame.itertuples(index=False)]
    return [str(name) for name in frame.columns], rows


def _plain(value: Any, pandas: Any) -> Any:
    if pandas.isna(value):
        return None
    return value.item() if hasattr(value, "item") else value


def outcome(case: Case, read: Read, path: Path) -> Verdict:
    """Of a reader that says nothing of what it guessed."""
    try:
        names, rows = read(path)
    except Exception:  # noqa: BLE001 - whatever it raises, it has refused the file
        return Verdict.REFUSED
    plain = [" ".join(str(name).split()) for name in names]
    return Verdict.WRONG if differences(case, plain, rows) else Verdict.RIGHT


def main() -> int:
    """Print the figures; 1 below the least share, or when one is silently wrong."""
    parser = argparse.ArgumentParser()
    parser.add_argument("count", type=int, nargs="?", default=20_000)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--compare", action="store_true")
    asked = parser.parse_args()
    others: dict[str, Read] = (
        {"DuckDB": by_duckdb, "pandas": by_pandas, "CleverCSV": by_clevercsv}
        if asked.compare
        else {}
    )
    found: dict[str, Counter[Verdict]] = {name: Counter() for name in ("Signoff", *others)}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.csv"
        for seed in range(asked.first, asked.first + asked.count):
            case = random_case(seed)
            verdict, why = judged(case)
            found["Signoff"][verdict] += 1
            if verdict is not Verdict.RIGHT and found["Signoff"][verdict] <= SHOWN:
                print(f"seed {seed}: {verdict.value}: {why[:200]}", flush=True)
            path.write_bytes(case.content)
            for name, read in others.items():
                found[name][outcome(case, read, path)] += 1
    print(table(found, asked.count))
    ours = found["Signoff"]
    good = ours[Verdict.RIGHT] >= LEAST * asked.count and not ours[Verdict.WRONG]
    return 0 if good else 1


def table(found: dict[str, Counter[Verdict]], count: int) -> str:
    """As Markdown."""
    lines = [" | ".join(["reader", *(verdict.value for verdict in Verdict)])]
    lines.append(" | ".join("---" for _ in range(len(Verdict) + 1)))
    for name, counts in found.items():
        shares = (f"{100 * counts[verdict] / count:.2f} %" for verdict in Verdict)
        lines.append(" | ".join([name, *shares]))
    return "\n".join(f"| {line} |" for line in lines)


if __name__ == "__main__":
    sys.exit(main())
