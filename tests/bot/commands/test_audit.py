"""`signoff audit`: verified, written out, and every row somebody touched named."""

import asyncio
import json
import re
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
from storage.audit.signing_keys import FILE, AuditKeyFile
from storage.database import create_engine, migrate
from storage.errors import AuditNotContinued
from tests.bot.commands.test_cli import SMALL, signoff
from workflows.messages.audit import AuditEntry, AuditKind

TEXT = SMALL.format(port=1) + '\n[storage]\nanchors = "elsewhere/heads.jsonl"\n'
VERIFIER = Path(__file__).parents[3] / "storage/audit"


@pytest.fixture
async def house(tmp_path: Path) -> Path:
    """An installation with four audited events: two raised, one approved, one sent back."""
    (tmp_path / ".signoff").mkdir()
    engine = create_engine(f"sqlite:///{tmp_path / '.signoff' / 'signoff.db'}")
    await migrate(engine)
    anchors = AnchorFile(tmp_path / "elsewhere" / "heads.jsonl")
    log = AuditLog(engine, AuditKeyFile(tmp_path / ".signoff" / FILE), anchors=anchors)
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
    """`signoff audit ...` in that installation."""
    return signoff(house, "audit", *arguments, text=TEXT)


def add_row(house: Path) -> None:
    """One more event, as a worker of this installation writes it."""

    async def add() -> None:
        engine = create_engine(f"sqlite:///{house / '.signoff' / 'signoff.db'}")
        anchors = AnchorFile(house / "elsewhere" / "heads.jsonl")
        log = AuditLog(engine, AuditKeyFile(house / ".signoff" / FILE), anchors=anchors)
        at = datetime(2026, 5, 2, tzinfo=UTC)
        try:
            await log.append(AuditEntry(id="more", at=at, kind=AuditKind.COMMENTED))
        finally:
            await engine.dispose()

    asyncio.run(add())


def change(house: Path, *statements: str) -> None:
    """What somebody with write access to the file can do."""
    with closing(sqlite3.connect(house / ".signoff" / "signoff.db")) as connection, connection:
        triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in triggers.fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)


def test_a_sound_log_is_said_to_be_sound(house: Path) -> None:
    """Exit code 0, the head, who signed what, and every row met its anchor."""
    done = audit(house, "verify")
    assert (done.returncode, done.stderr) == (0, "")
    assert "5 rows, sound, head 5:" in done.stdout
    key = AuditKeyFile(house / ".signoff" / FILE).ring().keys[0].id
    said = f"Rows 1-5 carry Ed25519 signatures, checked with {key}, a key known here."
    assert said in done.stdout
    told = json.loads(audit(house, "verify", "--json").stdout)
    assert (told["ok"], told["anchored"], told["signed"]) == (True, 5, True)
    assert told["stretches"] == [{"first": 1, "last": 5, "by": key, "known": True}]


def test_the_public_keys_are_for_others_and_change_when_asked(house: Path) -> None:
    """No private half is printed; a new key is signed by the old one, and the log stays sound."""
    first = audit(house, "key")
    [old] = json.loads(first.stdout)["keys"]
    assert old["began"]["seq"] == 1
    second = json.loads(audit(house, "key", "--rotate").stdout)["keys"]
    assert [one["began"]["seq"] for one in second] == [1, 6]
    private = AuditKeyFile(house / ".signoff" / FILE).ring().keys[1].private
    assert private is not None
    assert private not in first.stdout + json.dumps(second)
    add_row(house)
    assert "Row 7 carries an Ed25519 signature" in (done := audit(house, "verify")).stdout
    assert done.returncode == 0
    house.joinpath(".signoff", FILE).unlink()
    refused = audit(house, "key")
    assert (refused.returncode, refused.stderr) == (
        4,
        "No key signs the audit log yet: start Signoff once.\n",
    )


def test_after_an_end_that_nobody_signed_somebody_has_to_say_go_on(house: Path) -> None:
    """Writers and doctor refuse; `restart` goes on, and the row stays a problem for good."""
    change(house, "UPDATE audit_events SET mac = '' WHERE seq = 5")
    with pytest.raises(AuditNotContinued):
        add_row(house)
    assert "cannot be continued" in signoff(house, "doctor", text=TEXT).stdout
    done = audit(house, "restart")
    assert (done.returncode, "signs from here on" in done.stdout) == (0, True)
    add_row(house)
    said = audit(house, "verify")
    assert said.returncode == 1
    assert [line for line in said.stdout.splitlines() if line.startswith("row ")] == [
        f"row 5: is not signed with key {_first_key(said.stdout)}, as the row before it is"
    ]


def _first_key(said: str) -> str:
    found = re.search(r"Rows 1-4 carry Ed25519 signatures, checked with (\w+)", said)
    assert found is not None, said
    return found[1]


def test_a_worker_with_another_key_refuses_to_start(house: Path) -> None:
    """It names the file to copy, and leaves the log as it was."""
    kept = house / ".signoff" / FILE
    kept.rename(house / "away")
    tokens = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"}
    done = signoff(house, "worker", text=TEXT, **tokens)
    assert done.returncode == 3
    assert f"copy {FILE} from the storage folder of the machine that has it" in done.stderr
    assert not kept.exists()
    (house / "away").rename(kept)
    assert "5 rows, sound" in audit(house, "verify").stdout


@pytest.mark.parametrize(
    ("statements", "says"),
    [
        (["UPDATE audit_events SET actor = 'U2' WHERE seq = 3"], "row 3: content does not match"),
        (["DELETE FROM audit_events WHERE seq = 5"], "its end was cut off"),
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
    """The lines, the heads and the public key are enough for two files in an isolated Python."""
    away = tmp_path / "away"
    away.mkdir()
    assert audit(house, "export", "--out", str(away / "log.jsonl")).returncode == 0
    shutil.copy(VERIFIER / "verify.py", away)
    shutil.copy(VERIFIER / "signatures.py", away)
    (away / "keys.json").write_text(audit(house, "key").stdout, encoding="utf-8")
    shutil.copy(house / "elsewhere" / "heads.jsonl", away)
    command = [sys.executable, "-I", "-S", "verify.py", "log.jsonl", "--anchors", "heads.jsonl"]
    done = subprocess.run(
        [*command, "--public-keys", "keys.json", "--json"],
        cwd=away,
        capture_output=True,
        text=True,
        check=False,
    )
    told = json.loads(done.stdout)
    assert (done.returncode, told["rows"], told["anchored"]) == (0, 5, 5)
    lines = (away / "log.jsonl").read_text(encoding="utf-8").splitlines()
    (away / "log.jsonl").write_text("\n".join(lines[:4]), encoding="utf-8")
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
