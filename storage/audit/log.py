"""The audit log: append-only rows in the database, each chained to the one before by its hash."""

import contextlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    MetaData,
    Row,
    Select,
    Table,
    Text,
    insert,
    select,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from storage.audit.anchors import AnchorFile
from storage.audit.canonical import canonical
from storage.audit.events import AuditRow, Head
from storage.audit.signatures import CHANGED, STARTED, PublicKey, introduced
from storage.audit.signing_keys import AuditKey, AuditKeyFile, AuditKeyRing, Beginning
from storage.audit.verify import Report, Verifier, row_hash
from storage.database import whole, writing
from storage.errors import AuditNotContinued, DatabaseUnavailable
from workflows.messages.audit import AuditEntry, AuditKind

Sign = Callable[[str], str]
OF_KEYS = (AuditKind.SIGNING_STARTED, AuditKind.SIGNING_KEY_CHANGED)
PAGE = 1_000
LONGEST_NAME = 1_000
_NAMES = ("id", "task_id", "approval_id", "workflow_id", "run_id", "actor")
_LOWEST = -(2**63)  # a row put in below the first one is seen too
AUDIT_EVENTS = Table(
    "audit_events",
    MetaData(),
    Column("seq", BigInteger, primary_key=True),
    *(Column(name, Text) for name in ("id", "at", "kind", "task_id", "approval_id")),
    Column("revision", BigInteger),
    *(Column(name, Text) for name in ("workflow_id", "run_id", "actor", "channel", "detail")),
    *(Column(name, Text) for name in ("previous", "hash", "mac")),
)
_T = AUDIT_EVENTS.c


