"""The audit log: append-only rows in the database, each chained to the one before by its hash."""

import json
from collections.abc import AsyncIterator
from datetime import UTC
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
from storage.audit.verify import Report, Verifier, row_hash, row_mac
from storage.database import writing
from storage.errors import DatabaseUnavailable
from workflows.messages.audit import AuditEntry

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

    With `hmac_key` each row is also signed, so that somebody who can write the database cannot
    build another chain. With `anchors` each new head is also written there, after the commit.
    Every method raises `DatabaseUnavailable` when the database does not answer.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        hmac_key: bytes | None = None,
        anchors: AnchorFile | None = None,
    ) -> None:
        self._engine = engine
        self._key = hmac_key
        self._anchors = anchors

    async def append(self, *entries: AuditEntry) -> int:
        """Keep the entries, all or none; returns the last one's sequence. Durable when it returns.

        Sequences count from 1. An `id` that is already there changes nothing and has the sequence
        of its row. With anchors, `DiskFull` says that the rows are kept but not all anchors are:
        appending them again writes the anchors.
        """
        rows = [row_values(entry) for entry in entries]
        try:
            async with writing(self._engine) as connection:
                heads = [await self._append(connection, values) for values in rows]
        except (SQLAlchemyError, OSError) as error:
            raise DatabaseUnavailable(_complaint(error)) from error
        if self._anchors is not None:
            for head in heads:
                await self._anchors.write(head)
        return heads[-1].seq if heads else 0

    async def rows(self) -> AsyncIterator[AuditRow]:
        """Every row, oldest first, read in pages."""
        async for page in self._pages():
            for row in page:
                yield _row(row)

    async def verify(self) -> Report:
        """Check the whole chain, its signatures (with a key) and its anchors (with anchors)."""
        anchors = await self._anchors.read() if self._anchors is not None else {}
        verifier = Verifier(anchors=anchors, key=self._key)
        async for page in self._pages():
            for row in page:
                verifier.add(_columns(row))
        return verifier.finish()

    async def _append(self, connection: AsyncConnection, values: dict[str, Any]) -> Head:
        known = (
            await connection.execute(select(AUDIT_EVENTS).where(_T.id == values["id"]))
        ).one_or_none()
        if known is not None:
            return _head(known)
        last = (
            await connection.execute(
                select(_T.seq, _T.hash).order_by(_T.seq.desc()).limit(1),
            )
        ).one_or_none()
        head = Head(seq=last.seq, hash=last.hash) if last else Head(seq=0, hash="")
        row = chained(values, head, self._key)
        await connection.execute(insert(AUDIT_EVENTS), row)
        return Head(seq=row["seq"], hash=row["hash"], mac=row["mac"])

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


def chained(values: dict[str, Any], previous: Head, key: bytes | None = None) -> dict[str, Any]:
    """The row that follows `previous`, by column name; `mac` is empty without a key."""
    row = {**values, "seq": previous.seq + 1, "previous": previous.hash}
    row["hash"] = row_hash(row)
    row["mac"] = row_mac(key, row["hash"]) if key is not None else ""
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


def _head(row: Row[Any]) -> Head:
    return Head(seq=row.seq, hash=row.hash, mac=row.mac)


def _complaint(error: Exception) -> str:
    reason = str(getattr(error, "orig", None) or error).splitlines()[0]
    return f"The audit log cannot be used ({reason}). Check the database; `signoff doctor` helps."
