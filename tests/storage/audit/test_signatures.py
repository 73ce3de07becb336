"""Who can write the database cannot sign: every way to take signatures away, or make others."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from storage.audit.anchors import AnchorFile
from storage.audit.events import Head
from storage.audit.export import json_lines
from storage.audit.log import AUDIT_EVENTS, AuditLog, Sign, chained
from storage.audit.signatures import STARTED, read_public_keys, row_mac
from storage.audit.signing_keys import AuditKey, AuditKeyFile, AuditKeyRing
from storage.audit.verify import Report, exported_rows, verify
from storage.database import create_engine, migrate
from storage.errors import AuditKeysUnusable, AuditNotContinued
from tests.storage.audit.test_log import an_event, drop_triggers, rows_of
from workflows.messages.audit import AuditEntry, AuditKind

Row = dict[str, Any]
OLD_KEY = b"an audit key"
BY_ITSELF = "for which only the log itself vouches"


@pytest.fixture
def log(engine: AsyncEngine, keys: AuditKeyFile) -> AuditLog:
    """A log of this installation, not begun."""
    return AuditLog(engine, keys)


async def filled(log: AuditLog, many: int = 12, name: str = "e") -> AuditLog:
    """With so many events more."""
    for number in range(many):
        await log.append(an_event(f"{name}{number}", actor="T1:U1"))
    return log


async def columns(engine: AsyncEngine) -> list[Row]:
    """The rows as they lie in the database."""
    async with engine.connect() as connection:
        query = AUDIT_EVENTS.select().order_by(AUDIT_EVENTS.c.seq)
        return [dict(row) for row in (await connection.execute(query)).mappings()]


async def replace(engine: AsyncEngine, rows: Iterable[Row]) -> None:
    """What somebody with the rights of the database's owner can do: put these in place."""
    async with engine.begin() as connection:
        await drop_triggers(connection.engine.dialect.name, connection)
        await connection.execute(text("DELETE FROM audit_events"))
        await connection.execute(AUDIT_EVENTS.insert(), list(rows))


def rebuilt(rows: Iterable[Row], mac: Sign | None = None) -> list[Row]:
    """The same rows with hashes that fit, signed by `mac` or by nobody."""
    chain: list[Row] = []
    for row in rows:
        head = Head(seq=chain[-1]["seq"], hash=chain[-1]["hash"]) if chain else Head(seq=0, hash="")
        chain.append(chained(row, head, mac))
    return chain


def changed(rows: Iterable[Row]) -> list[Row]:
    """Ten of them tell of somebody else."""
    return [{**row, "actor": "T1:MALLORY"} if 1 < row["seq"] <= 11 else row for row in rows]


def stripped(rows: list[Row]) -> list[Row]:
    """The attack that was called sound: no row is signed any more."""
    return rebuilt(changed(rows))


def signed_by_another(rows: list[Row]) -> list[Row]:
    """A key of the intruder's own, with a beginning of its own."""
    key = AuditKey.fresh()
    first = {**rows[0], "detail": json.dumps({"key": key.id, "public": key.public})}
    return rebuilt([first, *changed(rows)[1:]], key.sign)


def signed_with_what_it_was(rows: list[Row]) -> list[Row]:
    """The old signatures on other rows."""
    fresh = rebuilt(changed(rows))
    return [{**row, "mac": old["mac"]} for row, old in zip(fresh, rows, strict=True)]


def without_a_beginning(rows: list[Row]) -> list[Row]:
    """As if signing had not begun yet."""
    return stripped(rows[1:])


def emptied(rows: list[Row]) -> list[Row]:
    """One unsigned row is left."""
    return rebuilt(rows[:1])


@pytest.mark.parametrize(
    "attack",
    [stripped, signed_by_another, signed_with_what_it_was, without_a_beginning, emptied],
)
async def test_signatures_taken_away_are_found_and_nothing_honest_covers_that_up(
    engine: AsyncEngine,
    log: AuditLog,
    keys: AuditKeyFile,
    tmp_path: Path,
    attack: Callable[[list[Row]], list[Row]],
) -> None:
    """The writer refuses to sign what follows, in a sentence that names the way out.

    Neither this installation nor somebody with an export and the public keys calls it sound.
    """
    await filled(log)
    document = keys.ring().document()
    assert (await log.verify()).ok
    await replace(engine, attack(await columns(engine)))
    with pytest.raises(AuditNotContinued, match=r"signoff audit|copy audit-signing\.json"):
        await log.append(an_event("honest"))
    with pytest.raises(AuditNotContinued):
        await log.check()
    assert "honest" not in [row.id for row in await rows_of(log)]
    assert not (await log.verify()).ok
    lines = [line async for line in json_lines(log.rows())]
    assert not verify(exported_rows(lines), trusted=read_public_keys(document)).ok


