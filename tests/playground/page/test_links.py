"""Permalinks open their message, and times are those of whoever reads."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Browser, Page, expect
from slack_sdk.web.async_client import AsyncWebClient

from playground.server import Playground
from playground.testing.person import Person
from tests.playground.page import test_stage as shared
from tests.playground.page.test_stage import Json, Stage, plain

pytestmark = pytest.mark.asyncio(loop_scope="module")
config, playground = shared.config, shared.playground
browser, stage = shared.browser, shared.stage

CHANNEL = "C0APPROVE1"


def client_of(playground: Playground) -> AsyncWebClient:
    return AsyncWebClient(playground.bot_token, base_url=playground.api_url)


@asynccontextmanager
async def fresh_tab(
    browser: Browser, playground: Playground, address: str, zone: str = "UTC"
) -> AsyncIterator[Page]:
    """A tab that remembers nothing but the page's key."""
    context = await browser.new_context(timezone_id=zone)
    page = await context.new_page()
    page.set_default_timeout(8000)
    key = f"{'&' if '?' in address else '?'}key={playground.page_key}"
    await page.goto(address + key)
    yield page
    await context.close()


async def permalink(client: AsyncWebClient, channel: str, ts: str) -> str:
    return str((await client.chat_getPermalink(channel=channel, message_ts=ts))["permalink"])


async def test_a_permalink_opens_an_old_message_in_a_fresh_tab(
    browser: Browser, playground: Playground
) -> None:
    """Scrolled to, marked, with the keyboard on it; the address is the page's again."""
    async with Person(playground.url, playground.local_token, "U0ADA00001") as ada:
        said = [await ada.say("approvals", f"message {number}") for number in range(90)]
    address = await permalink(client_of(playground), CHANNEL, said[3]["ts"])
    async with fresh_tab(browser, playground, address) as page:
        message = page.locator(".message.linked")
        await expect(message).to_contain_text("message 3")
        await expect(message).to_be_in_viewport()
        await expect(message).to_be_focused()
        assert page.url == f"{playground.url}/"


async def test_a_permalink_to_a_reply_opens_its_thread(
    browser: Browser, playground: Playground
) -> None:
    """Beside the channel that it is in."""
    client = client_of(playground)
    root = await client.chat_postMessage(channel=CHANNEL, text="root")
    for number in range(70):
        last = await client.chat_postMessage(
            channel=CHANNEL, thread_ts=root["ts"], text=f"reply {number}"
        )
    async with fresh_tab(browser, playground, await permalink(client, CHANNEL, last["ts"])) as page:
        await expect(page.locator("#thread .message.linked")).to_contain_text("reply 69")
        await expect(page.locator("#thread .message.linked")).to_be_in_viewport()
        await expect(page.locator("#head h2")).to_have_text("approvals")


async def test_a_permalink_into_direct_messages_is_opened_as_their_owner(
    browser: Browser, playground: Playground
) -> None:
    """Ada cannot see it, so the tab says whose it is."""
    client = client_of(playground)
    direct = (await client.conversations_open(users="U0GRACE001"))["channel"]["id"]
    posted = await client.chat_postMessage(channel=direct, text="for Grace alone")
    async with fresh_tab(
        browser, playground, await permalink(client, direct, posted["ts"])
    ) as page:
        await expect(page.locator(".message.linked")).to_contain_text("for Grace alone")
        await expect(page.locator(".switcher-name")).to_have_text("Grace Hopper")
        await expect(page.locator(".toast")).to_contain_text("You are Grace Hopper now")


async def test_a_link_in_a_message_is_followed_in_place(
    stage: Stage, playground: Playground
) -> None:
    """By the person who clicked, with no second tab; a deleted message is said to be gone."""
    client = client_of(playground)
    card = await client.chat_postMessage(channel="C0GENERAL1", text="the card")
    gone = await client.chat_postMessage(channel="C0GENERAL1", text="soon gone")
    links = [await permalink(client, "C0GENERAL1", one["ts"]) for one in (card, gone)]
    await client.chat_delete(channel="C0GENERAL1", ts=gone["ts"])
    await client.chat_postMessage(channel=CHANNEL, text=f"<{links[0]}|Open> <{links[1]}|Lost>")
    page = stage.page
    await stage.switch("Grace Hopper")
    await page.get_by_role("link", name="Open").click()
    await expect(page.locator(".message.linked")).to_contain_text("the card")
    await expect(page.locator(".switcher-name")).to_have_text("Grace Hopper")
    await stage.go(CHANNEL)
    await page.get_by_role("link", name="Lost").click()
    await expect(page.locator(".toast")).to_contain_text("was deleted")
    assert len(page.context.pages) == 1
    assert await stage.is_clean()


async def test_a_files_permalink_opens_the_file(browser: Browser, playground: Playground) -> None:
    """As its chip does."""
    shared_file = await client_of(playground).files_upload_v2(
        channel=CHANNEL, filename="notes.md", content="# Notes\n\n**bold**"
    )
    async with fresh_tab(browser, playground, str(shared_file["file"]["permalink"])) as page:
        await expect(page.locator("dialog .markdown strong")).to_have_text("bold")


async def test_a_date_is_written_in_the_readers_zone(
    browser: Browser, playground: Playground
) -> None:
    """The same zone as the message's own time, with a word for a near day."""
    now = int(time.time())
    text = f"in mrkdwn <!date^{now}^{{date_short_pretty}} {{time}}|fallback>"
    rich: Json = {"type": "date", "timestamp": now, "format": "in rich text {date_num} {time}"}
    section: Json = {"type": "rich_text_section", "elements": [rich]}
    blocks: list[Json] = [
        {"type": "section", "text": {"type": "mrkdwn", "text": text}},
        {"type": "rich_text", "elements": [section]},
        {"type": "context", "elements": [plain("the end")]},
    ]
    await client_of(playground).chat_postMessage(channel=CHANNEL, text="dates", blocks=blocks)
    for zone in ("Asia/Tokyo", "America/New_York"):
        async with fresh_tab(browser, playground, playground.url, zone) as page:
            body = page.locator(".message-body")
            local = datetime.fromtimestamp(now, ZoneInfo(zone))
            clock = f"{local:%I:%M %p}".lstrip("0")
            await expect(body).to_contain_text(f"in mrkdwn today {clock}")
            await expect(body).to_contain_text(f"in rich text {local:%Y-%m-%d} {clock}")
            shown = await page.locator(".message-head .time").text_content()
            assert shown is not None
            assert shown[-2:] == clock[-2:]


async def test_near_days_have_words_and_far_ones_a_date(stage: Stage) -> None:
    """Yesterday, tomorrow, last year; what is no token of Slack's stays as it is."""
    found = await stage.page.evaluate(
        """async () => {
          const { slackDate } = await import("/page/time.js");
          const at = (days) => { const d = new Date(); d.setDate(d.getDate() + days); return d; };
          return [
            slackDate(at(-1), "{date_pretty}"), slackDate(at(1), "{date_long_pretty} at"),
            slackDate(new Date(2019, 4, 7, 9, 5), "{date_short_pretty} {time}, {date_num}, {date}"),
            slackDate(new Date(Date.now() - 7.5e6), "{ago}"), slackDate(new Date(Date.now() + 7.5e6), "{ago}"),
            slackDate(at(0), "{date_short} {nonsense}").endsWith("{nonsense}"),
          ];
        }"""
    )
    assert found == [
        "yesterday",
        "tomorrow at",
        "May 7, 2019 9:05 AM, 2019-05-07, May 7, 2019",
        "2 h ago",
        "in 2 h",
        True,
    ]
