"""One person as Slack describes them now: what they are in our workspace, and their address."""

from dataclasses import dataclass

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from notifications.people.lookup_cache import Remembered
from notifications.people.membership import Home, Membership, address, standing
from notifications.slack.errors import passing

FRESH = 5.0
"""So many seconds an answer is good for."""


@dataclass(frozen=True)
class Member:
    """`email` is empty where Slack gives none, or it was never confirmed."""

    id: str
    standing: Membership
    email: str = ""


class Members:
    """Asks with the bot's client, for whoever counts only if they are who they are now."""

    def __init__(self, slack: AsyncWebClient) -> None:
        self._slack = Remembered(slack, FRESH)
        self._home: Home | None = None

    async def of(self, user: str) -> Member:
        """This person; whom Slack does not know is gone. Raises SlackApiError when it is away."""
        if self._home is None:
            self._home = Home.of(await self._slack.auth_test())
        try:
            found = dict((await self._slack.users_info(user=user))["user"])
        except SlackApiError as error:
            if passing(error):
                raise
            return Member(user, Membership.GONE)
        return Member(user, standing(found, self._home), address(found))
