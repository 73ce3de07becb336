#!/usr/bin/env python3
"""Verifies a Signoff audit log. Standard library only: copy this file and `signatures.py`
to where you trust them.

    python verify.py signoff.sqlite
    python verify.py export.jsonl --public-keys keys.json --anchors heads.jsonl
    python verify.py export.jsonl --head 1041:9f2c... --key-file audit.key

Exit code 0: sound. 1: tampered with, damaged or cut. 2: the question could not be asked.

How a row is hashed: a JSON object of the fields in FIELDS, keys sorted, no spaces, ASCII, where
`detail` is the canonical JSON *text* of the detail; `hash` is the sha256 of that. `previous` is the
hash of the row before, empty in row 1; `seq` counts from 1 without gaps.

What signs cannot be told from the log alone: give the public keys (`signoff audit key` writes them)
as you got them when you trusted that machine. A chain cannot show that its end was cut off, or that
an older copy was put back. Anchors can: heads (`{"seq": ..., "hash": ...}`, one JSON object a line)
that were kept elsewhere.
"""

import argparse
import hashlib
import hmac
import json
import sqlite3
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

try:
    from storage.audit.signatures import PublicKey, Signatures, Stretch, read_public_keys
except ImportError:  # the two files were copied elsewhere
    sys.path.append(str(Path(__file__).parent))
    from signatures import (  # type: ignore[import-not-found, no-redef]
        PublicKey,
        Signatures,
        Stretch,
        read_public_keys,
    )

FIELDS = (
    "actor",
    "approval_id",
    "at",
    "channel",
    "detail",
    "id",
    "kind",
    "previous",
    "revision",
    "run_id",
    "seq",
    "task_id",
    "workflow_id",
)
MOST_PROBLEMS = 100
_SQLITE = b"SQLite format 3\0"
_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


def row_hash(row: Mapping[str, Any]) -> str:
    """The sha256, in hex, of a row whose `detail` is canonical JSON text."""
    return hashlib.sha256(_encode({name: row[name] for name in FIELDS}).encode()).hexdigest()


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, and the sequence where it shows."""

    seq: int
    sentence: str


@dataclass(frozen=True)
class Report:
    """The verdict. `problems` holds the first hundred; `anchored` is the newest anchor met;
    `unsigned` counts rows without any signature, `signed` says that some signature was checked.
    """

    rows: int
    head_seq: int
    head_hash: str
    anchored: int
    signed: bool
    unsigned: int = 0
    problems: tuple[Problem, ...] = ()
    stretches: tuple[Stretch, ...] = ()

    @property
    def ok(self) -> bool:
        """Nothing was found."""
        return not self.problems


@dataclass
class Verifier:
    """Takes the rows in order with `add`, and gives the verdict with `finish`.

    `anchors` maps a sequence to the hashes seen for it. `key` is that of HMAC signatures. `trusted`
    are public keys by name: the first one in the log has to be among them, and where each is known
    to have begun, it has to begin there. Without them the log's own word is taken.
    """

    anchors: Mapping[int, set[str]] = field(default_factory=dict)
    key: bytes | None = None
    trusted: Mapping[str, PublicKey] | None = None
    rows: int = 0
    seq: int = 0
    previous: str = ""
    anchored: int = 0
    problems: list[Problem] = field(default_factory=list)

    def __post_init__(self) -> None:
        """The signatures have an account of their own."""
        self.signatures = Signatures(self._tell, self.key, self.trusted)

    def add(self, row: Mapping[str, Any]) -> None:
        """The next row, with `detail` as canonical JSON text. Raises nothing for bad rows."""
        self.rows += 1
        try:
            self._add(row)
        except (KeyError, TypeError, ValueError) as error:
            self._tell(self.seq + 1, f"row is unreadable ({error!r})")

    def finish(self) -> Report:
        """Compare the end with the anchors, and the keys with what is known of them."""
        newest = max(self.anchors, default=0)
        if newest > self.seq:
            self._tell(
                self.seq,
                f"the log ends at {self.seq}, but an anchor knows row {newest}: "
                "its end was cut off, or an older copy was put back",
            )
        self.signatures.finish()
        return Report(
            rows=self.rows,
            head_seq=self.seq,
            head_hash=self.previous,
            anchored=self.anchored,
            signed=self.signatures.checked,
            unsigned=self.signatures.unsigned,
            problems=tuple(self.problems),
            stretches=tuple(self.signatures.stretches),
        )

    def _add(self, row: Mapping[str, Any]) -> None:
        seq, digest = row["seq"], row["hash"]
        if type(seq) is not int or type(digest) is not str:
            raise TypeError("seq or hash")
        if seq != self.seq + 1:
            self._tell(seq, f"row {self.seq} is followed by row {seq}: rows are missing or moved")
        if row["previous"] != self.previous:
            self._tell(seq, "does not follow the row before: its `previous` is another hash")
        if not hmac.compare_digest(row_hash(row), digest):
            self._tell(seq, "content does not match its hash")
        self.signatures.add(row)
        self._check_anchor(seq, digest)
        self.seq, self.previous = seq, digest

    def _check_anchor(self, seq: int, digest: str) -> None:
        known = self.anchors.get(seq)
        if known is None:
            return
        if known == {digest}:
            self.anchored = seq
        else:
            self._tell(seq, "is not the row an anchor knows: history was replaced")

    def _tell(self, seq: int, sentence: str) -> None:
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(Problem(seq, sentence))


def verify(
    rows: Iterable[Mapping[str, Any]],
    anchors: Mapping[int, set[str]] | None = None,
    key: bytes | None = None,
    trusted: Mapping[str, PublicKey] | None = None,
) -> Report:
    """The verdict on rows in order; an unreadable source counts as damage."""
    verifier = Verifier(anchors=anchors or {}, key=key, trusted=trusted)
    try:
        for row in rows:
            verifier.add(row)
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        verifier.problems.append(Problem(verifier.seq + 1, f"the file is damaged ({error})"))
    return verifier.finish()


def sqlite_rows(path: Path) -> Iterator[Mapping[str, Any]]:
    """The rows of an audit database, opened read-only."""
    uri = f"{path.resolve().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        names = ", ".join((*FIELDS, "hash", "mac"))
        yield from connection.execute(f"SELECT {names} FROM audit_events ORDER BY seq")  # noqa: S608


def exported_rows(lines: Iterable[str]) -> Iterator[Mapping[str, Any]]:
    """The rows of an export: one JSON object a line, in the order of the file."""
    for line in lines:
        try:
            row = json.loads(line)
            detail = json.dumps(row["detail"], sort_keys=True, separators=(",", ":"))
        except (ValueError, KeyError, TypeError, RecursionError):
            yield {}
            continue
        yield {"mac": "", **row, "detail": detail}


def read_anchors(lines: Iterable[str]) -> dict[int, set[str]]:
    """Sequence -> hashes, from lines of JSON. Raises `ValueError` for a line that is none."""
    anchors: dict[int, set[str]] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            head = json.loads(line)
            anchors.setdefault(int(head["seq"]), set()).add(str(head["hash"]))
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"anchor line {number} is unreadable") from error
    anchors.pop(0, None)
    return anchors


def main(arguments: list[str] | None = None) -> int:
    """The command; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        report = _verify_file(options)
    except (OSError, ValueError, sqlite3.OperationalError) as error:
        sys.stderr.write(f"Cannot verify {options.file}: {error}\n")
        return 2
    sys.stdout.write("\n".join(as_json(report) if options.json else sentences(report)) + "\n")
    return 0 if report.ok else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Verify a Signoff audit log.")
    parser.add_argument("file", type=Path, help="the SQLite file, or an export in JSON Lines")
    parser.add_argument("--anchors", type=Path, help="heads kept elsewhere, in JSON Lines")
    parser.add_argument("--head", metavar="SEQ:HASH", help="one head you know")
    parser.add_argument("--public-keys", type=Path, help="what 'signoff audit key' wrote once")
    parser.add_argument("--key-file", type=Path, help="the audit key of HMAC signatures")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of sentences")
    return parser


