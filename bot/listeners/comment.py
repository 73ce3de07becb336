"""What people write in a task's thread: kept as a comment, never as a verdict."""

from typing import Any

from bot.approvals.comments import Comments, Written
from workflows.messages.tasks import Comment


class CommentListeners:
    """Only replies to our own messages are looked at, and only those below a task's message."""

    def __init__(self, comments: Comments) -> None:
        self._comments = comments

    async def written(self, event: dict[str, Any], context: dict[str, Any]) -> None:
        """Write it down; a comment that comes when its task has ended changes nothing."""
        if event.get("subtype") or event.get("bot_id") or not event.get("thread_ts"):
            return
        if event.get("parent_user_id") not in {None, context.get("bot_user_id")}:
            return
        comment = Comment(
            id=f"{event['channel']}:{event['ts']}", by=event["user"], text=event.get("text", "")
        )
        written = Written(channel=event["channel"], thread=event["thread_ts"], comment=comment)
        await self._comments.keep(written)
