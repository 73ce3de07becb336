"""Menus stay in the window, Escape closes one thing, and the keyboard never gets lost."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, ViewportSize, expect
from slack_sdk.web.async_client import AsyncWebClient

from playground.server import Playground
from tests.playground.page import test_stage as shared
from tests.playground.page.test_stage import WATCH, Bot, Json, Stage, button, plain

pytestmark = pytest.mark.asyncio(loop_scope="module")
config, playground, bot = shared.config, shared.playground, shared.bot
browser, stage = shared.browser, shared.stage

PHONE: ViewportSize = {"width": 390, "height": 844}
WORDS = ("Edit and resubmit…", "Delegate…", "Remind me later…", "Show everything…", "Withdraw…")
CHOICES = [{"text": plain(word), "value": str(index)} for index, word in enumerate(WORDS)]
OVERFLOW: Json = {"type": "overflow", "action_id": "more", "options": CHOICES}
PEOPLE: Json = {"type": "multi_users_select", "action_id": "people", "placeholder": plain("People")}
LONG = [{"type": "section", "text": plain("A card of many lines.\n" * 12)}]


@pytest_asyncio.fixture(loop_scope="module")
async def phone(browser: Browser, playground: Playground) -> AsyncIterator[Stage]:
    """A page as a phone shows it."""
    context = await browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True)
    page = await context.new_page()
    await page.add_init_script(WATCH)
    page.set_default_timeout(8000)
    stage = Stage(playground, page)
    stage.watch()
    await stage.open()
    yield stage
    await context.close()


async def card_in_thread(playground: Playground, *elements: Json) -> Json:
    """A message, and a long card at the end of its thread; gives the card."""
    client = AsyncWebClient(playground.bot_token, base_url=playground.api_url)
    root = await client.chat_postMessage(channel="C0APPROVE1", text="Task")
    buttons = [button(f"b{n}", f"Button {n}") for n in range(2)]
    actions = {"type": "actions", "elements": [*buttons, *elements]}
    answer = await client.chat_postMessage(
        channel="C0APPROVE1", thread_ts=root["ts"], text="card", blocks=[*LONG, actions]
    )
    card: Json = answer["message"]
    return card


async def is_inside(page: Page, box: Locator) -> bool:
    """Whether all of it is in the window, and nothing lies over its corners."""
    await expect(box).to_be_visible()
    found = await box.evaluate(
        """(node) => {
          const at = node.getBoundingClientRect();
          const corners = [[at.left, at.top], [at.right, at.top], [at.left, at.bottom], [at.right, at.bottom]];
          const inner = ([x, y]) => [x + (x === at.left ? 9 : -9), y + (y === at.top ? 9 : -9)];
          const isTop = corners.map(inner).every(([x, y]) => node.contains(document.elementFromPoint(x, y)));
          return isTop && at.left >= 0 && at.top >= 0 && at.right <= innerWidth && at.bottom <= innerHeight;
        }"""
    )
    return bool(found)


async def test_a_list_that_opens_lies_inside_of_the_window(
    stage: Stage, phone: Stage, playground: Playground
) -> None:
    """At the thread's right edge, and above its composer; on a screen and on a phone."""
    await card_in_thread(playground, OVERFLOW, PEOPLE)
    for page in (stage.page, phone.page):
        await page.click(".thread-summary")
        for kind in (".overflow", ".multi"):
            opened = page.locator(f"#thread {kind}")
            await opened.locator("summary").click()
            assert await is_inside(page, opened.locator(".popover"))
            await page.keyboard.press("Escape")
            await expect(opened.locator(".popover")).to_be_hidden()
            await expect(page.locator("#thread")).to_be_visible()


async def test_an_overflow_menu_is_used_by_keys_alone(
    stage: Stage, playground: Playground, bot: Bot
) -> None:
    """Arrows go round, Enter chooses, and the keyboard is on the button again."""
    chosen: list[Json] = []

    async def note(ack: Any, body: Json) -> None:
        chosen.append(body["actions"][0]["selected_option"])
        await ack()

    bot.app.action("more")(note)
    await card_in_thread(playground, OVERFLOW)
    page = stage.page
    await page.click(".thread-summary")
    dots = page.locator("#thread .overflow summary")
    await dots.focus()
    await page.keyboard.press("Enter")
    items = page.locator("#thread .menu-item")
    await expect(items.first).to_be_focused()
    await page.keyboard.press("ArrowUp")
    await expect(items.last).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(dots).to_be_focused()
    await page.keyboard.press("ArrowDown")
    await expect(items.first).to_be_focused()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(dots).to_be_focused()
    await expect(page.locator("#thread .overflow")).to_have_attribute("aria-busy", "false")
    assert [option["value"] for option in chosen] == ["1"]


