"""What people set for themselves: kept, read back, and what it means at a moment."""

from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest

from storage.database import create_engine, migrate
from storage.preferences import Preferences, PreferenceStore

GRACE, LINUS = "U0GRACE001", "U0LINUS001"
AWAY = Preferences(deputy=LINUS, away_from=date(2026, 3, 2), away_until=date(2026, 3, 4))
NIGHT = Preferences(quiet_from=time(22), quiet_until=time(7))


async def test_settings_are_kept(tmp_path: Path) -> None:
    """Whole, again and again, and the defaults for everybody else."""
    engine = create_engine(f"sqlite:///{tmp_path / 'signoff.db'}")
    await migrate(engine)
    store = PreferenceStore(engine)
    for wanted in (AWAY, NIGHT, Preferences(digest=False), Preferences()):
        await store.keep(GRACE, wanted)
        assert await store.of(GRACE) == wanted
    await store.keep(GRACE, AWAY)
    assert await store.deputy(GRACE, datetime(2026, 3, 3, tzinfo=UTC)) == LINUS
    assert await store.deputy(LINUS, datetime(2026, 3, 3, tzinfo=UTC)) is None
    await engine.dispose()


@pytest.mark.parametrize(("day", "deputy"), [(1, ""), (2, LINUS), (3, LINUS), (4, LINUS), (5, "")])
def test_both_days_are_included(day: int, deputy: str) -> None:
    """In the person's own zone, which the caller knows."""
    assert AWAY.deputy_at(datetime(2026, 3, day, 23, 59, tzinfo=UTC)) == deputy


def test_no_dates_are_always() -> None:
    """And no deputy is nobody."""
    now = datetime(2026, 3, 3, tzinfo=UTC)
    assert Preferences(deputy=LINUS).deputy_at(now) == LINUS
    assert Preferences(away_from=date(2026, 1, 1)).deputy_at(now) == ""