def _verify_file(options: argparse.Namespace) -> Report:
    anchors: dict[int, set[str]] = {}
    if options.anchors:
        with options.anchors.open(encoding="utf-8") as lines:
            anchors = read_anchors(lines)
    if options.head:
        seq, _, digest = options.head.partition(":")
        anchors.setdefault(int(seq), set()).add(digest)
    key = options.key_file.read_bytes().strip() if options.key_file else None
    public = options.public_keys
    trusted = read_public_keys(public.read_text(encoding="utf-8")) if public else None
    with options.file.open("rb") as file:
        is_sqlite = file.read(len(_SQLITE)) == _SQLITE
    if is_sqlite:
        return verify(sqlite_rows(options.file), anchors, key, trusted)
    with options.file.open(encoding="utf-8") as lines:
        return verify(exported_rows(lines), anchors, key, trusted)


def as_json(report: Report) -> Iterator[str]:
    """One line, for programs."""
    yield json.dumps(
        {
            "ok": report.ok,
            "rows": report.rows,
            "head": {"seq": report.head_seq, "hash": report.head_hash},
            "anchored": report.anchored,
            "signed": report.signed,
            "unsigned": report.unsigned,
            "stretches": [vars(stretch) for stretch in report.stretches],
            "problems": [{"seq": p.seq, "sentence": p.sentence} for p in report.problems],
        }
    )


def sentences(report: Report) -> Iterator[str]:
    """A line for each problem, then the verdict."""
    for problem in report.problems:
        yield f"row {problem.seq}: {problem.sentence}"
    verdict = "sound" if report.ok else "NOT SOUND"
    yield f"{report.rows} rows, {verdict}, head {report.head_seq}:{report.head_hash}"
    yield from (stretch.sentence for stretch in report.stretches)
    if not report.anchored:
        yield "No anchor file: truncation can't be detected."


if __name__ == "__main__":
    sys.exit(main())
