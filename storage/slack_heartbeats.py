"""When something last came in from Slack, whoever heard it, and since when nothing does.

Slack brings each payload to one connection only: a bot that hears nothing asks what others heard.
"""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from storage.database import whole, writing
from storage.errors import DatabaseUnavailable

_TABLE = sa.table("hearing", sa.column("name", sa.Text), sa.column("at", sa.BigInteger))
_HEARD, _DEAF = "heard", "deaf"
_EPOCH = datetime.fromtimestamp(0, UTC)


class HeartbeatStore:
    """Two moments. Every method raises `DatabaseUnavailable`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @whole
    async def heard(self, at: datetime) -> datetime:
        """Keep that something came in then; gives the latest such moment that anybody kept."""
        own = _TABLE.c.name == _HEARD
        latest = sa.select(_TABLE.c.at).where(own)
        try:
            async with self._engine.connect() as connection:
                known = (await connection.execute(latest)).scalar()
            if known is not None and known >= _milliseconds(at):
                return _moment(known)
            async with writing(self._engine) as connection:
                await connection.execute(sa.delete(_TABLE).where(own))
                await connection.execute(sa.insert(_TABLE), _row(_HEARD, at))
        except (SQLAlchemyError, OSError) as error:
            raise _unavailable(error) from None
        return at

    @whole
    async def deaf_since(self, at: datetime) -> datetime:
        """Keep since when nothing comes in; gives the earlier one that is kept, if it still holds.

        It holds as long as nothing came in after it.
        """
        try:
            async with writing(self._engine) as connection:
                rows = (await connection.execute(sa.select(_TABLE))).mappings().all()
                kept: dict[str, int] = {row["name"]: row["at"] for row in rows}
                known = kept.get(_DEAF)
                if known is not None and known > kept.get(_HEARD, 0):
                    return _moment(known)
                await connection.execute(sa.delete(_TABLE).where(_TABLE.c.name == _DEAF))
                await connection.execute(sa.insert(_TABLE), _row(_DEAF, at))
        except (SQLAlchemyError, OSError) as error:
            raise _unavailable(error) from None
        return at


def _unavailable(error: Exception) -> DatabaseUnavailable:
    return DatabaseUnavailable(
        f"What came in from Slack cannot be kept ({type(error).__name__}). Check the database."
    )


def _row(name: str, at: datetime) -> dict[str, str | int]:
    return {"name": name, "at": _milliseconds(at)}


def _milliseconds(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(milliseconds=1)


def _moment(milliseconds: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=milliseconds)
