"""Publishes a person's Home: four lists from visibility, and the settings from the database."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.access.onlookers import Onlookers
from bot.approvals.queries import Approvals
from bot.approvals.tasks import Tasks
from bot.config.errors import UnavailableError
from bot.config.settings import Settings
from notifications.cards.buttons import HomeCursor
from notifications.slack.errors import refusal
from notifications.views.approval_list import PendingLine, PendingPage
from notifications.views.home import (
    ASKED,
    PAGE,
    RECENT,
    HomeView,
    home,
    home_in_trouble,
    settings_text,
)
from storage.preferences import Preferences, PreferenceStore

log = structlog.get_logger()

PATIENCE = 8.0


class HomePage:
    """Everything of one person, as it is now."""

    def __init__(
        self,
        slack: AsyncWebClient,
        approvals: Approvals,
        tasks: Tasks,
        preferences: PreferenceStore,
        settings: Settings,
        onlookers: Onlookers,
    ) -> None:
        self._onlookers = onlookers
        self._slack = slack
        self._approvals = approvals
        self._tasks = tasks
        self._preferences = preferences
        self._pipelines = tuple(settings.pipelines)
        self._turn = 0
        self._shown_turn: dict[str, int] = {}

    async def publish(
        self,
        user: str,
        cursor: HomeCursor,
        *,
        said: str = "",
        without: frozenset[str] = frozenset(),
        instead_of: str = "",
    ) -> None:
        """Show it; `said` answers the last gesture, `without` is what visibility still lists.

        `instead_of` is the hash of the view that is to be replaced: where another one took its
        place meanwhile, that one stays. Of two that overlap here, the one begun later stays.
        """
        self._turn += 1
        turn = self._turn
        shown = await self._shown(user, cursor, said, without)
        if self._shown_turn.get(user, 0) > turn:
            return
        self._shown_turn[user] = turn
        try:
            await self._slack.views_publish(user_id=user, view=shown, hash=instead_of or None)
        except SlackApiError as error:
            if refusal(error) != "hash_conflict":
                raise

    async def _shown(
        self, user: str, cursor: HomeCursor, said: str, without: frozenset[str]
    ) -> dict[str, Any]:
        try:
            async with asyncio.timeout(PATIENCE):
                return home(await self.view(user, cursor, said=said, without=without))
        except (UnavailableError, TimeoutError):
            log.warning("home is shown without its lists")
            return home_in_trouble(cursor, said)

    async def view(
        self,
        user: str,
        cursor: HomeCursor,
        *,
        said: str = "",
        without: frozenset[str] = frozenset(),
    ) -> HomeView:
        """What it shows; all lists are asked for at the same time."""
        page, together, asked, recent, running, mine = await asyncio.gather(
            self._approvals.page(user, cursor, PAGE + len(without)),
            self._approvals.together(user),
            self._approvals.asked(user, ASKED),
            self._approvals.decided(user, RECENT),
            self._tasks.running(user, ASKED),
            self._preferences.of(user),
        )
        seen = (await self._onlookers.seen(user, (*page.lines, *asked))).lines
        page = left(page, without, [line for line in page.lines if line in seen])
        return HomeView(
            now=datetime.now(UTC),
            pending=page.model_copy(update={"lines": page.lines[:PAGE]}),
            bulk=len([line for line in together if line.id not in without]),
            asked=tuple(line for line in asked if line in seen and line.id not in without),
            running=tuple(running),
            recent=tuple(recent),
            pipelines=self._pipelines,
            settings=described(mine),
            cursor=cursor,
            said=said,
        )


def left(page: PendingPage, without: frozenset[str], lines: Sequence[PendingLine]) -> PendingPage:
    """The page with these of its lines only, and without those ids; the total follows."""
    kept = tuple(line for line in lines if line.id not in without)
    total = page.total - (len(page.lines) - len(kept))
    return page.model_copy(update={"lines": kept, "total": total})


def described(mine: Preferences) -> str:
    """One's settings, in words."""
    away = " from now on" if mine.away_from is None else f" from {mine.away_from:%Y-%m-%d}"
    away += f" until {mine.away_until:%Y-%m-%d}" if mine.away_until else ""
    quiet = ""
    if mine.quiet_from and mine.quiet_until:
        quiet = f"{mine.quiet_from:%H:%M} to {mine.quiet_until:%H:%M}"
    return settings_text(mine.deputy, away, quiet, digest=mine.digest)