async def test_an_honest_row_put_there_by_hand_makes_nothing_sound(
    engine: AsyncEngine, log: AuditLog, keys: AuditKeyFile
) -> None:
    """Even where a writer of ours would sign on: the beginning is known, and is missing."""
    await filled(log)
    rows = stripped(await columns(engine))
    honest = chained({**rows[-1], "id": "honest"}, _head(rows), keys.ring().keys[-1].sign)
    await replace(engine, [*rows, honest])
    report = await log.verify()
    assert not report.ok
    again = dict(honest, kind=STARTED, id="again")
    again["detail"] = json.dumps({"public": keys.ring().keys[-1].public})
    again = chained(again, _head(rows), keys.ring().keys[-1].sign)
    await replace(engine, [*rows, again])
    assert "is not the row with which key" in _said(await log.verify())


def _head(rows: list[Row]) -> Head:
    return Head(seq=rows[-1]["seq"], hash=rows[-1]["hash"])


def _said(report: Report) -> str:
    return " ".join(problem.sentence for problem in report.problems)


async def test_anchors_rewritten_along_do_not_help(
    engine: AsyncEngine, keys: AuditKeyFile, tmp_path: Path
) -> None:
    """The file of heads is changed to fit: what is signed is still not."""
    path = tmp_path / "heads.jsonl"
    log = await filled(AuditLog(engine, keys, anchors=AnchorFile(path)))
    assert (await log.verify()).anchored == 13
    rows = stripped(await columns(engine))
    await replace(engine, rows)
    assert "an anchor knows" in _said(await log.verify())
    path.write_text(
        "".join(json.dumps({"seq": row["seq"], "hash": row["hash"]}) + "\n" for row in rows)
    )
    assert (report := await log.verify()).anchored == 13
    assert not report.ok
    with pytest.raises(AuditNotContinued):
        await log.append(an_event("honest"))


async def test_signing_cannot_be_switched_off(engine: AsyncEngine, log: AuditLog) -> None:
    """A writer without keys is refused; an unsigned row put in between is told by its number."""
    await filled(log, 3)
    with pytest.raises(AuditNotContinued, match=r"audit-signing\.json"):
        await AuditLog(engine).append(an_event("bare"))
    rows = await columns(engine)
    await replace(engine, [*rows, chained({**rows[-1], "id": "bare"}, _head(rows))])
    with pytest.raises(AuditNotContinued, match="last row, 5, is not signed"):
        await log.append(an_event("honest"))
    [problem] = (await log.verify()).problems
    assert (problem.seq, "is not signed with key" in problem.sentence) == (5, True)


async def test_a_cut_off_end_shows_by_what_was_known(
    engine: AsyncEngine, log: AuditLog, keys: AuditKeyFile
) -> None:
    """Cut before a key began, the log ends with one that signs no more."""
    await filled(log, 3)
    await log.rotate()
    await log.append(an_event("after"))
    rows = await columns(engine)
    await replace(engine, rows[:4])
    with pytest.raises(AuditNotContinued, match="retired"):
        await log.append(an_event("honest"))
    assert "is not the row with which key" in _said(await log.verify())
    await replace(engine, rows)
    assert (await log.verify()).ok


async def test_an_empty_log_is_not_begun_again(engine: AsyncEngine, log: AuditLog) -> None:
    """Another database, or a very old copy: somebody has to say that this is wanted."""
    await filled(log, 3)
    async with engine.begin() as connection:
        await drop_triggers(connection.engine.dialect.name, connection)
        await connection.execute(text("DELETE FROM audit_events"))
    with pytest.raises(AuditNotContinued, match="it is empty, although signing began at row 1"):
        await log.begin()
    await log.restart()
    await log.append(an_event("after"))
    assert (await log.verify()).ok