class AuditLog:
    """Appends and reads events; any number of processes may append to one log at once.

    With `keys` each row is signed, and signing begins with a row of its own. `hmac_key` verifies
    rows from before that. With `anchors` each new head is also written there, after the commit.
    Every method raises `DatabaseUnavailable` when the database does not answer, and those that
    write `AuditNotContinued` when nobody here signed the end of the log.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        keys: AuditKeyFile | None = None,
        hmac_key: bytes | None = None,
        anchors: AnchorFile | None = None,
    ) -> None:
        self._engine = engine
        self._keys = keys
        self._hmac_key = hmac_key
        self._anchors = anchors

    async def append(self, *entries: AuditEntry) -> int:
        """Keep the entries, all or none; returns the last one's sequence. Durable when it returns.

        Sequences count from 1. An `id` that is already there changes nothing and has the sequence
        of its row. With anchors, `DiskFull` says that the rows are kept but not all anchors are:
        appending them again writes the anchors. Raises `ValueError` for the kinds that tell of
        keys: those are the log's own.
        """
        if any(entry.kind in OF_KEYS for entry in entries):
            raise ValueError("rows about keys are written by the log itself")
        heads = await self._write([row_values(entry) for entry in entries])
        return heads[-1].seq if heads else 0

    async def begin(self) -> None:
        """Begin signing where that has not been done, and see that this log may be continued."""
        await self._write([])

    async def check(self) -> None:
        """See that this log may be continued; writes nothing."""
        if self._keys is None:
            return
        try:
            async with self._engine.connect() as connection:
                self._keys.ring().after(await _last(connection))
        except (SQLAlchemyError, OSError) as error:
            raise DatabaseUnavailable(_complaint(error)) from error

    async def rotate(self) -> AuditKeyRing:
        """Sign with a new key from here on; the old one says which, and signs nothing after."""
        await self.begin()
        return await self._introduce(CHANGED)

    async def restart(self) -> AuditKeyRing:
        """Go on from an end that nobody here signed, with a new key; the row says so itself.

        Vouches for the keys of the log as they are now: see what `verify` says first.
        """
        return await self._introduce(STARTED)

    async def rows(self) -> AsyncIterator[AuditRow]:
        """Every row, oldest first, read in pages."""
        async for page in self._pages():
            for row in page:
                yield _row(row)

    async def verify(self) -> Report:
        """Check the whole chain, its signatures (with a key) and its anchors (with anchors)."""
        anchors = await self._anchors.read() if self._anchors is not None else {}
        trusted = self._keys.ring().public() if self._keys is not None else None
        return await self._verified(anchors, trusted or None)

    async def _verified(
        self, anchors: dict[int, set[str]], trusted: dict[str, PublicKey] | None
    ) -> Report:
        verifier = Verifier(anchors=anchors, key=self._hmac_key, trusted=trusted)
        async for page in self._pages():
            for row in page:
                verifier.add(_columns(row))
        return verifier.finish()

    @whole
    async def _write(self, rows: list[dict[str, Any]]) -> list[Head]:
        try:
            async with writing(self._engine) as connection:
                heads, signer = await self._append(connection, rows)
            if signer is not None and signer.began is None:
                async with writing(self._engine) as connection:
                    await self._settle(connection)
        except (SQLAlchemyError, OSError) as error:
            raise DatabaseUnavailable(_complaint(error)) from error
        await self._anchor(heads)
        return heads[-len(rows) :] if rows else []

    async def _append(
        self, connection: AsyncConnection, rows: list[dict[str, Any]]
    ) -> tuple[list[Head], AuditKey | None]:
        """The heads, a new beginning's included, and the key that signed them."""
        last = await _last(connection)
        ring = self._keys.ring() if self._keys is not None else AuditKeyRing()
        key, heads = ring.after(last), []
        if key is None and self._keys is not None:
            await self._require_sound()
            key = next((key for key in ring.keys if key.private), None) or AuditKey.fresh()
            self._keys.write(ring.with_key(key))
            rows = [_introduction(STARTED, key, last), *rows]
        for values in rows:
            known = (
                await connection.execute(select(AUDIT_EVENTS).where(_T.id == values["id"]))
            ).one_or_none()
            if known is None:
                last = chained(values, _columns_head(last), key.sign if key else None)
                await _insert(connection, last)
            else:
                ring.vouch(_columns(known))
            heads.append(_columns_head(_columns(known) if known else last))
        return heads, key

    async def _require_sound(self) -> None:
        """Signing begins on what is sound, once: afterwards each signature vouches for it."""
        problems = (await self._verified({}, None)).problems
        if problems:
            raise AuditNotContinued(f"row {problems[0].seq}: {problems[0].sentence}")

    @whole
    async def _introduce(self, kind: str) -> AuditKeyRing:
        """A row for a new key, which then is the one that signs."""
        if self._keys is None:
            raise ValueError("no keys")
        try:
            async with writing(self._engine) as connection:
                last, ring = await _last(connection), self._keys.ring()
                if kind == STARTED:
                    ring = AuditKeyRing(keys=tuple(await _introduced(connection, STARTED)))
                new = AuditKey.fresh()
                old = new if kind == STARTED else ring.after(last) or new
                self._keys.write(ring.with_key(new))
                row = chained(_introduction(kind, new, last), _columns_head(last), old.sign)
                await _insert(connection, row)
            async with writing(self._engine) as connection:
                ring = await self._settle(connection)
        except (SQLAlchemyError, OSError) as error:
            raise DatabaseUnavailable(_complaint(error)) from error
        await self._anchor([_columns_head(row)])
        return ring

    async def _settle(self, connection: AsyncConnection) -> AuditKeyRing:
        """Note with which row each key began; what it replaced is retired."""
        assert self._keys is not None
        ring = self._keys.ring()
        for begun in await _introduced(connection, STARTED, CHANGED):
            mine = ring.find(begun.id)
            if mine is not None and mine.began is None and begun.began is not None:
                ring = ring.begun(begun.id, begun.began)
        return self._keys.write(ring)

    async def _anchor(self, heads: list[Head]) -> None:
        if self._anchors is not None:
            for head in heads:
                await self._anchors.write(head)

    async def _pages(self) -> AsyncIterator[list[Row[Any]]]:
        since = _LOWEST
        while True:
            query = select(AUDIT_EVENTS).where(_T.seq > since).order_by(_T.seq).limit(PAGE)
            page = await self._fetch(query)
            if not page:
                return
            yield page
            since = page[-1].seq

    async def _fetch(self, query: Select[Any]) -> list[Row[Any]]:
        try:
            async with self._engine.connect() as connection:
                return list((await connection.execute(query)).all())
        except (SQLAlchemyError, OSError) as error:
            raise DatabaseUnavailable(_complaint(error)) from error


