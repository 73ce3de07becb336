"""Channels as the bot needs them: may it post there, and who may read what stands there."""

import time

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import BadRequest
from notifications.calls import refusal

KNOWN_SECONDS = 600
_PEOPLE = ("D", "U", "W")


async def require_member(slack: AsyncWebClient, channel: str) -> None:
    """Join a public channel; for others say that we have to be added."""
    if channel.startswith(_PEOPLE):
        return
    try:
        found = (await slack.conversations_info(channel=channel))["channel"]
        if not found.get("is_member") and not found.get("is_im"):
            await slack.conversations_join(channel=channel)
    except SlackApiError as error:
        raise BadRequest(
            f"I can't post here ({refusal(error)}): add me to this channel first, "
            "with /invite @Signoff, and try again."
        ) from None


class OpenChannels:
    """Which channels everybody in the workspace may read; remembered for ten minutes."""

    def __init__(self, slack: AsyncWebClient) -> None:
        self._slack = slack
        self._known: dict[str, tuple[float, bool]] = {}

    async def has(self, channel: str) -> bool:
        """Whether this is a public channel; in doubt it is not."""
        at, answer = self._known.get(channel, (0.0, False))
        if time.monotonic() - at > KNOWN_SECONDS or not at:
            answer = await self._ask(channel)
            self._known[channel] = (time.monotonic(), answer)
        return answer

    async def _ask(self, channel: str) -> bool:
        if not channel or channel.startswith(_PEOPLE):
            return False
        try:
            found = (await self._slack.conversations_info(channel=channel))["channel"]
        except SlackApiError:
            return False
        private = ("is_private", "is_im", "is_mpim", "is_group", "is_ext_shared")
        return not any(found.get(name) for name in private)
