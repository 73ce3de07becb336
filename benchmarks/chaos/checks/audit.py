"""The audit log, read from outside: the database itself, and the verifier as a process."""

import asyncio
import json
import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from benchmarks.chaos.processes.postgres import programs
from benchmarks.chaos.processes.site import ROOT

Json = dict[str, Any]

_ROWS = "SELECT row_to_json(a) FROM audit_events a ORDER BY seq"


class AuditError(Exception):
    """The audit log could not be read."""


async def read(database: str, state: Path, export: Path) -> list[Json]:
    """Every row in order, `detail` as an object; also written to `export`, one a line."""
    rows = await _postgres(database) if database else _sqlite(state / "signoff.db")
    for row in rows:
        row["detail"] = json.loads(row["detail"])
    export.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return rows


async def verified(export: Path) -> str:
    """Empty when the chain is sound, else what the verifier says."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(ROOT / "storage/audit/verify.py"), str(export)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return "" if process.returncode == 0 else said.decode()


def _sqlite(path: Path) -> list[Json]:
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
        database.row_factory = sqlite3.Row
        return [dict(row) for row in database.execute("SELECT * FROM audit_events ORDER BY seq")]


async def _postgres(url: str) -> list[Json]:
    folder = programs()
    beside = folder / "psql" if folder else Path("psql")
    psql = str(beside) if beside.exists() else shutil.which("psql")
    if psql is None:
        raise AuditError("There is no 'psql' to read the audit log with.")
    process = await asyncio.create_subprocess_exec(
        *(psql, url, "--no-psqlrc", "--tuples-only", "--no-align", "--command", _ROWS),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, trouble = await process.communicate()
    if process.returncode:
        raise AuditError(trouble.decode())
    return [json.loads(line) for line in said.decode().splitlines() if line]
