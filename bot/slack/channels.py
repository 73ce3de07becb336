"""Channels as the bot needs them: may it post there, and where does a message of ours stand?"""

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.config.errors import BadRequest
from notifications.slack.errors import passing, refusal
from workflows.messages.decisions import Place

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


async def permalink(slack: AsyncWebClient, place: Place) -> str:
    """The address of a message; empty when it is gone, or Slack doesn't say."""
    if not place.ts:
        return ""
    try:
        found = await slack.chat_getPermalink(channel=place.channel, message_ts=place.ts)
    except SlackApiError:
        return ""
    return str(found["permalink"])
