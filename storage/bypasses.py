"""Open bypasses: for a while, one person answers for a pipeline, so that nobody is asked."""

from datetime import UTC, datetime

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict
from sqlalchemy.ext.asyncio import AsyncEngine

from storage.database import whole, writing

_TABLE = sa.table(
    "bypasses",
    *(sa.column(name, sa.Text) for name in ("id", "pipeline", "opened_by", "email", "reason")),
    *(sa.column(name, sa.BigInteger) for name in ("opened_at", "until")),
)


class Bypass(BaseModel):
    """Who opened it, why, and until when. `email` is their address as Slack knew it then."""

    model_config = ConfigDict(frozen=True)

    id: str
    pipeline: str
    opened_by: str
    email: str
    reason: str
    opened_at: datetime
    until: datetime


class BypassStore:
    """Bypasses are only ever added: an open one ends by its time, or before it."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @whole
    async def open(self, bypass: Bypass) -> bool:
        """Keep a bypass; False when this one (by id) was opened before."""
        known = sa.select(_TABLE.c.id).where(_TABLE.c.id == bypass.id)
        values = bypass.model_dump() | {
            "opened_at": _seconds(bypass.opened_at),
            "until": _seconds(bypass.until),
        }
        async with writing(self._engine) as connection:
            if (await connection.execute(known)).first() is not None:
                return False
            await connection.execute(sa.insert(_TABLE).values(values))
        return True

    @whole
    async def end(self, pipeline: str, at: datetime) -> tuple[str, ...]:
        """End those open for the pipeline at this moment; gives their ids."""
        now = _seconds(at)
        is_open = sa.and_(_TABLE.c.pipeline == pipeline, _TABLE.c.until > now)
        async with writing(self._engine) as connection:
            found = (await connection.execute(sa.select(_TABLE.c.id).where(is_open))).scalars()
            ended = tuple(str(one) for one in found)
            await connection.execute(sa.update(_TABLE).where(is_open).values(until=now))
        return ended

    async def standing(self, pipeline: str, at: datetime) -> list[Bypass]:
        """Those open for the pipeline at this moment, the newest first."""
        now = _seconds(at)
        wanted = (
            sa.select(_TABLE)
            .where(_TABLE.c.pipeline == pipeline, _TABLE.c.opened_at <= now, _TABLE.c.until > now)
            .order_by(_TABLE.c.opened_at.desc())
        )
        async with self._engine.connect() as connection:
            rows = (await connection.execute(wanted)).mappings().all()
        return [
            Bypass.model_validate(
                dict(row) | {"opened_at": _moment(row["opened_at"]), "until": _moment(row["until"])}
            )
            for row in rows
        ]


def _seconds(at: datetime) -> int:
    return int(at.timestamp())


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
