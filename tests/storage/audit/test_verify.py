"""The stand-alone verifier: what is sound, and every way it was tampered with."""

import json
import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from storage.audit.events import Head
from storage.audit.log import chained, row_values
from storage.audit.verify import (
    FIELDS,
    Report,
    exported_rows,
    main,
    row_hash,
    row_mac,
    sqlite_rows,
    verify,
)
from tests.storage.conftest import FULL
from workflows.messages.audit import AuditEntry, AuditKind

PLACES = 1_000 if FULL else 40
ROWS = 150
KEY = b"audit key"
SOURCE = Path(__file__).parents[3] / "storage/audit/verify.py"
Row = dict[str, Any]
NAMES = (*FIELDS, "hash", "mac")


def build(many: int, key: bytes | None = KEY, salt: str = "") -> list[Row]:
    """A sound log of so many rows."""
    rows: list[Row] = []
    head = Head(seq=0, hash="")
    at = datetime(2026, 1, 1, tzinfo=UTC)
    for number in range(many):
        event = AuditEntry(
            id=f"{salt}e{number}",
            at=at + timedelta(seconds=number),
            kind=list(AuditKind)[number % len(AuditKind)],
            task_id=f"t{number // 7}",
            approval_id=f"a{number // 3}",
            actor=f"U{number % 5}",
            via="slack",
            detail={"comment": f"números {number}", "n": number / 8},
        )
        row = chained(row_values(event), head, key)
        rows.append(row)
        head = Head(seq=row["seq"], hash=row["hash"])
    return rows


def anchors_of(rows: list[Row]) -> dict[int, set[str]]:
    """Every head of the log, as an anchor file keeps them."""
    return {row["seq"]: {row["hash"]} for row in rows}


def write_sqlite(path: Path, rows: list[Row]) -> None:
    """The same table as the migration makes, without triggers: the intruder's own copy."""
    with closing(sqlite3.connect(path)) as connection, connection:
        columns = ", ".join(NAMES)
        connection.execute(f"CREATE TABLE audit_events ({columns})")
        marks = ", ".join(f":{name}" for name in NAMES)
        connection.executemany(f"INSERT INTO audit_events ({columns}) VALUES ({marks})", rows)


def export(rows: list[Row]) -> list[str]:
    """The lines of an export."""
    return [
        json.dumps({**row, "detail": "@"}).replace('"detail": "@"', f'"detail": {row["detail"]}')
        for row in rows
    ]


def flip(rows: list[Row], dice: random.Random) -> list[Row]:
    """One character of one field of one row."""
    rows = [dict(row) for row in rows]
    row = dice.choice(rows)
    name = dice.choice(NAMES)
    value = row[name]
    if isinstance(value, int):
        row[name] = value ^ (1 << dice.randrange(12))
        return rows
    at = dice.randrange(len(value) + 1)
    other = dice.choice([c for c in "0123456789abcdef" if c != value[at : at + 1]])
    row[name] = value[:at] + other + value[at + 1 :]
    return rows


def delete(rows: list[Row], dice: random.Random) -> list[Row]:
    """One row away."""
    at = dice.randrange(len(rows))
    return rows[:at] + rows[at + 1 :]


def insert(rows: list[Row], dice: random.Random) -> list[Row]:
    """One row more: a copy, or one well made in itself that follows the row before."""
    at = dice.randrange(len(rows))
    head = Head(seq=rows[at]["seq"], hash=rows[at]["hash"])
    event = AuditEntry(id="new", at=datetime(2026, 1, 2, tzinfo=UTC), kind=AuditKind.DECIDED)
    key = dice.choice([KEY, b"guess"]) if at + 1 < len(rows) else b"guess"
    row = dice.choice([dict(rows[at]), chained(row_values(event), head, key)])
    return [*rows[: at + 1], row, *rows[at + 1 :]]


def reorder(rows: list[Row], dice: random.Random) -> list[Row]:
    """Two rows in each other's place, and with each other's sequence."""
    first, second = dice.sample(range(len(rows)), 2)
    rows = [dict(row) for row in rows]
    rows[first], rows[second] = rows[second], rows[first]
    rows[first]["seq"], rows[second]["seq"] = rows[second]["seq"], rows[first]["seq"]
    return rows


def truncate(rows: list[Row], dice: random.Random) -> list[Row]:
    """The end away, from anywhere on."""
    return rows[: dice.randrange(len(rows))]


