"""An outage of Slack that approvals are told about, because their own calls do not show it."""

from datetime import datetime, timedelta

from workflows.messages.base import Frozen

RECENT = timedelta(hours=1)
"""An approval raised so shortly before is being looked at: it is due, whatever its ladder says."""
CLOSE = timedelta(hours=1)
"""And so is one that ends this soon."""


class Outage(Frozen):
    """Nothing comes in from Slack since `since`. It counts until `until`, unless told anew."""

    since: datetime
    until: datetime

    @property
    def name(self) -> str:
        """Tells the letters of one outage from those of another."""
        return f"outage@{self.since:%Y-%m-%dT%H:%M:%SZ}"

    def covers(self, moment: datetime) -> bool:
        """Whether it began before this moment, or at it."""
        return moment >= self.since
