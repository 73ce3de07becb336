"""WCAG 2.2 AA by axe-core: the page, its forms, menus and lists, in light and dark, on a phone."""

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page
from slack_sdk.web.async_client import AsyncWebClient

from playground.server import Playground
from tests.playground.page import test_stage as shared
from tests.playground.page.test_elements import FEEDBACK, MENUS
from tests.playground.page.test_keyboard import PHONE
from tests.playground.page.test_stage import Bot, Stage

pytestmark = pytest.mark.asyncio(loop_scope="module")
config, playground, bot = shared.config, shared.playground, shared.bot
browser, stage = shared.browser, shared.stage

AXE = Path(__file__).parents[1] / "node/node_modules/axe-core/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
RUN = """async (tags) => (await axe.run(document, { runOnly: tags })).violations.map(
  ({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 160)).join(" | ")}`)"""


async def violations(page: Page) -> list[str]:
    """What axe-core finds on the page as it is now; animations are over."""
    if not AXE.exists():
        pytest.skip("axe-core is not installed: npm ci --prefix tests/playground/node")
    if not await page.evaluate("Boolean(window.axe)"):
        await page.evaluate(AXE.read_text(encoding="utf-8"))
    await page.wait_for_timeout(300)
    found: list[str] = await page.evaluate(RUN, RULES)
    return found


async def elements(playground: Playground) -> None:
    """A message with every menu and picker there is."""
    client = AsyncWebClient(playground.bot_token, base_url=playground.api_url)
    blocks: list[dict[str, Any]] = [
        {"type": "actions", "elements": MENUS},
        {"type": "context_actions", "elements": [FEEDBACK]},
    ]
    await client.chat_postMessage(channel="C0APPROVE1", text="elements", blocks=blocks)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_page_and_its_forms_are_accessible(
    scheme: Any, stage: Stage, bot: Bot, playground: Playground
) -> None:
    """Empty, with a card and its thread, with every element, a menu and a form open."""
    page = stage.page
    await page.emulate_media(color_scheme=scheme)
    assert await violations(page) == []
    await stage.say("/task review sales.csv")
    await page.click(".thread-summary")
    await page.wait_for_selector("#thread .file")
    assert await violations(page) == []
    await elements(playground)
    overflow = page.locator("[data-action-id=e_overflow]")
    await overflow.locator("summary").click()
    assert await violations(page) == []
    await page.keyboard.press("Escape")
    await page.locator("[data-action-id=reject]").first.click()
    await page.locator("dialog.modal .submit").click()
    assert await violations(page) == []
    await page.keyboard.press("Escape")
    await page.wait_for_selector("dialog", state="detached")
    await page.click(".switcher")
    assert await violations(page) == []
    await page.keyboard.press("Escape")
    for place in ("app", "mailbox"):
        await stage.go(place)
        assert await violations(page) == []


async def test_a_phone_is_accessible_too(browser: Browser, playground: Playground) -> None:
    """The channel, and the drawer."""
    context = await browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True)
    page = await context.new_page()
    await page.goto(playground.page_url)
    await page.wait_for_selector(".composer-text")
    assert await violations(page) == []
    await page.click("[aria-label='Show the sidebar']")
    assert await violations(page) == []
    await context.close()
