"""Whether a notice may go out right now, as the calendars' tests ask it."""

from datetime import datetime
from zoneinfo import ZoneInfo

from notifications.reminders.calendar_settings import CalendarSettings
from notifications.reminders.calendars import next_allowed


def is_allowed(moment: datetime, calendar: CalendarSettings, zone: ZoneInfo) -> bool:
    """Whether waiting would change nothing."""
    return next_allowed(moment, calendar, zone) == moment
