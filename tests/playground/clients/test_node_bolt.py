"""A bot on @slack/bolt for Node, over both transports."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from playground.server import Playground
from playground.testing.person import Person
from tests.playground.conftest import ADA, APPROVALS, GRACE

HERE = Path(__file__).parents[1] / "node"
NODE = shutil.which("node")

pytestmark = [
    pytest.mark.skipif(NODE is None, reason="Node is not installed"),
    pytest.mark.skipif(
        not (HERE / "node_modules").exists(),
        reason="run `npm ci` in tests/playground/node to try the Node bot",
    ),
]


@pytest.fixture(params=["socket", "http"])
async def node(playground: Playground, request: pytest.FixtureRequest) -> AsyncIterator[None]:
    """The Node bot, ready; over HTTP its address is verified first."""
    environment = {
        "PATH": os.environ["PATH"],
        "API_URL": playground.api_url,
        "BOT_TOKEN": playground.bot_token,
        "APP_TOKEN": playground.app_token,
        "SIGNING_SECRET": playground.signing_secret,
    }
    process = await asyncio.create_subprocess_exec(
        str(NODE),
        str(HERE / "bot.mjs"),
        str(request.param),
        env=environment,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    ready = (await asyncio.wait_for(process.stdout.readline(), 30)).decode().split()
    assert ready[:1] == ["ready"]
    if request.param == "http":
        async with Person(playground.url, playground.local_token, ADA) as admin:
            await admin.request_url(f"http://127.0.0.1:{ready[1]}/slack/events")
    yield
    process.terminate()
    await process.wait()


@pytest.mark.usefixtures("node")
async def test_node_bot_does_the_main_job(ada: Person, grace: Person) -> None:
    """Command, card, approval by response_url, rejection by modal, mention."""
    told = await ada.command("/task sales.csv", channel=APPROVALS)
    assert told["acked"], told
    await ada.wait_for(lambda one: one["text"] == "Started sales.csv", APPROVALS)

    card = await grace.wait_for(lambda one: one["text"] == "Refund?", APPROVALS)
    await grace.click(card, "approve")
    done = await ada.wait_for(lambda one: one["text"] == f"Approved by <@{GRACE}>", APPROVALS)
    assert done["ts"] == card["ts"]

    await ada.command("/task more.csv", channel=APPROVALS)
    card = await grace.wait_for(lambda one: one["text"] == "Refund?", APPROVALS)
    await grace.click(card, "reject")
    view = await grace.wait_for_view()
    assert (await grace.submit(view, {"why": {"text": "no"}}))["errors"] == {"why": "Say more."}
    await grace.submit(view, {"why": {"text": "No budget"}})
    await ada.wait_for(lambda one: one["text"].endswith("No budget"), APPROVALS)

    asked = await ada.say(APPROVALS, "@signoff are you there?")
    reply = await ada.wait_for(
        lambda one: one["text"] == f"Hello <@{ADA}>", APPROVALS, thread=asked["ts"]
    )
    assert reply["thread_ts"] == asked["ts"]
