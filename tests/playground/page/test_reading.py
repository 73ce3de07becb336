"""What is read is whole and said once: counts of replies, first lines, no keyboard over a card."""

import pytest
from playwright.async_api import Locator, expect
from slack_sdk.web.async_client import AsyncWebClient

from playground.server import Playground
from tests.playground.page import test_keyboard as keys
from tests.playground.page import test_stage as shared
from tests.playground.page.test_stage import Bot, Stage

pytestmark = pytest.mark.asyncio(loop_scope="module")
config, playground, bot = shared.config, shared.playground, shared.bot
browser, stage, phone = shared.browser, shared.stage, keys.phone

WORDS = "these words go on to the end of the line and of the next one, too " * 8
COVERED = """(row) => {
  const tools = row.querySelector(".tools").getBoundingClientRect();
  const isUnder = (box) => box.right > tools.left + 1 && box.left < tools.right - 1
    && box.bottom > tools.top + 1 && box.top < tools.bottom - 1;
  const walker = document.createTreeWalker(row.querySelector(".message-main"), NodeFilter.SHOW_TEXT);
  const found = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const range = document.createRange();
    range.selectNodeContents(node);
    if ([...range.getClientRects()].some(isUnder)) found.push(node.textContent.slice(0, 40));
  }
  return tools.width > 20 ? found : ["no buttons"];
}"""


async def test_private_messages_are_no_replies(stage: Stage, playground: Playground) -> None:
    """The thread's head says what the channel says, whoever was told something privately there."""
    client = AsyncWebClient(playground.bot_token, base_url=playground.api_url)
    root = await client.chat_postMessage(channel="C0APPROVE1", text="Task")
    place = {"channel": "C0APPROVE1", "thread_ts": root["ts"]}
    private = {**place, "user": "U0ADA00001", "text": "For you alone"}
    await client.chat_postEphemeral(**private)
    page, head = stage.page, stage.page.locator("#thread .day")
    await page.hover(".message:has-text('Task')")
    await page.click(".message:has-text('Task') [aria-label='Reply in thread']")
    await expect(page.locator("#thread .message.ephemeral")).to_have_count(1)
    await expect(head).to_have_count(0)
    for text in ("one", "two"):
        await client.chat_postMessage(**place, text=text)
    await client.chat_postEphemeral(**private)
    await expect(page.locator("#thread .message")).to_have_count(5)
    await expect(page.locator("#stage .thread-summary .count")).to_have_text("2 replies")
    await expect(head).to_have_text("2 replies")
    assert await stage.is_clean()


async def covered(row: Locator) -> list[str]:
    """The texts of a message that its buttons lie over."""
    await row.hover()
    found: list[str] = await row.evaluate(COVERED)
    return found


async def test_the_buttons_of_a_message_cover_no_text(
    stage: Stage, phone: Stage, playground: Playground
) -> None:
    """Neither of the first in a list nor of those that follow without a name; also in a thread."""
    client = AsyncWebClient(playground.bot_token, base_url=playground.api_url)
    root = await client.chat_postMessage(channel="C0APPROVE1", text=WORDS)
    await client.chat_postMessage(channel="C0APPROVE1", text=WORDS)
    for _ in range(3):
        await client.chat_postMessage(channel="C0APPROVE1", text=WORDS, thread_ts=root["ts"])
    for one in (stage, phone):
        await expect(one.page.locator("#stage .message")).to_have_count(2)
        await one.page.locator("#stage .thread-summary").click()
        await expect(one.page.locator("#thread .message")).to_have_count(4)
        rooms = ["#thread"] if one is phone else ["#stage", "#thread"]
        for row in [one.page.locator(f"{room} .message") for room in rooms]:
            for number in range(await row.count()):
                await row.nth(number).focus()
                assert await covered(row.nth(number)) == [], number


async def test_a_command_that_stands_there_whole_is_sent(stage: Stage, bot: Bot) -> None:
    """Enter completes the half of it, and does not ask for another Enter after the whole."""
    page = stage.page
    field = page.locator("#dock .composer-text")
    await field.press_sequentially("/appro")
    await page.keyboard.press("Enter")
    await expect(field).to_have_value("/approvals ")
    await field.fill("")
    await field.press_sequentially("/approvals")
    await expect(page.locator(".completion-item")).to_have_count(1)
    await page.keyboard.press("Enter")
    await expect(field).to_have_value("")
    await expect(page.locator(".message.ephemeral")).to_have_count(1)


async def test_another_choice_of_the_list_is_completed(stage: Stage) -> None:
    """An arrow says that something else is meant; Tab only ever completes."""
    page = stage.page
    field = page.locator("#dock .composer-text")
    await field.press_sequentially("/task")
    await page.keyboard.press("Tab")
    await expect(field).to_have_value("/task ")
    await field.fill("")
    await field.press_sequentially("/")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(field).to_have_value("/approvals ")
    await expect(page.locator(".message")).to_have_count(0)


async def test_on_a_phone_a_thread_opens_without_the_keyboard(
    phone: Stage, playground: Playground
) -> None:
    """What is to be read is not covered; the keyboard comes once somebody touches the field."""
    await keys.card_in_thread(playground)
    page = phone.page
    await page.locator(".thread-summary").last.click()
    await expect(page.locator("#thread [data-action-id=b0]")).to_be_visible()
    assert await page.evaluate("document.activeElement.getAttribute('aria-label')") == (
        "Close thread"
    )
    await page.locator("#thread .composer-text").tap()
    await expect(page.locator("#thread .composer-text")).to_be_focused()
    assert await phone.is_clean()
