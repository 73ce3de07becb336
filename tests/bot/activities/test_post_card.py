"""A card is shown whatever becomes of the audit log, and whoever asked knows which."""

import asyncio
import time

import pytest

from bot.activities.post_card import RECORD_SECONDS, CardPoster
from storage.errors import DatabaseUnavailable, DiskFull
from tests.fakes import FakeAudit, FakeCards
from tests.notifications.card_views import NOW, view
from workflows.activities import AuditActivities, ShowRequest
from workflows.messages.audit import AuditEntry, AuditKind


class Broken(AuditActivities):
    """A log that cannot be written."""

    def __init__(self, error: Exception | None) -> None:
        self._error = error

    async def record(self, entries: tuple[AuditEntry, ...]) -> None:
        if self._error is None:
            await asyncio.Event().wait()
        else:
            raise self._error


def request() -> ShowRequest:
    made = {"at": NOW, "workflow_id": "a-1", "run_id": "r-1", "approval_id": "a-1"}
    raised = AuditEntry(id="r-1:1", kind=AuditKind.RAISED, **made)
    shown = AuditEntry(id="r-1:2", kind=AuditKind.SHOWN, detail={"digest": "d"}, **made)
    return ShowRequest(view=view(id="a-1"), before=(raised,), shown=shown)


@pytest.mark.parametrize(
    "error", [DatabaseUnavailable("away"), DiskFull("full"), OSError("gone"), None]
)
async def test_a_log_that_does_not_answer_holds_up_no_card(error: Exception | None) -> None:
    """Nor one that never says anything."""
    cards, begun = FakeCards(), time.monotonic()
    shown = await CardPoster(cards, Broken(error)).show(request())
    assert time.monotonic() - begun < RECORD_SECONDS + 2
    assert "a-1" in cards.cards
    assert (shown.recorded, [place.channel for place in shown.places]) == (False, ["C0GENERAL1"])


async def test_what_was_raised_and_shown_is_written_with_the_place() -> None:
    """At the moment it was posted, not when that was wanted."""
    audit = FakeAudit()
    shown = await CardPoster(FakeCards(), audit).show(request())
    raised, told = audit.entries.values()
    assert shown.recorded
    assert (raised.kind, told.kind) == (AuditKind.RAISED, AuditKind.SHOWN)
    assert told.detail == {"digest": "d", "places": [shown.places[0].model_dump()]}
    assert raised.at == NOW < told.at
