"""Comments on tasks: written down first, looked up and passed on then.

Which task a thread belongs to only Slack knows, and Slack may be busy. A comment is on disk before
anything is asked, so a 429, an outage or a restart loses none; whoever wrote one that could not be
passed on within `PATIENCE` is told.
"""

import asyncio
import time
from datetime import UTC, datetime, timedelta

import aiohttp
import structlog
from pydantic import ValidationError
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from temporalio.exceptions import ApplicationError

from bot.approvals.tasks import Tasks
from bot.config.errors import UnavailableError
from notifications.slack.delivery import TASK
from notifications.slack.errors import passing, retry_after
from notifications.slack.private import PrivateMessages
from storage.click_inbox import ClickInbox, PendingClick
from storage.errors import StorageError
from workflows.messages.base import Frozen
from workflows.messages.decisions import Place
from workflows.messages.tasks import Comment

log = structlog.get_logger()

AGAIN = 2.0
PATIENCE = timedelta(minutes=30)
LOST = (
    "Your comment wasn't passed on to the task, because Slack or the workflow server didn't "
    "answer for half an hour. Please write it again."
)
_LATER = (SlackApiError, aiohttp.ClientError, TimeoutError, OSError, UnavailableError, StorageError)


class Written(Frozen):
    """A message in the thread of one of ours; `thread` is the root's ts."""

    channel: str
    thread: str
    comment: Comment


class Comments:
    """One inbox of its own: clicks never wait for a comment's look-up."""

    def __init__(
        self,
        inbox: ClickInbox,
        tasks: Tasks,
        slack: AsyncWebClient,
        private: PrivateMessages,
        patience: timedelta = PATIENCE,
    ) -> None:
        self._inbox = inbox
        self._tasks = tasks
        self._slack = slack
        self._private = private
        self._patience = patience
        self._new = asyncio.Event()
        self._quiet_until = 0.0

    async def keep(self, written: Written) -> None:
        """Durable when it returns; the same message twice is one comment."""
        await self._inbox.put(written.comment.id, written.model_dump_json().encode())
        self._new.set()

    async def pass_on(self) -> None:
        """Pass on what is kept, for ever."""
        while True:
            self._new.clear()
            try:
                done = await self._all()
            except _LATER as error:
                log.warning("comments could not be read", error=type(error).__name__)
                done = False
            await self._wait(None if done else AGAIN)

    async def _wait(self, seconds: float | None) -> None:
        """Until there is a new one, or until it is time to try the others again."""
        pause = self._quiet_until - time.monotonic()
        if pause > 0:
            await asyncio.sleep(pause)
            return
        try:
            await asyncio.wait_for(self._new.wait(), seconds)
        except TimeoutError:
            return

    async def _all(self) -> bool:
        """Whether nothing is left to be tried again."""
        done = True
        for kept in await self._inbox.pending():
            if time.monotonic() < self._quiet_until:
                return False
            done = await self._one(kept) and done
        return done

    async def _one(self, kept: PendingClick) -> bool:
        try:
            written = Written.model_validate_json(kept.payload)
        except ValidationError:
            log.error("a kept comment cannot be read", comment=kept.id)
            await self._inbox.failed(kept.id, "unreadable", give_up=True)
            return True
        try:
            said = await self._passed_on(written)
        except _LATER as error:
            return await self._later(kept, written, error)
        await self._inbox.done(kept.id, said)
        return True

    async def _passed_on(self, written: Written) -> str:
        task = await self._task_of(written.channel, written.thread)
        if not task:
            return "no task"
        return "kept" if await self._tasks.comment(task, written.comment) else "ended"

    async def _later(self, kept: PendingClick, written: Written, error: Exception) -> bool:
        """Try again, unless it has taken too long: then the person is told."""
        log.warning("a comment waits", error=type(error).__name__, attempts=kept.attempts)
        if isinstance(error, SlackApiError) and error.response.status_code == 429:
            self._quiet_until = time.monotonic() + retry_after(error).total_seconds()
        if datetime.now(UTC) - kept.received_at < self._patience:
            await self._inbox.failed(kept.id, type(error).__name__)
            return False
        place = Place(channel=written.channel, ts=written.thread)
        try:
            await self._private.say(written.comment.by, place, LOST)
        except (*_LATER, ApplicationError):
            return False
        await self._inbox.failed(kept.id, "told", give_up=True)
        return True

    async def _task_of(self, channel: str, thread: str) -> str:
        """The task whose message is the root of this thread, by the message's own metadata."""
        try:
            found = await self._slack.conversations_replies(
                channel=channel, ts=thread, limit=1, include_all_metadata=True
            )
        except SlackApiError as error:
            if passing(error):
                raise
            return ""  # the thread is gone, or we are no longer in the channel
        root = (found.get("messages") or [{}])[0]
        metadata = root.get("metadata") or {}
        if metadata.get("event_type") != TASK:
            return ""
        return str((metadata.get("event_payload") or {}).get("task", ""))
