"""What people set for themselves: a deputy while they are away, quiet hours, the digest."""

from datetime import date, datetime, time
from typing import Any

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict
from sqlalchemy.ext.asyncio import AsyncEngine

from storage.database import whole, writing

_TEXTS = ("user_id", "deputy", "away_from", "away_until", "quiet_from", "quiet_until")
_TABLE = sa.table(
    "preferences",
    *(sa.column(name, sa.Text) for name in _TEXTS),
    sa.column("digest", sa.Boolean),
)


class Preferences(BaseModel):
    """One person's settings. Dates and times are local to the person; both dates are included."""

    model_config = ConfigDict(frozen=True)

    deputy: str = ""
    away_from: date | None = None
    away_until: date | None = None
    quiet_from: time | None = None
    quiet_until: time | None = None
    digest: bool = True

    def deputy_at(self, at: datetime) -> str:
        """Who stands in at this moment (in the person's own zone); empty when nobody does."""
        today = at.date()
        gone = (self.away_from or today) <= today <= (self.away_until or today)
        return self.deputy if self.deputy and gone else ""

    def quiet_hours(self) -> tuple[time, time] | None:
        """From and until, in the person's own zone; None without any."""
        if self.quiet_from is None or self.quiet_until is None:
            return None
        return self.quiet_from, self.quiet_until


class PreferenceStore:
    """Settings by Slack user id."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def of(self, user: str) -> Preferences:
        """The person's settings; the defaults for somebody who never set any."""
        wanted = sa.select(_TABLE).where(_TABLE.c.user_id == user)
        async with self._engine.connect() as connection:
            row = (await connection.execute(wanted)).mappings().one_or_none()
        if row is None:
            return Preferences()
        return Preferences.model_validate(
            {name: row[name] for name in Preferences.model_fields if row[name] not in ("", None)}
        )

    @whole
    async def keep(self, user: str, preferences: Preferences) -> None:
        """Replace the person's settings."""
        said = preferences.model_dump()
        values = {name: _text(value) for name, value in said.items()} | {"user_id": user}
        async with writing(self._engine) as connection:
            await connection.execute(sa.delete(_TABLE).where(_TABLE.c.user_id == user))
            await connection.execute(sa.insert(_TABLE).values(values))

    async def quiet(self, user: str) -> tuple[time, time] | None:
        """When this person wants no message, in their own zone."""
        return (await self.of(user)).quiet_hours()

    async def deputy(self, user: str, at: datetime) -> str | None:
        """Who stands in for this person at `at`, given in the person's zone."""
        return (await self.of(user)).deputy_at(at) or None


def _text(value: Any) -> Any:
    if isinstance(value, date | time):
        return value.isoformat()
    return "" if value is None else value