async def test_a_menu_stays_open_when_its_message_is_rewritten(
    stage: Stage, playground: Playground
) -> None:
    """A file comes to hang on the card just while somebody looks for the entry to click."""
    card = await card_in_thread(playground, OVERFLOW)
    page = stage.page
    await page.click(".thread-summary")
    await page.click("#thread .overflow summary")
    await expect(page.locator("#thread .menu-item").first).to_be_visible()
    client = AsyncWebClient(playground.bot_token, base_url=playground.api_url)
    said = {"type": "section", "text": {"type": "plain_text", "text": "Rewritten"}}
    await client.chat_update(
        channel="C0APPROVE1", ts=card["ts"], text="card", blocks=[said, *card["blocks"]]
    )
    await expect(page.locator("#thread")).to_contain_text("Rewritten")
    await expect(page.locator("#thread .menu-item").first).to_be_visible()
    await expect(page.locator("#thread .menu-item").first).to_be_focused()


async def test_one_list_is_open_at_a_time(stage: Stage, playground: Playground) -> None:
    """Opening the second closes the first, and tabbing out closes it, too."""
    await card_in_thread(playground, OVERFLOW, PEOPLE)
    page = stage.page
    await page.click(".thread-summary")
    await page.click("#thread .overflow summary")
    await page.locator("#thread .multi summary").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#thread .overflow")).not_to_have_attribute("open", "")
    await page.keyboard.press("ArrowDown")
    await expect(page.locator("#thread .multi input").first).to_be_focused()
    await page.keyboard.press("Shift+Tab")
    await page.keyboard.press("Shift+Tab")
    await expect(page.locator("#thread .multi")).not_to_have_attribute("open", "")


async def test_escape_in_a_forms_picker_closes_the_picker_only(stage: Stage, bot: Bot) -> None:
    """What was typed stays; the second Escape closes the form, and the button has the keyboard."""
    page = stage.page
    await stage.say("/task review sales.csv")
    await page.locator("[data-action-id=reject]").focus()
    await page.keyboard.press("Enter")
    dialog = page.locator("dialog.modal")
    await dialog.locator("textarea").fill("half a thought")
    await dialog.locator(".multi summary").focus()
    await page.keyboard.press("Enter")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Space")
    await page.keyboard.press("Escape")
    await expect(dialog.locator(".popover")).to_be_hidden()
    await expect(dialog.locator(".multi summary")).to_be_focused()
    await expect(dialog.locator("textarea")).to_have_value("half a thought")
    await page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    await expect(page.locator("[data-action-id=reject]")).to_be_focused()


async def test_escape_in_a_search_takes_back_the_search_only(stage: Stage, bot: Bot) -> None:
    """What the app found goes; the form stays open."""
    search = {"type": "external_select", "action_id": "ext", "min_query_length": 1}
    field = {"type": "input", "block_id": "ext", "label": plain("File"), "element": search}
    view = {"type": "modal", "title": plain("Find"), "submit": plain("Go"), "blocks": [field]}

    async def find(ack: Any, body: Json, client: AsyncWebClient) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=view)

    async def offer(ack: Any, body: Json) -> None:
        await ack(options=[{"text": plain(f"{body['value']}!"), "value": body["value"]}])

    bot.app.action("find")(find)
    bot.app.options("ext")(offer)
    page = stage.page
    client = AsyncWebClient(stage.playground.bot_token, base_url=stage.playground.api_url)
    actions = {"type": "actions", "elements": [button("find", "Find…")]}
    await client.chat_postMessage(channel="C0APPROVE1", text="find", blocks=[actions])
    await page.click("[data-action-id=find]")
    box = page.locator("dialog [type=search]")
    await box.fill("ab")
    await expect(page.locator("dialog .choice")).to_have_text("ab!")
    await box.press("Escape")
    await expect(page.locator("dialog .choice")).to_have_count(0)
    await expect(box).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.locator("dialog")).to_have_count(0)


async def test_after_a_form_the_keyboard_is_where_it_came_from(stage: Stage, bot: Bot) -> None:
    """On the button, though the card was drawn anew meanwhile; else on the card."""
    page = stage.page
    await stage.say("/task review sales.csv")
    await page.locator("[data-action-id=reject]").focus()
    await page.keyboard.press("Enter")
    dialog = page.locator("dialog.modal")
    await expect(dialog.locator("textarea")).to_be_focused()
    message = page.locator(".message", has_text="Quarterly sales")
    client = AsyncWebClient(stage.playground.bot_token, base_url=stage.playground.api_url)
    ts = await message.get_attribute("data-ts")
    blocks = [shared.CARD[0], {"type": "section", "text": plain("Seen by one")}, shared.CARD[2]]
    await client.chat_update(channel="C0APPROVE1", ts=str(ts), text="card", blocks=blocks)
    await expect(message).to_contain_text("Seen by one")
    await dialog.locator("textarea").fill("Wrong quarter")
    await dialog.locator(".submit").click()
    await expect(dialog).to_have_count(0)
    await expect(page.locator("[data-action-id=reject]")).to_be_focused()


