"""Channels as the bot needs them: may it post there?"""

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.config.errors import BadRequest
from notifications.slack.errors import passing, refusal

_PEOPLE = ("D", "U", "W")


async def require_member(slack: AsyncWebClient, channel: str) -> None:
    """Join a public channel; for others say that we have to be added (BadRequest).

    Raises SlackApiError when Slack cannot be asked now.
    """
    if channel.startswith(_PEOPLE):
        return
    try:
        found = (await slack.conversations_info(channel=channel))["channel"]
        if not found.get("is_member") and not found.get("is_im"):
            await slack.conversations_join(channel=channel)
    except SlackApiError as error:
        if passing(error):
            raise
        raise BadRequest(
            f"I can't post here ({refusal(error)}): add me to this channel first, "
            "with /invite @Signoff, and try again."
        ) from None
