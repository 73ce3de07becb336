"""What people write in a task's thread: kept as a comment, never as a verdict."""

from typing import Any

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from temporalio.service import RPCError

from bot.tasks import Tasks
from notifications.delivery import TASK
from workflows.tasks import Comment

log = structlog.get_logger()


class CommentListeners:
    """Only replies to our own messages are looked at, and only those below a task's message."""

    def __init__(self, tasks: Tasks) -> None:
        self._tasks = tasks

    async def written(
        self, event: dict[str, Any], context: dict[str, Any], client: AsyncWebClient
    ) -> None:
        """Tell the task; a comment that comes when it has ended changes nothing."""
        if event.get("subtype") or event.get("bot_id") or not event.get("thread_ts"):
            return
        if event.get("parent_user_id") not in {None, context.get("bot_user_id")}:
            return
        task = await _task_of(client, event["channel"], event["thread_ts"])
        if not task:
            return
        comment = Comment(
            id=f"{event['channel']}:{event['ts']}", by=event["user"], text=event.get("text", "")
        )
        try:
            await self._tasks.comment(task, comment)
        except RPCError as error:
            log.info("a comment was not kept", task=task, status=str(error.status))


async def _task_of(client: AsyncWebClient, channel: str, thread: str) -> str:
    """The task whose message is the root of this thread, by the message's own metadata."""
    try:
        found = await client.conversations_replies(
            channel=channel, ts=thread, limit=1, include_all_metadata=True
        )
    except SlackApiError:
        return ""
    root = (found.get("messages") or [{}])[0]
    metadata = root.get("metadata") or {}
    if metadata.get("event_type") != TASK:
        return ""
    return str((metadata.get("event_payload") or {}).get("task", ""))