async def test_after_approve_the_keyboard_stays_on_the_card(stage: Stage, bot: Bot) -> None:
    """Its buttons are gone; Tab goes on from the message, not from the top of the page."""
    page = stage.page
    await stage.say("/task review sales.csv")
    await page.locator("[data-action-id=approve]").focus()
    await page.keyboard.press("Enter")
    message = page.locator(".message", has_text="Approved by @ada")
    await expect(message).to_be_focused()


async def test_a_long_form_opens_at_its_top(phone: Stage, bot: Bot) -> None:
    """What is to be read comes first; the keyboard waits in the first field, further down."""

    async def read(ack: Any, body: Json, client: AsyncWebClient) -> None:
        await ack()
        field = {"type": "plain_text_input", "action_id": "text"}
        wanted = {"type": "input", "block_id": "why", "label": plain("Comment"), "element": field}
        view = {"type": "modal", "title": plain("Approve"), "submit": plain("Approve")}
        blocks = [*LONG * 6, wanted]
        await client.views_open(trigger_id=body["trigger_id"], view=view | {"blocks": blocks})

    bot.app.action("read")(read)
    page = phone.page
    await card_in_thread(phone.playground, button("read", "Approve…"))
    await page.locator(".thread-summary").last.click()
    await page.locator("#thread [data-action-id=read]").last.click()
    await expect(page.locator("dialog.modal input")).to_be_focused()
    body = page.locator("dialog.modal .dialog-body")
    assert await body.evaluate(
        "(node) => [node.scrollTop, node.scrollHeight > node.clientHeight]"
    ) == [0, True]


async def test_an_updated_form_keeps_the_keyboard_and_its_place(stage: Stage, bot: Bot) -> None:
    """A select that redraws the form is still the one the keyboard is on."""
    page = stage.page
    await stage.say("/task review sales.csv")
    await page.click("[data-action-id=reject]")
    level = page.locator("dialog.modal select")
    await level.focus()
    await level.select_option("high")
    await expect(page.locator("dialog.modal")).to_contain_text("Level noted")
    await expect(level).to_be_focused()


async def test_a_closed_thread_gives_the_keyboard_back(stage: Stage, bot: Bot) -> None:
    """To the button that opened it."""
    page = stage.page
    await stage.say("/task review sales.csv")
    opener = page.locator(".thread-summary")
    await opener.focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#thread .composer-text")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.locator("#thread")).to_be_hidden()
    await expect(opener).to_be_focused()


async def test_the_phones_drawer_closes_once_a_person_is_chosen(phone: Stage) -> None:
    """And the keyboard is on the button that opens it again."""
    page = phone.page
    opener = page.locator("#head [aria-label='Show the sidebar']")
    await opener.click()
    await phone.switch("Grace Hopper")
    await expect(page.locator("#sidebar")).not_to_be_in_viewport()
    await expect(page.locator("#veil")).to_be_hidden()
    await opener.click()
    await page.keyboard.press("Escape")
    await expect(page.locator("#sidebar")).not_to_be_in_viewport()
    await expect(opener).to_be_focused()
    assert await phone.is_clean()


async def test_an_empty_channel_says_what_to_type(stage: Stage) -> None:
    """Each command with what it does; choosing one writes it."""
    page = stage.page
    intro = page.locator("#stage .empty")
    await intro.locator("button", has_text="/task review sales.csv").click()
    await expect(page.locator("#dock .composer-text")).to_have_value("/task review sales.csv")
    await page.fill("#dock .composer-text", "")
    await expect(intro).to_contain_text("Start a task")
    await expect(intro).to_contain_text("/task <pipeline> [input]")
    await intro.get_by_role("button", name="/task", exact=True).click()
    await expect(page.locator("#dock .composer-text")).to_have_value("/task ")
    await expect(page.locator("#dock .composer-text")).to_be_focused()
    await stage.say("hello")
    await expect(page.locator(".message")).to_contain_text("hello")
    await expect(intro).to_contain_text("very beginning")
    await expect(intro.locator(".first-run")).to_be_hidden()
    assert await stage.is_clean()
