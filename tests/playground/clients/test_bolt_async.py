"""The main job of an approval bot, on slack_bolt's AsyncApp over Socket Mode."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from playground.server import Playground
from playground.testing.person import Person
from tests.playground.conftest import ADA, APPROVALS, GRACE

Json = dict[str, Any]

CARD: list[Json] = [
    {"type": "section", "text": {"type": "mrkdwn", "text": "*Refund* 42 EUR?"}},
    {
        "type": "actions",
        "block_id": "decide",
        "elements": [
            {
                "type": "button",
                "action_id": "approve",
                "text": {"type": "plain_text", "text": "Approve"},
                "value": "42",
                "style": "primary",
            },
            {
                "type": "button",
                "action_id": "reject",
                "text": {"type": "plain_text", "text": "Reject"},
                "value": "42",
            },
        ],
    },
]

REASON: Json = {
    "type": "modal",
    "callback_id": "reason",
    "title": {"type": "plain_text", "text": "Reject"},
    "submit": {"type": "plain_text", "text": "Reject"},
    "blocks": [
        {
            "type": "input",
            "block_id": "why",
            "label": {"type": "plain_text", "text": "Why?"},
            "element": {"type": "plain_text_input", "action_id": "text", "multiline": True},
        }
    ],
}


def bot(client: AsyncWebClient) -> AsyncApp:
    """A bot that posts cards, rewrites them, and asks for reasons."""
    app = AsyncApp(client=client, request_verification_enabled=False)

    @app.command("/task")
    async def task(ack: Any, command: Json, client: AsyncWebClient) -> None:
        await ack(f"Started {command['text']}")
        await client.chat_postMessage(channel=APPROVALS, text="Refund 42 EUR?", blocks=CARD)

    @app.action("approve")
    async def approve(ack: Any, body: Json, client: AsyncWebClient) -> None:
        await ack()
        channel, ts = body["channel"]["id"], body["message"]["ts"]
        text = f"Approved by <@{body['user']['id']}>"
        await client.chat_update(channel=channel, ts=ts, text=text, blocks=[])

    @app.action("reject")
    async def reject(ack: Any, body: Json, client: AsyncWebClient) -> None:
        await ack()
        place = f"{body['channel']['id']} {body['message']['ts']}"
        view = REASON | {"private_metadata": place}
        await client.views_open(trigger_id=body["trigger_id"], view=view)

    @app.view("reason")
    async def reason(ack: Any, body: Json, view: Json, client: AsyncWebClient) -> None:
        why = view["state"]["values"]["why"]["text"]["value"]
        if len(why) < 5:
            await ack(response_action="errors", errors={"why": "Say more."})
            return
        await ack()
        channel, ts = view["private_metadata"].split()
        text = f"Rejected by <@{body['user']['id']}>: {why}"
        await client.chat_update(channel=channel, ts=ts, text=text, blocks=[])

    @app.event("app_home_opened")
    async def opened(event: Json, client: AsyncWebClient) -> None:
        blocks = [{"type": "header", "text": {"type": "plain_text", "text": "Inbox"}}]
        await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": blocks})

    @app.event("message")
    async def heard(event: Json) -> None:
        pass

    return app


@pytest.fixture
async def running(playground: Playground, client: AsyncWebClient) -> AsyncIterator[AsyncApp]:
    """The bot on one socket."""
    app = bot(client)
    handler = AsyncSocketModeHandler(app, playground.app_token, web_client=client)
    handler.client.web_client = client
    await handler.connect_async()
    yield app
    await handler.close_async()


@pytest.mark.usefixtures("running")
async def test_command_to_approved_card(ada: Person, grace: Person) -> None:
    """A command is answered privately, a card appears, a click rewrites it without its buttons."""
    told = await ada.command("/task review sales.csv", channel=APPROVALS)
    assert told["response"]["text"] == "Started review sales.csv"
    private = await ada.wait_for(lambda one: one["ephemeral_for"] == ADA, APPROVALS)
    assert private["text"] == "Started review sales.csv"

    card = await grace.wait_for(lambda one: one["text"] == "Refund 42 EUR?", APPROVALS)
    assert "Approve" in card["html"]
    assert not any(one["ephemeral_for"] for one in await grace.messages(APPROVALS))

    clicked = await grace.click(card, "approve")
    assert clicked["acked"]
    done = await ada.wait_for(lambda one: "Approved by" in one["text"], APPROVALS)
    assert done["ts"] == card["ts"]
    assert "blocks" not in done
    assert done["edited"]["user"] == done["user"]


@pytest.mark.usefixtures("running")
async def test_reject_with_a_reason(ada: Person, grace: Person) -> None:
    """A click opens a modal; bad input stays in it, good input closes it and counts."""
    await ada.command("/task review sales.csv", channel=APPROVALS)
    card = await grace.wait_for(lambda one: one["text"] == "Refund 42 EUR?", APPROVALS)
    await grace.click(card, "reject")
    view = await grace.wait_for_view()
    assert await ada.views() == []

    empty = await grace.submit(view, {})
    assert empty["errors"]["why"] == "Please complete this required field."
    short = await grace.submit(view, {"why": {"text": "no"}})
    assert short["errors"] == {"why": "Say more."}
    assert len(await grace.views()) == 1

    assert (await grace.submit(view, {"why": {"text": "No budget"}}))["response_action"] is None
    assert await grace.views() == []
    await ada.wait_for(lambda one: one["text"] == f"Rejected by <@{GRACE}>: No budget", APPROVALS)


@pytest.mark.usefixtures("running")
async def test_home_is_published_when_opened(grace: Person) -> None:
    """Opening Home tells the bot, which publishes a view."""
    assert await grace.home() is None
    home = await grace.wait_for_home()
    assert home["blocks"][0]["text"]["text"] == "Inbox"
    assert "Inbox" in home["html"]
