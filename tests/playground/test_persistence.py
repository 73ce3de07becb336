"""What a restart keeps."""

import asyncio
import os
import re
import signal
import sys
from pathlib import Path

from slack_sdk.web.async_client import AsyncWebClient

from playground.config import PlaygroundConfig
from playground.server import Playground
from playground.testing.person import Person
from tests.playground.clients.rawbot import RawBot
from tests.playground.clients.test_bolt_async import CARD, REASON
from tests.playground.conftest import ADA, GENERAL, GRACE
from tests.playground.manual_clock import ManualClock
from tests.playground.waiting import until

ROOT = Path(__file__).parents[2]


async def fill(playground: Playground) -> str:
    """A card with a reply and a file, a Home, a direct message, an ephemeral one; the card's ts."""
    client = AsyncWebClient(playground.bot_token, base_url=playground.api_url)
    card = await client.chat_postMessage(channel=GENERAL, text="Refund?", blocks=CARD)
    thread = str(card["ts"])
    await client.chat_postMessage(channel=GENERAL, text="details", thread_ts=thread)
    await client.files_upload_v2(
        channel=GENERAL, thread_ts=thread, filename="full.txt", content="everything"
    )
    home = {"type": "home", "blocks": REASON["blocks"]}
    await client.views_publish(user_id=GRACE, view=home)
    await client.chat_postMessage(channel=ADA, text="for you")
    await client.chat_postEphemeral(channel=GENERAL, user=ADA, text="gone tomorrow")
    return thread


async def test_restart_keeps_the_workspace(tmp_path: Path) -> None:
    """Channels, threads, files, Homes and pending cards are there again, ephemerals are not."""
    state = tmp_path / "deep" / "state.sqlite"
    async with Playground(state=state) as playground:
        thread = await fill(playground)
        async with Person(playground.url, playground.local_token, GRACE) as grace:
            await grace.read(GENERAL)

    async with (
        Playground(state=state) as playground,
        Person(playground.url, playground.local_token, GRACE) as grace,
        Person(playground.url, playground.local_token, ADA) as ada,
        RawBot(playground) as bot,
    ):
        (card,) = await ada.messages(GENERAL)
        assert (card["ts"], card["reply_count"]) == (thread, 2)
        replies = await grace.messages(GENERAL, thread)
        assert [message["text"] for message in replies[:2]] == ["Refund?", "details"]
        file = replies[2]["files"][0]
        assert file["url_private"].startswith(playground.url)
        assert await grace.file(file["id"]) == b"everything"
        assert (await grace.published_home() or {})["type"] == "home"
        names = {one["name"]: one for one in (await ada.state())["channels"]}
        assert names["Signoff"]["unread"] == 1
        assert (
            next(one for one in (await grace.state())["channels"] if one["id"] == GENERAL)["unread"]
            == 0
        )

        assert (await grace.click(card, "approve"))["acked"]
        assert bot.payloads[-1]["message"]["ts"] == thread
        assert bot.payloads[-1]["actions"][0]["value"] == "42"
        said = await ada.say(GENERAL, "later")
        assert said["ts"] > thread


async def test_local_token_stays(tmp_path: Path) -> None:
    """A page that was open before a restart can go on with its token."""
    state = tmp_path / "state.sqlite"
    async with Playground(state=state) as playground:
        token = playground.local_token
    async with Playground(state=state, fresh=True) as playground:
        assert playground.local_token == token
    async with Playground() as playground:
        assert playground.local_token != token


async def test_fresh_start_is_empty(tmp_path: Path) -> None:
    """`fresh` forgets everything but the configuration."""
    state = tmp_path / "state.sqlite"
    async with Playground(state=state) as playground:
        await fill(playground)
    async with (
        Playground(state=state, fresh=True) as playground,
        Person(playground.url, playground.local_token, ADA) as ada,
    ):
        assert await ada.messages(GENERAL) == []
        assert len((await ada.state())["channels"]) == 3


async def test_reset(playground: Playground, ada: Person) -> None:
    """A reset empties a running workspace, and it goes on working."""
    await fill(playground)
    await ada.fault("deaf")
    await ada.reset()
    assert await ada.messages(GENERAL) == []
    assert (await ada._get("faults"))["faults"] == []
    await fill(playground)
    assert len(await ada.messages(GENERAL)) == 2


async def test_changed_configuration_of_people(tmp_path: Path) -> None:
    """People follow the configuration, whatever the file remembers of them."""
    state = tmp_path / "state.sqlite"
    async with Playground(state=state):
        pass
    users = PlaygroundConfig().users
    renamed = users[0].model_copy(update={"real_name": "Ada King"})
    config = PlaygroundConfig(users=(renamed, *users[1:]))
    async with Playground(config, state=state) as playground:
        client = AsyncWebClient(playground.bot_token, base_url=playground.api_url)
        assert (await client.users_info(user=ADA))["user"]["real_name"] == "Ada King"


async def test_scheduled_message_survives(tmp_path: Path) -> None:
    """A message for later is posted at its time, also by the next run; a deleted one is not."""
    state, clock = tmp_path / "state.sqlite", ManualClock()
    later = int(clock.now()) + 3_600
    async with Playground(state=state, clock=clock) as playground:
        client = AsyncWebClient(playground.bot_token, base_url=playground.api_url)
        await client.chat_scheduleMessage(channel=GENERAL, text="later", post_at=later)
        dropped = await client.chat_scheduleMessage(channel=GENERAL, text="no", post_at=later)
        await client.chat_deleteScheduledMessage(
            channel=GENERAL, scheduled_message_id=dropped["scheduled_message_id"]
        )
    async with (
        Playground(state=state, clock=clock) as playground,
        Person(playground.url, playground.local_token, ADA) as ada,
    ):
        assert await ada.messages(GENERAL) == []
        await clock.advance(3_600)
        await ada.wait_for(lambda message: message["text"] == "later", GENERAL)
        assert len(await ada.messages(GENERAL)) == 1


async def test_killed_process_loses_nothing(tmp_path: Path) -> None:
    """After SIGKILL, what was answered is there."""
    state = tmp_path / "state.sqlite"
    command = [sys.executable, "-m", "playground", "--port", "0", "--state", str(state)]
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    lines = [(await asyncio.wait_for(process.stdout.readline(), 20)).decode() for _ in range(7)]
    api = re.search(r"http\S+/api/", "".join(lines))
    assert api is not None
    client = AsyncWebClient("xoxb-playground", base_url=api.group())
    await client.chat_postMessage(channel=GENERAL, text="kept")
    os.kill(process.pid, signal.SIGKILL)
    await process.wait()
    async with (
        Playground(state=state) as playground,
        Person(playground.url, playground.local_token, ADA) as ada,
    ):
        assert [message["text"] for message in await ada.messages(GENERAL)] == ["kept"]


async def test_bot_comes_back_by_itself(tmp_path: Path) -> None:
    """A person waiting for changes sees the end of the stream when the playground stops."""
    playground = Playground(state=tmp_path / "state.sqlite")
    await playground.start()
    async with Person(playground.url, playground.local_token, ADA) as ada:
        seen: list[object] = []

        async def watch() -> None:
            seen.extend([change async for change in ada.changes()])

        watching = asyncio.create_task(watch())
        await until(lambda: len(playground.workspace.feed._listeners) > 1)
        await playground.stop()
        await asyncio.gather(watching, return_exceptions=True)
        assert watching.done()
