"""slack_bolt's synchronous App over Socket Mode."""

import asyncio
from typing import Any

from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk.web import WebClient

from playground.server import Playground
from playground.testing.person import Person
from tests.playground.conftest import GENERAL

Json = dict[str, Any]


async def test_sync_bot_answers(playground: Playground, ada: Person) -> None:
    """The threaded Bolt takes commands, says things and answers by response_url."""
    app = App(
        client=WebClient(playground.bot_token, base_url=playground.api_url),
        request_verification_enabled=False,
        token_verification_enabled=False,
    )

    @app.command("/hello")
    def hello(ack: Any, respond: Any, say: Any, command: Json) -> None:
        ack()
        say(f"<@{command['user_id']}> says hello")
        respond("Only you see this")

    handler = SocketModeHandler(app, playground.app_token)
    await asyncio.to_thread(handler.connect)
    try:
        assert (await ada.command("/hello", channel=GENERAL))["acked"]
        said = await ada.wait_for(lambda message: "says hello" in message["text"], GENERAL)
        assert said["bot_id"] == playground.config.app.bot_id
        private = await ada.wait_for(lambda message: message["ephemeral_for"], GENERAL)
        assert private["text"] == "Only you see this"
    finally:
        await asyncio.to_thread(handler.close)
