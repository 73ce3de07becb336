"""Sends digests: what still waits for a person or in a channel, as one message with a way home."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from temporalio import activity

from bot.access.onlookers import Onlookers
from bot.access.sight import Onlooker, Sight, may_see, subject_of_line
from bot.approvals.queries import Approvals
from notifications.reminders.calendar_settings import CalendarSettings
from notifications.reminders.calendars import zone_of
from notifications.reminders.hours import Hours
from notifications.slack.delivery import SlackDelivery
from notifications.slack.errors import call
from notifications.views.approval_list import PendingLine
from notifications.views.summary import blocks, fold, text
from storage.preferences import Preferences
from workflows.messages.decisions import Place
from workflows.summary_workflow import SummaryActivities, SummaryRequest, SummarySent

KIND = "signoff_digest"
MOST = 500
LATEST = timedelta(hours=12)
"""A digest that would come later than this is not sent: the next day has its own."""
NOTHING = SummarySent()


class PreferenceBook(Protocol):
    """What people set for themselves."""

    async def of(self, user: str) -> Preferences:
        """The defaults for somebody who never set any."""


class SummarySender(SummaryActivities):
    """Runs in the worker. `calendar` is that of the general policy."""

    def __init__(
        self,
        slack: AsyncWebClient,
        delivery: SlackDelivery,
        approvals: Approvals,
        preferences: PreferenceBook,
        calendar: CalendarSettings,
    ) -> None:
        self._slack = slack
        self._delivery = delivery
        self._approvals = approvals
        self._preferences = preferences
        self._calendar = calendar
        self._onlookers = Onlookers(slack)
        self._home: str | None = None

    @activity.defn(name="send_digest")
    async def send_digest(self, request: SummaryRequest) -> SummarySent:
        """Ask for the lists only now, so that nothing decided meanwhile is in it."""
        if request.person:
            return await self._to_person(request)
        if lines := await self._lines(request):
            await self._post(Place(channel=request.channel), request, lines)
        return NOTHING

    async def _to_person(self, request: SummaryRequest) -> SummarySent:
        now, mine = datetime.now(UTC), await self._preferences.of(request.person)
        is_daily = not request.approvals
        if is_daily and not mine.digest:
            return NOTHING
        zone = await self._zone(request.person)
        lines = [x for x in await self._lines(request) if x.waits_for(request.person, now)]
        if not lines or mine.deputy_at(now.astimezone(zone)):
            return NOTHING
        later = self._considerate(now, zone, mine.quiet_hours(), lines)
        if later > now:
            return NOTHING if is_daily and later - now > LATEST else SummarySent(later=later)
        opened = await call(self._slack.conversations_open(users=request.person))
        await self._post(Place(channel=opened["channel"]["id"]), request, lines)
        return NOTHING

    def _considerate(
        self,
        now: datetime,
        zone: ZoneInfo,
        quiet: tuple[time, time] | None,
        lines: Sequence[PendingLine],
    ) -> datetime:
        """In the person's hours; at once when the first of them would have ended by then."""
        own = Hours.of(
            self._calendar,
            zone_of(self._calendar.zone) if self._calendar.zone else zone,
            zone,
            quiet,
        )
        return max(own.considerate(now, now, min(line.deadline for line in lines)), now)

    async def _lines(self, request: SummaryRequest) -> list[PendingLine]:
        if request.approvals:
            found = await self._approvals.among(request.approvals, request.person)
        else:
            found = await self._approvals.pending(request.person, MOST)
        before, who = request.raised_before, await self._onlookers.of(request.person)
        return [
            x
            for x in found
            if (before is None or x.raised_at is None or x.raised_at < before)
            and is_for(x, request, who)
        ]

    async def _post(
        self, place: Place, request: SummaryRequest, lines: Iterable[PendingLine]
    ) -> None:
        folded = fold(lines)
        shown = blocks(folded, await self._home_address(), datetime.now(UTC))
        content = {"blocks": shown, "text": text(folded)}
        await self._delivery.post_once(place, KIND, {"digest": request.key}, content)

    async def _zone(self, user: str) -> ZoneInfo:
        found = await call(self._slack.users_info(user=user))
        return zone_of(str(found["user"].get("tz") or "UTC"))

    async def _home_address(self) -> str:
        """What opens our Home in Slack; without it the button is answered by Home itself."""
        if self._home is None:
            try:
                me = await self._slack.auth_test()
                app = (await self._slack.bots_info(bot=me["bot_id"]))["bot"]["app_id"]
            except (SlackApiError, KeyError):
                return ""
            self._home = f"slack://app?team={me['team_id']}&id={app}&tab=home"
        return self._home


def is_for(line: PendingLine, request: SummaryRequest, who: Onlooker) -> bool:
    """A channel reads what stands in it, a person what they may see."""
    if not request.person:
        return line.channel == request.channel
    return may_see(who, subject_of_line(line)) is Sight.SEES
