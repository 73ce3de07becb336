"""Private sentences: ephemeral where the person is, a direct message where that cannot be."""

import asyncio

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from temporalio.exceptions import ApplicationError

from notifications.slack.attempts import certainly_unsent
from notifications.slack.errors import call, refusal, translated
from notifications.slack.pacing import Pacer, Urgency
from workflows.messages.decisions import Place

log = structlog.get_logger()

TRIES = 5


class PrivateMessages:
    """Says something to one person only."""

    def __init__(self, slack: AsyncWebClient, pacer: Pacer, *, patient: bool = True) -> None:
        """Outside of activities `patient`: there nobody comes back later."""
        self._slack = slack
        self._pacer = pacer
        self._patient = patient

    async def say(self, user: str, place: Place | None, text: str) -> Place | None:
        """`text` is ready mrkdwn; `place.ts` is the thread's root, empty for the channel itself.

        Gives where it stands when it became a direct message, which can be rewritten later.
        After a 429 whoever is patient waits as long as Slack wants, and says it then.
        """
        for _ in range(TRIES - 1 if self._patient else 0):
            try:
                return await self._say(user, place, text)
            except ApplicationError as error:
                if not certainly_unsent(error.type):
                    raise
                pause = error.next_retry_delay
                await asyncio.sleep(pause.total_seconds() if pause else 1.0)
        return await self._say(user, place, text)

    async def _say(self, user: str, place: Place | None, text: str) -> Place | None:
        if place is not None and await self._ephemeral(user, place, text):
            return None
        opened = await call(self._slack.conversations_open(users=user))
        channel = str(opened["channel"]["id"])
        posted = await call(
            self._pacer.post(
                channel,
                lambda: self._slack.chat_postMessage(
                    channel=channel, text=text, unfurl_links=False, unfurl_media=False
                ),
                Urgency.ANSWER,
                patient=self._patient,
            )
        )
        return Place(channel=channel, ts=str(posted["ts"]))

    async def _ephemeral(self, user: str, place: Place, text: str) -> bool:
        try:
            await self._pacer.answer(
                lambda: self._slack.chat_postEphemeral(
                    channel=place.channel, user=user, text=text, thread_ts=place.ts or None
                ),
                patient=self._patient,
            )
        except SlackApiError as error:
            if error.response.status_code == 429:
                raise translated(error) from error
            log.info("no private answer in the channel", error=refusal(error))
            return False
        return True