def chained(values: dict[str, Any], previous: Head, sign: Sign | None = None) -> dict[str, Any]:
    """The row that follows `previous`, by column name; `sign` makes its `mac` of its hash."""
    row = {**values, "seq": previous.seq + 1, "previous": previous.hash}
    row["hash"] = row_hash(row)
    row["mac"] = sign(row["hash"]) if sign is not None else ""
    return row


def row_values(entry: AuditEntry) -> dict[str, Any]:
    """The columns an entry fills, as they are stored and hashed."""
    return {
        **{name: _storable(getattr(entry, name)) for name in _NAMES},
        "revision": entry.revision,
        "channel": _storable(entry.via),
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "kind": entry.kind.value,
        "detail": canonical(entry.detail),
    }


def _storable(name: str) -> str:
    """Any database can hold it: controls and lone surrogates as `\\u....`, at most 1,000 long."""
    if len(name) > LONGEST_NAME:
        name = f"{name[:LONGEST_NAME]}...({len(name)})"
    if name.isprintable():
        return name
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in name)


def _row(row: Row[Any]) -> AuditRow:
    columns = _columns(row)
    return AuditRow(**{**columns, "detail": json.loads(columns["detail"])})


def _columns(row: Row[Any]) -> dict[str, Any]:
    return dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's name for public API


def _columns_head(row: Mapping[str, Any] | None) -> Head:
    return Head(seq=row["seq"], hash=row["hash"], mac=row["mac"]) if row else Head(seq=0, hash="")


async def _insert(connection: AsyncConnection, row: dict[str, Any]) -> None:
    """Write a row, and see that it is there as it was given: a trigger may think otherwise."""
    await connection.execute(insert(AUDIT_EVENTS), row)
    kept = (
        await connection.execute(select(AUDIT_EVENTS).where(_T.seq == row["seq"]))
    ).one_or_none()
    if kept is None or _columns(kept) != row:
        raise AuditNotContinued(f"the database does not keep row {row['seq']} as it is given")


async def _last(connection: AsyncConnection) -> dict[str, Any] | None:
    query = select(AUDIT_EVENTS).order_by(_T.seq.desc()).limit(1)
    found = (await connection.execute(query)).one_or_none()
    return _columns(found) if found is not None else None


async def _introduced(connection: AsyncConnection, *kinds: str) -> list[AuditKey]:
    """The keys that such rows introduce, oldest first."""
    query = select(AUDIT_EVENTS).where(_T.kind.in_(kinds)).order_by(_T.seq)
    keys = []
    for row in (await connection.execute(query)).all():
        with contextlib.suppress(ValueError):  # a row that only calls itself one
            began = Beginning(seq=row.seq, hash=row.hash)
            keys.append(AuditKey(public=introduced(row.detail).hex(), began=began))
    return keys


def _introduction(kind: str, key: AuditKey, last: dict[str, Any] | None) -> dict[str, Any]:
    """The row that says which key signs from here on, and what it follows."""
    at = datetime.now(UTC)
    follows = {"seq": last["seq"], "mac": last["mac"].split(":")[:2]} if last else {}
    detail = {"key": key.id, "public": key.public, "algorithm": "ed25519", "follows": follows}
    name = f"{kind}:{key.id}"
    return row_values(AuditEntry(id=name, at=at, kind=AuditKind(kind), detail=detail))


def _complaint(error: Exception) -> str:
    reason = str(getattr(error, "orig", None) or error).splitlines()[0]
    return f"The audit log cannot be used ({reason}). Check the database; `signoff doctor` helps."