def restore(rows: list[Row], dice: random.Random) -> list[Row]:
    """An older copy put back, with other events written since, under the right key."""
    old = rows[: dice.randrange(len(rows) - 1)]
    head = Head(seq=old[-1]["seq"], hash=old[-1]["hash"]) if old else Head(seq=0, hash="")
    for number in range(dice.randrange(1, 5)):
        event = AuditEntry(id=f"later{number}", at=datetime(2026, 2, 1, tzinfo=UTC), kind="shown")
        row = chained(row_values(event), head, KEY)
        old = [*old, row]
        head = Head(seq=row["seq"], hash=row["hash"])
    return old


@dataclass(frozen=True)
class Log:
    """A sound log, and its anchors."""

    rows: list[Row]
    anchors: dict[int, set[str]]


@pytest.fixture(scope="module")
def log() -> Log:
    """A sound log of 150 signed rows."""
    rows = build(ROWS)
    return Log(rows, anchors_of(rows))


@pytest.mark.parametrize("source", ["sqlite", "export"])
@pytest.mark.parametrize("tamper", [flip, delete, insert, reorder, truncate, restore])
def test_tampering_is_found(
    log: Log,
    tamper: Callable[[list[Row], random.Random], list[Row]],
    source: str,
    tmp_path: Path,
) -> None:
    """Each kind of tampering at random places (1,000 in the full run) is found, with no miss."""
    dice = random.Random(f"{tamper.__name__} {source}")
    missed = 0
    for place in range(PLACES):
        rows = tamper(log.rows, dice)
        report = check(source, tmp_path / f"{place}.sqlite", rows, log.anchors)
        missed += report.ok
    assert missed == 0


def check(source: str, path: Path, rows: list[Row], anchors: dict[int, set[str]]) -> Report:
    """Verify these rows from a file of that kind."""
    if source == "export":
        return verify(exported_rows(export(rows)), anchors, KEY)
    write_sqlite(path, rows)
    try:
        return verify(sqlite_rows(path), anchors, KEY)
    finally:
        path.unlink()


@pytest.mark.parametrize("source", ["sqlite", "export"])
def test_a_sound_log_is_sound(log: Log, source: str, tmp_path: Path) -> None:
    """No false alarm, from the database file and from an export."""
    report = check(source, tmp_path / "a.sqlite", log.rows, log.anchors)
    assert (report.ok, report.rows, report.anchored, report.signed) == (True, ROWS, ROWS, True)


def test_a_forged_chain_is_found_by_the_key_or_an_anchor() -> None:
    """Somebody who writes a whole new chain is found by either; by neither, they are not."""
    forged = build(20, key=b"guess", salt="forged")
    anchors = anchors_of(build(20))
    assert verify(forged).ok
    assert not verify(forged, key=KEY).ok
    assert not verify(forged, anchors).ok


def test_each_check_alone_finds_its_fault() -> None:
    """Without key and anchors: a row replaced by a well-made one, and a number left out."""
    rows = build(9, key=None)
    event = AuditEntry(id="other", at=datetime(2026, 1, 2, tzinfo=UTC), kind=AuditKind.DECIDED)
    replaced = chained(row_values(event), Head(seq=4, hash=rows[3]["hash"]))
    [problem] = verify([*rows[:4], replaced, *rows[5:]]).problems
    assert (problem.seq, "does not follow" in problem.sentence) == (6, True)
    skipped = chained(row_values(event), Head(seq=10, hash=rows[8]["hash"]))
    [problem] = verify([*rows, skipped]).problems
    assert (problem.seq, "missing or moved" in problem.sentence) == (11, True)


def test_anchors_that_contradict_each_other_are_told(log: Log) -> None:
    """Two hashes for one row: history was replaced once, and put back or not."""
    both = {**log.anchors, 7: log.anchors[7] | {"0" * 64}}
    [problem] = verify(log.rows, both, KEY).problems
    assert (problem.seq, "an anchor knows" in problem.sentence) == (7, True)


def test_a_key_may_come_later() -> None:
    """Rows from before the first signature are vouched for by it; afterwards none may lack it."""
    rows = build(10, key=None)
    head = Head(seq=10, hash=rows[-1]["hash"])
    event = AuditEntry(id="signed", at=datetime(2026, 1, 2, tzinfo=UTC), kind=AuditKind.SHOWN)
    signed = chained(row_values(event), head, KEY)
    report = verify([*rows, signed], key=KEY)
    assert (report.ok, report.signed, report.unsigned) == (True, True, 10)
    after = chained(
        row_values(event.model_copy(update={"id": "bare"})), Head(seq=11, hash=signed["hash"]), None
    )
    assert not verify([*rows, signed, after], key=KEY).ok
    assert not verify(rows, key=KEY).ok
    assert not verify([{**rows[0], "actor": "X"}, *rows[1:], signed], key=KEY).ok


