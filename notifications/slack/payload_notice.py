"""Tells, under a task's message or under a card, which stored file the work waits for."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from notifications.slack.delivery import CARD, TASK
from notifications.slack.pacing import Pacer, Urgency
from notifications.views.format import code
from workflows.messages.decisions import Place

NOTICE = "signoff_payload"
PAGE = 200
MOST_PAGES = 10
AROUND = timedelta(minutes=1)
LATEST = timedelta(days=1)
"""A task's message is posted within this of the task's start, or it is not looked for."""


class PayloadNotices:
    """One message a workflow and file, posted once and rewritten when the file is back."""

    def __init__(self, slack: AsyncWebClient, pacer: Pacer) -> None:
        self._slack = slack
        self._pacer = pacer

    async def thread(self, channel: str, item: str, since: datetime) -> Place | None:
        """The thread under the message of the task or approval `item`, begun about `since`."""
        wanted = ({"task": item}, item)
        async for message in self._history(channel, since - AROUND, since + LATEST):
            metadata = message.get("metadata") or {}
            payload = metadata.get("event_payload") or {}
            kind = metadata.get("event_type")
            if (kind == TASK and payload == wanted[0]) or (
                kind == CARD and payload.get("approval") == wanted[1]
            ):
                return Place(channel=channel, ts=str(message["ts"]))
        return None

    async def tell(self, thread: Place, workflow: str, reference: str) -> Place:
        """Post, unless an earlier process did."""
        key = {"workflow": workflow, "reference": reference}
        if found := await self._posted(thread, key):
            return found
        answer = await self._pacer.post(
            thread.channel,
            lambda: self._slack.chat_postMessage(
                channel=thread.channel,
                thread_ts=thread.ts,
                text=away_text(reference),
                metadata={"event_type": NOTICE, "event_payload": key},
                unfurl_links=False,
                unfurl_media=False,
            ),
            Urgency.NOTICE,
            patient=True,
        )
        return Place(channel=thread.channel, ts=str(answer["ts"]))

    async def resolve(self, notice: Place, reference: str) -> None:
        """The file is back: say so in place of the complaint. Raises `Later`."""
        await self._pacer.rewrite(
            notice.channel,
            notice.ts,
            lambda: self._slack.chat_update(
                channel=notice.channel, ts=notice.ts, text=back_text(reference)
            ),
        )

    async def _posted(self, thread: Place, key: dict[str, str]) -> Place | None:
        replies = await self._slack.conversations_replies(
            channel=thread.channel, ts=thread.ts, limit=PAGE, include_all_metadata=True
        )
        for message in replies.get("messages") or []:
            metadata = message.get("metadata") or {}
            if metadata.get("event_type") == NOTICE and metadata.get("event_payload") == key:
                return Place(channel=thread.channel, ts=str(message["ts"]))
        return None

    async def _history(
        self, channel: str, oldest: datetime, latest: datetime
    ) -> AsyncIterator[dict[str, Any]]:
        cursor: str | None = None
        for _ in range(MOST_PAGES):
            page = await self._slack.conversations_history(
                channel=channel,
                oldest=f"{oldest.timestamp():.6f}",
                latest=f"{latest.timestamp():.6f}",
                limit=PAGE,
                cursor=cursor,
                include_all_metadata=True,
            )
            for message in page.get("messages") or []:
                yield message
            cursor = (page.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                return


def away_text(reference: str) -> str:
    """What is wrong and what to do about it."""
    return (
        f"⚠️ This waits: the stored file {code(reference)} is missing or damaged. "
        "Put it back from a backup into the payload folder; the work goes on by itself then."
    )


def back_text(reference: str) -> str:
    """It is over."""
    return f"✅ The stored file {code(reference)} is back; the work goes on."
