"""The stand-alone verifier: what is sound, and every way it was tampered with."""

import json
import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.audit import signatures
from storage.audit.events import Head
from storage.audit.log import OF_KEYS, Sign, chained, row_values
from storage.audit.signatures import STARTED, PublicKey, row_mac
from storage.audit.signing_keys import AuditKey
from storage.audit.verify import (
    FIELDS,
    Report,
    exported_rows,
    main,
    row_hash,
    sqlite_rows,
    verify,
)
from tests.storage.conftest import FULL
from workflows.messages.audit import AuditEntry, AuditKind

PLACES = 1_000 if FULL else 40
ROWS = 150
KEY = b"audit key"
SOURCES = Path(__file__).parents[3] / "storage/audit"
SIGNING = AuditKey.fresh()
Row = dict[str, Any]
NAMES = (*FIELDS, "hash", "mac")


def by(key: bytes | AuditKey | None) -> Sign | None:
    """What makes a row's `mac`."""
    if isinstance(key, bytes):
        return lambda digest: row_mac(key, digest)
    return key.sign if key is not None else None


def begun(key: AuditKey) -> Row:
    """The first row of a log that was signed from its start."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    detail = {"key": key.id, "public": key.public}
    event = AuditEntry(id="begun", at=at, kind=AuditKind(STARTED), detail=detail)
    return chained(row_values(event), Head(seq=0, hash=""), key.sign)


def build(many: int, key: bytes | AuditKey | None = KEY, salt: str = "") -> list[Row]:
    """A sound log of so many rows."""
    rows = [begun(key)] if isinstance(key, AuditKey) else []
    head = Head(seq=1, hash=rows[0]["hash"]) if rows else Head(seq=0, hash="")
    at = datetime(2026, 1, 1, tzinfo=UTC)
    kinds = [kind for kind in AuditKind if kind not in OF_KEYS]
    for number in range(many - len(rows)):
        event = AuditEntry(
            id=f"{salt}e{number}",
            at=at + timedelta(seconds=number),
            kind=kinds[number % len(kinds)],
            task_id=f"t{number // 7}",
            approval_id=f"a{number // 3}",
            actor=f"U{number % 5}",
            via="slack",
            detail={"comment": f"números {number}", "n": number / 8},
        )
        row = chained(row_values(event), head, by(key))
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
    keys: list[bytes | AuditKey] = [KEY, b"guess", SIGNING, AuditKey.fresh()]
    key = dice.choice(keys) if at + 1 < len(rows) else b"guess"
    row = dice.choice([dict(rows[at]), chained(row_values(event), head, by(key))])
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
        key = SIGNING if ":" in rows[0]["mac"] else KEY
        row = chained(row_values(event), head, by(key))
        old = [*old, row]
        head = Head(seq=row["seq"], hash=row["hash"])
    return old


@dataclass(frozen=True)
class Log:
    """A sound log, and its anchors."""

    rows: list[Row]
    anchors: dict[int, set[str]]


TRUSTED = {SIGNING.id: PublicKey(bytes.fromhex(SIGNING.public))}


@pytest.fixture(scope="module", params=[KEY, SIGNING], ids=["hmac", "ed25519"])
def log(request: pytest.FixtureRequest) -> Log:
    """A sound log of 150 signed rows, of either kind."""
    rows = build(ROWS, request.param)
    return Log(rows, anchors_of(rows))


def judged(rows: Iterable[Mapping[str, Any]], anchors: dict[int, set[str]] | None = None) -> Report:
    """The verdict of whoever has both keys: nothing is signed by nobody."""
    report = verify(rows, anchors, KEY, TRUSTED)
    known = [one for one in report.problems if "with the keys that are known" not in one.sentence]
    return replace(report, problems=tuple(known))


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
        return judged(exported_rows(export(rows)), anchors)
    write_sqlite(path, rows)
    try:
        return judged(sqlite_rows(path), anchors)
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
    [problem] = judged(log.rows, both).problems
    assert (problem.seq, "an anchor knows" in problem.sentence) == (7, True)


def test_a_key_may_come_later() -> None:
    """Rows from before the first signature are vouched for by it; afterwards none may lack it."""
    rows = build(10, key=None)
    head = Head(seq=10, hash=rows[-1]["hash"])
    event = AuditEntry(id="signed", at=datetime(2026, 1, 2, tzinfo=UTC), kind=AuditKind.SHOWN)
    signed = chained(row_values(event), head, by(KEY))
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
        report = judged(sqlite_rows(path), log.anchors)
        found += not report.ok
        assert not report.ok or [dict(row) for row in sqlite_rows(path)] == log.rows
    assert found > 50


def test_moved_lines_are_found(log: Log) -> None:
    """Two lines of an export in each other's place."""
    lines = export(log.rows)
    lines[3], lines[9] = lines[9], lines[3]
    assert not judged(exported_rows(lines), log.anchors).ok


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


def test_two_files_are_enough(log: Log, tmp_path: Path) -> None:
    """Copied elsewhere, they run in an isolated Python without any package, and find a change."""
    database, away = tmp_path / "a.sqlite", tmp_path / "away"
    away.mkdir()
    for name in ("verify.py", "signatures.py"):
        (away / name).write_text((SOURCES / name).read_text())
    rows = log.rows[:40]
    write_sqlite(database, rows)
    (tmp_path / "key").write_bytes(KEY + b"\n")
    began = {"seq": 1, "hash": log.rows[0]["hash"]}
    keys = {"keys": [{"public": SIGNING.public, "began": began}]}
    (tmp_path / "keys.json").write_text(json.dumps(keys))
    is_old = ":" not in rows[0]["mac"]
    known = ["--key-file", "key"] if is_old else ["--public-keys", "keys.json"]
    command = [sys.executable, "-I", "-S", str(away / "verify.py"), "a.sqlite", *known, "--json"]

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)

    done = run()
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["rows"] == len(rows)
    with closing(sqlite3.connect(database)) as connection, connection:
        changed = f"substr(mac, 1, {len(rows[7]['mac']) - 2}) || '00'"
        connection.execute(f"UPDATE audit_events SET mac = {changed} WHERE seq = 8")
    [problem] = json.loads(run().stdout)["problems"]
    assert (problem["seq"], "signature does not match" in problem["sentence"]) == (8, True)


@given(st.binary(max_size=200), st.integers(0, 511))
@settings(max_examples=200 if FULL else 20, deadline=None)
def test_our_own_ed25519_is_that_of_the_library(text: bytes, bit: int) -> None:
    """What `cryptography` signed verifies without it; with any bit changed it does not."""
    key = Ed25519PrivateKey.generate()
    public, signature = key.public_key().public_bytes_raw(), key.sign(text)
    assert signatures._is_signed(public, signature, text)
    changed = bytearray(signature)
    changed[bit // 8] ^= 1 << bit % 8
    assert not signatures._is_signed(public, bytes(changed), text)
    assert not signatures._is_signed(public, signature, text + b"\0")


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