async def test_a_machine_with_another_key_is_refused(
    engine: AsyncEngine, log: AuditLog, tmp_path: Path
) -> None:
    """It says which file to copy, writes nothing, and makes no key that would be in the way."""
    await filled(log, 3)
    theirs = AuditKeyFile(tmp_path / "other" / "audit-signing.json")
    other = AuditLog(engine, theirs)
    with pytest.raises(AuditNotContinued, match=r"copy audit-signing\.json"):
        await other.begin()
    assert not (tmp_path / "other").exists()
    theirs.write(AuditKeyRing(keys=(AuditKey.fresh(),)))
    with pytest.raises(AuditNotContinued, match=r"copy audit-signing\.json"):
        await other.append(an_event("theirs"))
    assert len(await rows_of(log)) == 4
    theirs.write(log._keys.ring())  # type: ignore[union-attr]
    await other.append(an_event("theirs"))
    assert (await log.verify()).ok


async def test_the_old_key_signs_the_new_one_and_nothing_else(
    engine: AsyncEngine, log: AuditLog, keys: AuditKeyFile
) -> None:
    """Its private half is gone; rows of it after that are told; who only knows it verifies on."""
    await filled(log, 2)
    old, document = keys.ring().keys[-1], keys.ring().document()
    await log.rotate()
    await filled(log, 2, "later")
    assert [key.private is None for key in keys.ring().keys] == [True, False]
    report = await log.verify()
    assert [(one.first, one.last) for one in report.stretches] == [(1, 4), (5, 6)]
    assert report.ok
    rows = await columns(engine)
    assert verify(rows, trusted=read_public_keys(document)).ok
    late = chained({**rows[-1], "id": "late"}, _head(rows), old.sign)
    [problem] = verify([*rows, late], trusted=keys.ring().public()).problems
    assert (problem.seq, f"key {old.id}, where" in problem.sentence) == (7, True)


async def test_what_a_crash_left_unsaid_is_made_good(log: AuditLog, keys: AuditKeyFile) -> None:
    """Killed after the row was kept and before the file said so: at a beginning, at a rotation."""
    await filled(log, 1)
    begun = keys.ring()
    keys.write(AuditKeyRing(keys=(begun.keys[0].model_copy(update={"began": None}),)))
    await log.append(an_event("more"))
    assert keys.ring() == begun
    await log.rotate()
    done = keys.ring()
    unsaid = done.keys[-1].model_copy(update={"began": None})
    keys.write(AuditKeyRing(keys=(begun.keys[0], unsaid)))
    await log.append(an_event("still more"))
    assert keys.ring() == done
    keys.write(done.with_key(AuditKey.fresh()))  # killed before the row was kept
    await log.append(an_event("and more"))
    await log.rotate()
    assert len(keys.ring().keys) == 3
    assert (await log.verify()).ok


async def test_a_log_with_hmac_signatures_goes_on(engine: AsyncEngine, keys: AuditKeyFile) -> None:
    """Old rows verify with the audit key; what was checked and what not is said for each part."""
    await filled(AuditLog(engine), 3)
    rows = await columns(engine)
    old = rebuilt(rows, lambda digest: row_mac(OLD_KEY, digest))
    await replace(engine, [*rows[:1], *rebuilt(rows)[1:1], *old[1:]])
    log = await filled(AuditLog(engine, keys, OLD_KEY), 2, "new")
    report = await log.verify()
    assert report.ok
    key = keys.ring().keys[-1].id
    assert [one.sentence for one in report.stretches] == [
        "Row 1 carries no signature: who wrote it is not proven.",
        "Rows 2-3 carry HMAC signatures, checked with the audit key.",
        f"Rows 4-6 carry Ed25519 signatures, checked with {key}, a key known here.",
    ]
    without = verify(await columns(engine))
    assert without.ok
    assert [one.sentence for one in without.stretches][1:] == [
        "Rows 2-3 carry HMAC signatures, not checked: no audit key.",
        f"Rows 4-6 carry Ed25519 signatures, checked with {key}, a key {BY_ITSELF}.",
    ]


async def test_signing_does_not_begin_on_a_log_that_is_not_sound(
    engine: AsyncEngine, keys: AuditKeyFile
) -> None:
    """The same attack on the old signatures, made before signing began; restart says so openly."""
    await filled(AuditLog(engine), 3)
    rows = rebuilt(await columns(engine), lambda digest: row_mac(OLD_KEY, digest))
    await replace(engine, [*rows[:2], {**rows[2], "mac": ""}])
    log = AuditLog(engine, keys, OLD_KEY)
    with pytest.raises(AuditNotContinued, match="row 3: carries no signature"):
        await log.begin()
    assert len(await rows_of(log)) == 3
    await log.restart()
    await log.append(an_event("after"))
    report = await log.verify()
    assert [problem.seq for problem in report.problems] == [3]


