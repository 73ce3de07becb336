"""A card in one look, measured in a browser: question and buttons stand on one phone screen."""

import pytest
from playwright.async_api import Browser, Locator
from slack_sdk.web.async_client import AsyncWebClient

from notifications.cards.card import card, card_text
from playground.server import Playground
from tests.notifications.cards.kinds import ENDED, KINDS
from tests.playground.page import test_stage as shared
from tests.playground.page.test_accessible import violations

pytestmark = pytest.mark.asyncio(loop_scope="module")
config, playground, browser = shared.config, shared.playground, shared.browser

PHONE = {"width": 390, "height": 844}
MOST = 560
"""Pixels from the top of the question to the bottom of the buttons."""
SPAN = """(message) => {
  const box = (kind) => message.querySelector(kind)?.getBoundingClientRect();
  return Math.round(box(".block-actions").bottom - box(".block-header").top);
}"""
ORDER = [".block-header", ".block-section", ".block-actions", ".block-context:last-child"]


async def test_question_and_buttons_stand_on_one_phone_screen(
    browser: Browser, playground: Playground
) -> None:
    """Each kind of card; nothing is wider than the phone, and axe-core finds nothing."""
    slack = AsyncWebClient(playground.bot_token, base_url=playground.api_url)
    places = {}
    for name, view in {**KINDS, **ENDED}.items():
        posted = await slack.chat_postMessage(
            channel="C0APPROVE1", text=card_text(view), blocks=card(view)
        )
        places[name] = str(posted["ts"])
    context = await browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True)  # type: ignore[arg-type]
    page = await context.new_page()
    await page.goto(playground.page_url)
    messages = page.locator("#stage .message:has(.block-header)")
    await messages.nth(len(places) - 1).wait_for()
    spans = {}
    for number, name in enumerate(KINDS):
        spans[name] = await messages.nth(number).evaluate(SPAN)
        assert await in_order(messages.nth(number)), name
    assert {name: span for name, span in spans.items() if span > MOST} == {}
    assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert await violations(page) == []
    await context.close()


async def in_order(message: Locator) -> bool:
    """The question first, then what follows from either answer, buttons, the grey line."""
    found: bool = await message.evaluate(
        """(message, kinds) => {
          const tops = kinds.map((kind) => message.querySelector(kind).getBoundingClientRect().top);
          return tops.every((top, at) => at === 0 || top > tops[at - 1]);
        }""",
        ORDER,
    )
    return found
