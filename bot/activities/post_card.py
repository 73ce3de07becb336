"""Shows a card and keeps in the audit log what was shown, in one activity."""

import asyncio
from datetime import UTC, datetime

import structlog
from temporalio import activity

from storage.errors import StorageError
from workflows.activities import AuditActivities, CardActivities, ShowActivities, Shown, ShowRequest

log = structlog.get_logger()

RECORD_SECONDS = 2.0


class CardPoster(ShowActivities):
    """Runs in the worker. A database that does not answer holds up no card."""

    def __init__(self, cards: CardActivities, audit: AuditActivities) -> None:
        self._cards = cards
        self._audit = audit

    @activity.defn(name="show")
    async def show(self, request: ShowRequest) -> Shown:
        """Post, then record; without the latter the workflow goes on trying it."""
        places = await self._cards.post_card(request.view)
        shown = request.told(places, datetime.now(UTC))
        try:
            async with asyncio.timeout(RECORD_SECONDS):
                await self._audit.record((*request.before, shown))
        except (StorageError, OSError) as error:
            log.warning("a shown card is recorded later", error=type(error).__name__)
            return Shown(places=places)
        return Shown(places=places, recorded=True)
