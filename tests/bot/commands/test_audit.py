"""`signoff audit`: verified, written out, and every row somebody touched named."""

import json
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from google.adk.evaluation.eval_set import EvalSet

from storage.audit.anchors import AnchorFile
from storage.audit.log import AuditLog
from storage.database import create_engine, migrate
from tests.bot.commands.test_cli import SMALL, signoff
from workflows.messages.audit import AuditEntry, AuditKind

KEY = "a key of the audit log"
TEXT = SMALL.format(port=1) + '\n[storage]\nanchors = "elsewhere/heads.jsonl"\n'
VERIFIER = Path(__file__).parents[3] / "storage/audit/verify.py"


@pytest.fixture
async def house(tmp_path: Path) -> Path:
    """An installation with four audited events: two raised, one approved, one sent back."""
    (tmp_path / ".signoff").mkdir()
    (tmp_path / "key").write_text(KEY + "\n", encoding="utf-8")
    engine = create_engine(f"sqlite:///{tmp_path / '.signoff' / 'signoff.db'}")
    await migrate(engine)
    anchors = AnchorFile(tmp_path / "elsewhere" / "heads.jsonl")
    log = AuditLog(engine, KEY.encode(), anchors)
    raised = {"agent": "analysis", "input": ["sales.csv"], "result": {"summary": "Up 10 %."}}
    said = {"verdict": "approve", "comment": "Clear."}
    sent = {
        "verdict": "request_changes",
        "comment": "Which month?",
        "edit": {"summary": "Up 12 %."},
    }
    for number, (kind, approval, detail) in enumerate(
        [
            (AuditKind.RAISED, "t.analysis", raised),
            (AuditKind.DECIDED, "t.analysis", said),
            (AuditKind.RAISED, "t.report", raised),
            (AuditKind.DECIDED, "t.report", sent),
        ]
    ):
        event = AuditEntry(
            id=f"e{number}",
            at=datetime(2026, 5, 1, 9, number, tzinfo=UTC),
            kind=kind,
            approval_id=approval,
            actor="U1",
            detail=detail,
        )
        await log.append(event)
    await engine.dispose()
    return tmp_path


def audit(house: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`signoff audit ...` in that installation, with its key from a file."""
    key = {"AUDIT_KEY_FILE": str(house / "key")}
    return signoff(house, "audit", *arguments, text=TEXT, **key)


def change(house: Path, *statements: str) -> None:
    """What somebody with write access to the file can do."""
    with closing(sqlite3.connect(house / ".signoff" / "signoff.db")) as connection, connection:
        triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in triggers.fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)


def test_a_sound_log_is_said_to_be_sound(house: Path) -> None:
    """Exit code 0, the head, and every row met its anchor."""
    done = audit(house, "verify")
    assert (done.returncode, done.stderr) == (0, "")
    assert "4 rows, sound, head 4:" in done.stdout
    told = json.loads(audit(house, "verify", "--json").stdout)
    assert (told["ok"], told["anchored"], told["signed"]) == (True, 4, True)


@pytest.mark.parametrize(
    ("statements", "says"),
    [
        (["UPDATE audit_events SET actor = 'U2' WHERE seq = 2"], "row 2: content does not match"),
        (["DELETE FROM audit_events WHERE seq = 4"], "its end was cut off"),
    ],
)
def test_tampering_is_said_and_exits_with_one(
    house: Path, statements: list[str], says: str
) -> None:
    """The row and what is wrong with it; a cut-off end shows by the anchors."""
    change(house, *statements)
    done = audit(house, "verify")
    assert done.returncode == 1
    assert says in done.stdout
    assert "NOT SOUND" in done.stdout


def test_an_export_is_verified_far_from_us(house: Path, tmp_path: Path) -> None:
    """The lines, the heads and the key are enough for one file in an isolated Python."""
    away = tmp_path / "away"
    away.mkdir()
    assert audit(house, "export", "--out", str(away / "log.jsonl")).returncode == 0
    shutil.copy(VERIFIER, away)
    shutil.copy(house / "elsewhere" / "heads.jsonl", away)
    command = [sys.executable, "-I", "-S", "verify.py", "log.jsonl", "--anchors", "heads.jsonl"]
    done = subprocess.run(
        [*command, "--key-file", str(house / "key"), "--json"],
        cwd=away,
        capture_output=True,
        text=True,
        check=False,
    )
    told = json.loads(done.stdout)
    assert (done.returncode, told["rows"], told["anchored"]) == (0, 4, 4)
    lines = (away / "log.jsonl").read_text(encoding="utf-8").splitlines()
    (away / "log.jsonl").write_text("\n".join(lines[:3]), encoding="utf-8")
    assert subprocess.run(command, cwd=away, capture_output=True, check=False).returncode == 1


def test_what_people_decided_becomes_an_evaluation_set(house: Path) -> None:
    """ADK reads it: result, verdict, feedback and edit of each approval."""
    done = audit(house, "export", "--as", "evalset")
    cases = {case.eval_id: case for case in EvalSet.model_validate_json(done.stdout).eval_cases}
    good, sent = cases["t.analysis-v0"], cases["t.report-v0"]
    assert [case.session_input.state["verdict"] for case in (good, sent) if case.session_input] == [
        "approve",
        "request_changes",
    ]
    texts = [
        case.conversation[0].final_response.parts[0].text  # type: ignore[index,union-attr]
        for case in (good, sent)
    ]
    assert texts == ["Up 10 %.", "Up 12 %."]
    assert "Which month?" in done.stdout
