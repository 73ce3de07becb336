"""Retry and Cancel on the message of a task that cannot go on by itself."""

from typing import Any

from pydantic import ValidationError
from slack_bolt.async_app import AsyncAck

from bot.listeners.click import clicked
from bot.listeners.edge import sentence
from bot.tasks import Tasks
from notifications.buttons import TaskValue
from notifications.text import mrkdwn
from notifications.whisper import Whisper

Body = dict[str, Any]


class TaskHelpListeners:
    """The task's requester helps it on, or ends it."""

    def __init__(self, tasks: Tasks, whisper: Whisper) -> None:
        self._tasks = tasks
        self._whisper = whisper

    async def retry(self, ack: AsyncAck, body: Body) -> None:
        """Try the step again."""
        await self._do(ack, body, retry=True)

    async def cancel(self, ack: AsyncAck, body: Body) -> None:
        """End the task."""
        await self._do(ack, body, retry=False)

    async def _do(self, ack: AsyncAck, body: Body, *, retry: bool) -> None:
        click = clicked(body)
        user = click.user
        try:
            value = TaskValue.model_validate_json(body["actions"][0].get("value", ""))
            if retry:
                text = await self._tasks.retry(value.task, user, value.problem)
            else:
                text = await self._tasks.cancel(value.task, user)
        except ValidationError:
            text = "This button is not one of ours."
        except Exception as error:  # noqa: BLE001 - the edge: every error becomes a sentence
            text = sentence(error)
        await ack()
        await self._whisper.say(user, click.thread, mrkdwn(text))
