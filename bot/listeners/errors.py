"""The edge between handlers and people: every gesture is answered once, whatever fails.

Bolt hands over what a listener raised. The answer goes where the person is: into the form (with
what was typed kept), beside the command, below the card, into Home, else into direct messages.
A click that was not acknowledged is acknowledged once its answer is out; where no answer can be
given it is left, so that Slack says so itself.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.listeners.click import Body
from bot.listeners.trouble import sentence
from notifications.cards.buttons import ActionId, HomeCursor, ModalValue, read
from notifications.forms.inputs import modal
from notifications.slack.private import PrivateMessages
from notifications.views.blocks import Block, section
from notifications.views.format import told
from notifications.views.home import home_in_trouble
from workflows.messages.decisions import Place

log = structlog.get_logger()

UNACKED_SECONDS = 0.7
"""So long an ack waits for its answer; one that is late is still given, and Slack warns, too."""
PATIENCE = 10.0
"""For each way of answering."""

Way = Callable[[], Awaitable[object]]


class Edge:
    """Tells people, and never raises."""

    def __init__(self, slack: AsyncWebClient, private: PrivateMessages) -> None:
        self._slack = slack
        self._private = private
        self._running: set[asyncio.Task[bool]] = set()

    def guard(self, app: AsyncApp) -> None:
        """Become the app's error handler."""
        app.error(self.failed)

    async def failed(self, error: Exception, body: Body, ack: AsyncAck) -> BoltResponse | None:
        """Answer; what is returned is the ack, where none went out before."""
        text, acked = sentence(error), ack.response is not None
        if body.get("command") and not acked:
            return await ack(response_type="ephemeral", text=told(text))
        if body.get("type") == "view_submission" and not acked:
            return await ack(**_in_form(body["view"], text))
        saying = asyncio.create_task(self._first(self._ways(body, text)))
        self._running.add(saying)
        saying.add_done_callback(self._running.discard)
        if acked:
            await saying
            return None
        done, _ = await asyncio.wait({saying}, timeout=UNACKED_SECONDS)
        return await ack() if done and saying.result() else None

    async def close(self) -> None:
        """Nothing may use Slack after this."""
        for saying in self._running:
            saying.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def beside(self, work: Coroutine[Any, Any, None], tell: "Tell") -> None:
        """Work after the ack: what fails there is told, too."""
        try:
            await work
        except Exception as error:  # noqa: BLE001 - the edge of what no listener waits for
            text = sentence(error)
            await self._first([lambda: tell(text)])

    def _ways(self, body: Body, text: str) -> list[Way]:
        """The ways to reach this person, the best first."""
        event = body.get("event") or {}
        if event.get("type") == "app_home_opened":
            return [lambda: self._home(event, text), lambda: self._direct(event["user"], text)]
        user, place = _where(body)
        ways: list[Way] = []
        if (body.get("view") or {}).get("type") == "modal" and body.get("type") == "block_actions":
            ways.append(lambda: self._push(body["trigger_id"], text))
        ways.append(lambda: self._private.say(user, place, told(text)))
        if url := body.get("response_url"):
            ways.append(lambda: _respond(url, text))
        return ways

    async def _first(self, ways: list[Way]) -> bool:
        """Whether one of the ways took it."""
        for way in ways:
            try:
                await asyncio.wait_for(way(), PATIENCE)
            except Exception as error:  # noqa: BLE001 - the edge: there is another way, or none
                log.warning("an answer did not get through", error=type(error).__name__)
            else:
                return True
        log.error("a gesture could not be answered")
        return False

    async def _direct(self, user: str, text: str) -> None:
        await self._private.say(user, None, told(text))

    async def _push(self, trigger: str, text: str) -> None:
        await self._slack.views_push(trigger_id=trigger, view=error_view(text))

    async def _home(self, event: Body, text: str) -> None:
        cursor = HomeCursor.read((event.get("view") or {}).get("private_metadata", ""))
        view = home_in_trouble(cursor, "", told(text))
        await self._slack.views_publish(user_id=event["user"], view=view)


Tell = Callable[[str], Awaitable[None]]
"""Says a sentence, not escaped yet, to whoever the work was for."""


def error_view(text: str) -> Block:
    """On top of a form; going back shows the form as it was."""
    return modal(ActionId.READ_MODAL, "That didn't work", [section(told(text))], close="Back")


def _in_form(view: Body, text: str) -> dict[str, Any]:
    """Beside the form's first field, or on top of a form without any."""
    for block in view.get("blocks") or ():
        if block.get("type") == "input":
            return {"response_action": "errors", "errors": {str(block["block_id"]): text}}
    return {"response_action": "push", "view": error_view(text)}


def _where(body: Body) -> tuple[str, Place | None]:
    """Who did it, and the place where only they see an answer."""
    if event := body.get("event"):
        thread = event.get("thread_ts") or ""
        return str(event["user"]), Place(channel=event["channel"], ts=thread)
    if body.get("command"):
        return str(body["user_id"]), Place(channel=body["channel_id"])
    user = str(body["user"]["id"])
    if body.get("type") == "view_submission":
        value = read(ModalValue, body["view"].get("private_metadata") or "")
        return user, value.answer_place() if value else None
    container, message = body.get("container") or {}, body.get("message") or {}
    channel = container.get("channel_id") or (body.get("channel") or {}).get("id") or ""
    thread = container.get("thread_ts") or message.get("thread_ts") or ""
    return user, Place(channel=channel, ts=thread) if channel else None


async def _respond(url: str, text: str) -> None:
    answer = await AsyncWebhookClient(url, timeout=5).send(
        text=told(text), response_type="ephemeral", replace_original=False
    )
    if answer.status_code != 200:
        raise ConnectionError("the address of the answer was refused")
