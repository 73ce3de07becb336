"""What people set for themselves: a deputy while they are away, quiet hours, the digest."""

from datetime import date, datetime, time

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict
from sqlalchemy.ext.asyncio import AsyncEngine

from storage.database import writing

_TABLE = sa.table(
    "preferences",
    sa.column("user_id", sa.Text),
    sa.column("deputy", sa.Text),
    sa.column("away_from", sa.Text),
    sa.column("away_until", sa.Text),
    sa.column("quiet_from", sa.Text),
    sa.column("quiet_until", sa.Text),
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

    def quiet_at(self, at: datetime) -> bool:
        """Whether this moment (in the person's own zone) lies in the quiet hours."""
        start, end, now = self.quiet_from, self.quiet_until, at.time()
        if start is None or end is None or start == end:
            return False
        return start <= now < end if start < end else now >= start or now < end


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

    async def keep(self, user: str, preferences: Preferences) -> None:
        """Replace the person's settings."""
        values = {
            "user_id": user,
            "deputy": preferences.deputy,
            "away_from": _text(preferences.away_from),
            "away_until": _text(preferences.away_until),
            "quiet_from": _text(preferences.quiet_from),
            "quiet_until": _text(preferences.quiet_until),
            "digest": preferences.digest,
        }
        async with writing(self._engine) as connection:
            await connection.execute(sa.delete(_TABLE).where(_TABLE.c.user_id == user))
            await connection.execute(sa.insert(_TABLE).values(values))

    async def quiet(self, user: str) -> tuple[time, time] | None:
        """When this person wants no message, in his own zone."""
        return (await self.of(user)).quiet_hours()

    async def deputy(self, user: str, at: datetime) -> str | None:
        """Who stands in for this person at `at`, given in the person's zone."""
        return (await self.of(user)).deputy_at(at) or None


def _text(value: date | time | None) -> str:
    return value.isoformat() if value else ""
