"""Watches payload files that a workflow could not read: counted, told in Slack, until they heal.

The workflow waits by itself (see `storage/errors.py`); this only makes the reason visible. It runs
beside the worker, because that is who meets a damaged file first.
"""

import asyncio
import contextlib
import time
from dataclasses import dataclass, field

import structlog
from slack_sdk.errors import SlackClientError
from temporalio.client import Client
from temporalio.service import RPCError

from bot.monitoring.metrics import Metrics
from notifications.slack.pacing import SendLater
from notifications.slack.payload_notice import PayloadNotices
from storage.errors import StorageError
from storage.payloads.files import PayloadFiles
from workflows.messages.decisions import Place

log = structlog.get_logger()

EVERY = 1.0
LONGEST_PAUSE = 300.0


@dataclass
class _Trouble:
    """One file that one workflow needs. `pause` grows while Slack cannot be told, in seconds."""

    reference: str
    workflow: str
    notice: Place | None = None
    pause: float = EVERY
    next_try: float = field(default_factory=time.monotonic)


class PayloadWatch:
    """Give `failed` to the storage driver, and run `run` beside the worker."""

    def __init__(self, files: PayloadFiles, metrics: Metrics, notices: PayloadNotices) -> None:
        self._files = files
        self._metrics = metrics
        self._notices = notices
        self._troubles: dict[tuple[str, str], _Trouble] = {}

    def failed(self, error: StorageError, workflow: str) -> None:
        """A payload could not be read or kept; called for every attempt."""
        self._metrics.payload_failed(type(error).__name__)
        reference = getattr(error, "reference", "")
        key = (reference, workflow)
        if key in self._troubles:
            return
        log.error("payload_failed", reference=reference, workflow=workflow, reason=str(error))
        if reference and workflow:
            self._troubles[key] = _Trouble(reference, workflow)
            self._count()

    async def run(self, client: Client) -> None:
        """Look after every trouble, for ever."""
        while True:
            await asyncio.sleep(EVERY)
            for trouble in list(self._troubles.values()):
                try:
                    await self._look(client, trouble)
                except Exception as error:  # the edge: a notice must not end the worker
                    log.error("payload_notice_failed", exc_info=error)

    async def _look(self, client: Client, trouble: _Trouble) -> None:
        if await self._sound(trouble.reference):
            if trouble.notice is None or await self._resolved(trouble):
                self._troubles.pop((trouble.reference, trouble.workflow), None)
                self._count()
                log.info("payload_back", reference=trouble.reference, workflow=trouble.workflow)
        elif trouble.notice is None and time.monotonic() >= trouble.next_try:
            trouble.notice = await self._told(client, trouble)
            trouble.pause = min(trouble.pause * 2, LONGEST_PAUSE)
            trouble.next_try = time.monotonic() + trouble.pause

    async def _sound(self, reference: str) -> bool:
        with contextlib.suppress(StorageError, OSError):
            await self._files.get(reference)
            return True
        return False

    async def _told(self, client: Client, trouble: _Trouble) -> Place | None:
        """None when there is no message to tell it under, or Slack or Temporal do not answer."""
        try:
            thread = await self._thread(client, trouble.workflow)
            if thread is None:
                return None
            return await self._notices.tell(thread, trouble.workflow, trouble.reference)
        except (SlackClientError, RPCError, RuntimeError, OSError, TimeoutError) as error:
            log.warning("payload_notice_waits", error=type(error).__name__)
            return None

    async def _resolved(self, trouble: _Trouble) -> bool:
        assert trouble.notice is not None
        try:
            await self._notices.resolve(trouble.notice, trouble.reference)
        except (SlackClientError, SendLater, OSError, TimeoutError) as error:
            log.warning("payload_notice_waits", error=type(error).__name__)
            return False
        return True

    async def _thread(self, client: Client, workflow: str) -> Place | None:
        """Under the task's message, or under the card of an approval without a task."""
        found = await client.get_workflow_handle(workflow).describe()
        if found.parent_id:
            found = await client.get_workflow_handle(found.parent_id).describe()
        channel = str((await found.memo()).get("channel") or "")
        if not channel:
            return None
        return await self._notices.thread(channel, found.id, found.start_time)

    def _count(self) -> None:
        self._metrics.payloads_away(len({trouble.reference for trouble in self._troubles.values()}))
