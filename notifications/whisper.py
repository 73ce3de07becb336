"""Private sentences: ephemeral where the person is, a direct message where that cannot be."""

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from notifications.calls import call, refusal, translated
from workflows.decisions import Place

log = structlog.get_logger()


class Whisper:
    """Says something to one person only."""

    def __init__(self, slack: AsyncWebClient) -> None:
        self._slack = slack

    async def say(self, user: str, place: Place | None, text: str) -> None:
        """`text` is ready mrkdwn; `place.ts` is the thread's root, empty for the channel itself."""
        if place is None or not await self._ephemeral(user, place, text):
            opened = await call(self._slack.conversations_open(users=user))
            await call(
                self._slack.chat_postMessage(
                    channel=opened["channel"]["id"],
                    text=text,
                    unfurl_links=False,
                    unfurl_media=False,
                )
            )

    async def _ephemeral(self, user: str, place: Place, text: str) -> bool:
        try:
            await self._slack.chat_postEphemeral(
                channel=place.channel, user=user, text=text, thread_ts=place.ts or None
            )
        except SlackApiError as error:
            if error.response.status_code == 429:
                raise translated(error) from error
            log.info("no private answer in the channel", error=refusal(error))
            return False
        return True