async def test_a_lost_key_is_replaced_openly(
    engine: AsyncEngine, log: AuditLog, keys: AuditKeyFile, tmp_path: Path
) -> None:
    """`restart` goes on with a new key, and vouches for the old ones; others see that it did."""
    await filled(log, 2)
    document = keys.ring().document()
    other = AuditLog(engine, AuditKeyFile(tmp_path / "new" / "audit-signing.json"))
    await other.restart()
    await other.append(an_event("after"))
    assert (await other.verify()).ok
    assert "starts again, without key" in _said(
        verify(await columns(engine), trusted=read_public_keys(document))
    )


async def test_nobody_else_writes_rows_about_keys(log: AuditLog) -> None:
    """An entry of a workflow cannot introduce a key."""
    for kind in (AuditKind.SIGNING_STARTED, AuditKind.SIGNING_KEY_CHANGED):
        with pytest.raises(ValueError, match="by the log itself"):
            await log.append(AuditEntry(id="x", at=an_event().at, kind=kind))


@pytest.mark.parametrize("mac", ["ed25519:", "ed25519:ab", "ed25519:ab:zz", "x", "ed25519::::"])
async def test_a_strange_signature_is_a_problem_and_no_crash(
    engine: AsyncEngine, log: AuditLog, mac: str
) -> None:
    """For the verifier, and for the writer."""
    await filled(log, 2)
    rows = await columns(engine)
    await replace(engine, [*rows[:-1], {**rows[-1], "mac": mac}])
    assert not (await log.verify()).ok
    with pytest.raises(AuditNotContinued):
        await log.append(an_event("honest"))


def test_the_keys_are_their_owners_alone(tmp_path: Path) -> None:
    """Mode 0600; open to others they are refused with a sentence, junk is, too."""
    path = tmp_path / "audit-signing.json"
    file = AuditKeyFile(path)
    file.write(AuditKeyRing(keys=(AuditKey.fresh(),)))
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o640)
    with pytest.raises(AuditKeysUnusable, match="chmod 600"):
        file.ring()
    path.chmod(0o600)
    for junk in ("", "{}x", '{"keys": [{"public": "00"}]}'):
        path.write_text(junk)
        with pytest.raises(AuditKeysUnusable, match="holds no keys of ours"):
            file.ring()


@pytest.mark.parametrize("where", ["below the first row", "another row's id"])
async def test_an_event_is_not_taken_for_kept_because_somebody_put_its_id_there(
    engine: AsyncEngine, log: AuditLog, where: str
) -> None:
    """Whoever can write the database, and knows which event comes, would keep it out so."""
    await filled(log)
    rows = await columns(engine)
    planted = [*rows]
    if where == "below the first row":
        planted.append({**rows[-1], "seq": -5, "id": "coming"})
    else:
        planted[3] = {**rows[3], "id": "coming"}
    await replace(engine, planted)
    with pytest.raises(AuditNotContinued, match="is not as it was written"):
        await log.append(an_event("coming", actor="T1:U1"))
    await replace(engine, rows)
    await log.append(an_event("coming", actor="T1:U1"))
    assert (await log.verify()).ok


async def test_a_trigger_that_swallows_rows_is_noticed(tmp_path: Path, keys: AuditKeyFile) -> None:
    """SQLite then says that all went well."""
    engine = create_engine(f"sqlite:///{tmp_path / 'swallowing.db'}")
    await migrate(engine)
    log = await filled(AuditLog(engine, keys))
    async with engine.begin() as connection:
        await connection.execute(
            text(
                "CREATE TRIGGER swallow BEFORE INSERT ON audit_events WHEN NEW.actor = 'T1:EVE' "
                "BEGIN SELECT RAISE(IGNORE); END"
            )
        )
    await log.append(an_event("honest", actor="T1:U1"))
    with pytest.raises(AuditNotContinued, match="does not keep row"):
        await log.append(an_event("eve", actor="T1:EVE"))
    await engine.dispose()