def test_damage_to_the_file_is_told_as_damage(log: Log, tmp_path: Path) -> None:
    """Bytes overwritten in the database file are a problem, or lie where no row is."""
    path = tmp_path / "a.sqlite"
    write_sqlite(path, log.rows)
    data = path.read_bytes()
    dice = random.Random(7)
    found = 0
    for place in range(4096, len(data), 512):
        path.write_bytes(data[:place] + dice.randbytes(64) + data[place + 64 :])
        report = verify(sqlite_rows(path), log.anchors, KEY)
        found += not report.ok
        assert not report.ok or [dict(row) for row in sqlite_rows(path)] == log.rows
    assert found > 50


def test_moved_lines_are_found(log: Log) -> None:
    """Two lines of an export in each other's place."""
    lines = export(log.rows)
    lines[3], lines[9] = lines[9], lines[3]
    assert not verify(exported_rows(lines), log.anchors, KEY).ok


@pytest.mark.parametrize("line", ["", "{", "[]", "null", '{"detail": 1}', "[" * 100_000, "\ud800"])
def test_unreadable_lines_are_problems(log: Log, line: str) -> None:
    """Junk between the lines of an export is found, whatever it is."""
    lines = export(log.rows)
    assert not verify(exported_rows([*lines[:3], line, *lines[3:]])).ok


def test_the_command_says_what_it_found(
    log: Log, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit codes 0, 1 and 2, with a sentence each."""
    path, heads = tmp_path / "export.jsonl", tmp_path / "heads.jsonl"
    path.write_text("\n".join(export(log.rows)))
    heads.write_text(
        "".join(json.dumps({"seq": r["seq"], "hash": r["hash"]}) + "\n" for r in log.rows)
    )
    assert main([str(path), "--anchors", str(heads)]) == 0
    assert "150 rows, sound" in capsys.readouterr().out
    assert main([str(path), "--head", f"{ROWS + 1}:{'0' * 64}"]) == 1
    assert "cut off" in capsys.readouterr().out
    assert main([str(tmp_path / "nothing.sqlite")]) == 2
    assert "Cannot verify" in capsys.readouterr().err
    heads.write_text("junk\n")
    assert main([str(path), "--anchors", str(heads)]) == 2
    assert "anchor line 1" in capsys.readouterr().err


def test_one_file_is_enough(log: Log, tmp_path: Path) -> None:
    """`verify.py`, copied elsewhere, runs in an isolated Python without any package."""
    database, copy, key = tmp_path / "a.sqlite", tmp_path / "verify.py", tmp_path / "key"
    write_sqlite(database, log.rows)
    copy.write_text(SOURCE.read_text())
    key.write_bytes(KEY + b"\n")
    options = ["-I", "-S", str(copy), str(database), "--key-file", str(key), "--json"]
    done = subprocess.run(
        [sys.executable, *options], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["rows"] == ROWS


def test_a_million_rows_are_verified_within_a_minute(capsys: pytest.CaptureFixture[str]) -> None:
    """A million signed rows take at most 60 s (50,000 in the reduced run, at the same pace)."""
    many = 1_000_000 if FULL else 50_000
    started = time.perf_counter()
    report = verify(_long_log(many), key=KEY)
    seconds = time.perf_counter() - started
    with capsys.disabled():
        sys.stdout.write(f"\nverify: {many} rows made and verified in {seconds:.1f} s\n")
    assert (report.ok, report.rows) == (True, many)
    assert seconds <= max(10, 60 * many / 1_000_000)


def _long_log(many: int) -> Iterator[Row]:
    """Rows made on the way, so that memory does not grow with them."""
    [row] = build(1)
    for seq in range(1, many + 1):
        values = {**row, "id": f"e{seq}", "previous": row["hash"] if seq > 1 else "", "seq": seq}
        row = _seal(values)
        yield row


def _seal(values: Row) -> Row:
    digest = row_hash(values)
    return {**values, "hash": digest, "mac": row_mac(KEY, digest)}
