"""`[mail]` and `[digest]`: what reaches people beside their cards."""

from datetime import timedelta
from typing import Any

from pydantic import Field, field_validator

from bot.config.sections.base import Section
from notifications.mail.smtp import MailServer
from workflows.messages.durations import Duration


class MailSettings(Section):
    """Where e-mail goes out when Slack is not enough; without `sender` none does."""

    sender: str = ""
    """The address mails come from; without it no mail is sent."""
    server: dict[str, Any] = {}
    """`host`, `port`, `security` (`starttls`, `tls`, `none`), `username`."""

    @field_validator("server")
    @classmethod
    def _known_server(cls, server: dict[str, Any]) -> dict[str, Any]:
        if server:
            MailServer.model_validate(server)
        return server


class SummarySettings(Section):
    """One message in place of many: daily, and for bursts."""

    daily: bool = True
    """One message a day to everybody for whom something waits, in the person's own time zone."""
    hour: int = Field(default=9, ge=0, le=23)
    """The hour of the person's day."""
    bursts: bool = True
    """Whether many reminders at once become one message."""
    more_than: int = Field(default=5, ge=1)
    """How many reminders are many, for one person or in one channel."""
    within: Duration = Field(default=timedelta(minutes=10), ge=timedelta(minutes=1))
    """In which time; no second digest goes there for as long."""
