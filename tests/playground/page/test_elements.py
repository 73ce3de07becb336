"""Every interactive element, used by hand, sends what Slack would send."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Locator, expect
from slack_sdk.web.async_client import AsyncWebClient

from playground.server import Playground
from tests.playground.page import test_stage as shared
from tests.playground.page.test_stage import Bot, Json, Stage, plain

pytestmark = pytest.mark.asyncio(loop_scope="module")
config, playground, bot = shared.config, shared.playground, shared.bot
browser, stage = shared.browser, shared.stage

OPTIONS = [{"text": plain(name.title()), "value": name} for name in ("one", "two", "three")]
TWO = {"text": {"type": "plain_text", "text": "Two", "emoji": True}, "value": "two"}


def element(kind: str, **more: Any) -> Json:
    return {"type": kind, "action_id": f"e_{kind}", **more}


MENUS = [
    element("static_select", options=OPTIONS),
    element("multi_static_select", options=OPTIONS, max_selected_items=2),
    element("users_select"),
    element("multi_users_select"),
    element("channels_select"),
    element("conversations_select", default_to_current_conversation=True),
    element("overflow", options=OPTIONS),
    element("checkboxes", options=OPTIONS, initial_options=OPTIONS[:1]),
    element("radio_buttons", options=OPTIONS),
    element("datepicker", initial_date="2026-01-31"),
    element("timepicker"),
    element("datetimepicker"),
    element("external_select", min_query_length=1),
]
FEEDBACK = element(
    "feedback_buttons",
    positive_button={"text": plain("Good"), "value": "good"},
    negative_button={"text": plain("Bad"), "value": "bad"},
)


def listen(bot: Bot) -> None:
    """Note every action, and offer options for what is typed."""

    async def note(ack: Any, body: Json) -> None:
        await ack()
        bot.seen.append(body["actions"][0])

    async def offer(ack: Any, body: Json) -> None:
        await ack(options=[{"text": plain(f"{body['value']}!"), "value": body["value"]}])

    bot.app.action(re.compile("^e_"))(note)
    bot.app.options("e_external_select")(offer)


async def post(playground: Playground, *blocks: Json) -> None:
    client = AsyncWebClient(playground.bot_token, base_url=playground.api_url)
    await client.chat_postMessage(channel="C0APPROVE1", text="elements", blocks=blocks)


async def sent(bot: Bot, place: Locator, count: int) -> Json:
    """Wait until the action was acked, and give it."""
    await expect(place).to_have_attribute("aria-busy", "false")
    assert len(bot.seen) == count
    return bot.seen[-1]


async def test_each_menu_and_picker_sends_its_choice(
    stage: Stage, bot: Bot, playground: Playground
) -> None:
    """One after another in one message; the message is not drawn anew between them."""
    listen(bot)
    await post(playground, {"type": "actions", "elements": MENUS})
    page = stage.page

    def at(kind: str) -> Locator:
        return page.locator(f"[data-action-id=e_{kind}]")

    await at("static_select").select_option("two")
    assert (await sent(bot, at("static_select"), 1))["selected_option"] == TWO
    await at("users_select").select_option("U0GRACE001")
    assert (await sent(bot, at("users_select"), 2))["selected_user"] == "U0GRACE001"
    await at("channels_select").select_option("C0FINANCE1")
    assert (await sent(bot, at("channels_select"), 3))["selected_channel"] == "C0FINANCE1"
    await expect(at("conversations_select")).to_have_value("C0APPROVE1")
    await at("conversations_select").select_option("C0GENERAL1")
    assert (await sent(bot, at("conversations_select"), 4))["selected_conversation"] == "C0GENERAL1"
    await at("overflow").locator("summary").click()
    await at("overflow").locator(".menu-item", has_text="Two").click()
    assert (await sent(bot, at("overflow"), 5))["selected_option"] == TWO
    await at("checkboxes").locator(".choice", has_text="Two").click()
    chosen = (await sent(bot, at("checkboxes"), 6))["selected_options"]
    assert [option["value"] for option in chosen] == ["one", "two"]
    await at("radio_buttons").locator(".choice", has_text="Two").click()
    assert (await sent(bot, at("radio_buttons"), 7))["selected_option"] == TWO
    await at("datepicker").fill("2026-02-28")
    assert (await sent(bot, at("datepicker"), 8))["selected_date"] == "2026-02-28"
    await at("timepicker").fill("09:30")
    assert (await sent(bot, at("timepicker"), 9))["selected_time"] == "09:30"
    await at("datetimepicker").fill("2026-02-28T09:30")
    moment = (await sent(bot, at("datetimepicker"), 10))["selected_date_time"]
    assert moment == await page.evaluate("new Date('2026-02-28T09:30').getTime() / 1000")


async def test_a_list_of_several_is_sent_when_it_is_closed(
    stage: Stage, bot: Bot, playground: Playground
) -> None:
    """With at most as many as allowed; its summary says what is chosen."""
    listen(bot)
    await post(playground, {"type": "actions", "elements": MENUS})
    page = stage.page
    several = page.locator("[data-action-id=e_multi_static_select]")
    await several.locator("summary").click()
    for name in ("One", "Three", "Two"):
        await several.locator(".choice", has_text=name).click()
    await expect(several.locator("summary")).to_have_text("One, Three")
    assert bot.seen == []
    await page.keyboard.press("Escape")
    chosen = (await sent(bot, several, 1))["selected_options"]
    assert [option["value"] for option in chosen] == ["one", "three"]
    people = page.locator("[data-action-id=e_multi_users_select]")
    await people.locator("summary").click()
    await people.locator(".choice", has_text="Linus").click()
    await page.click("#head h2")
    assert (await sent(bot, people, 2))["selected_users"] == ["U0LINUS001"]


async def test_external_options_are_asked_from_the_app(
    stage: Stage, bot: Bot, playground: Playground
) -> None:
    """As one types; the chosen one is sent whole."""
    listen(bot)
    await post(playground, {"type": "actions", "elements": MENUS})
    menu = stage.page.locator("[data-action-id=e_external_select]")
    await menu.locator("[type=search]").fill("ab")
    await menu.locator(".choice", has_text="ab!").click()
    assert (await sent(bot, menu, 1))["selected_option"]["value"] == "ab"


async def test_feedback_and_inputs_in_a_message(
    stage: Stage, bot: Bot, playground: Playground
) -> None:
    """A thumb is a click; Enter sends a field that dispatches, with its value."""
    listen(bot)
    field = {
        "type": "input",
        "dispatch_action": True,
        "label": plain("Name"),
        "element": element("plain_text_input"),
    }
    await post(playground, {"type": "context_actions", "elements": [FEEDBACK]}, field)
    page = stage.page
    bad = page.locator("[data-action-id=e_feedback_buttons]").nth(1)
    await bad.click()
    assert (await sent(bot, bad, 1))["value"] == "bad"
    box = page.get_by_label("Name")
    await box.fill("Ada")
    await box.press("Enter")
    assert (await sent(bot, box, 2))["value"] == "Ada"
    assert await stage.is_clean()


async def test_a_file_input_uploads_what_is_chosen(
    stage: Stage, bot: Bot, playground: Playground, tmp_path: Path
) -> None:
    """The file goes up at once; its description travels with the next click."""

    async def note(ack: Any, body: Json) -> None:
        await ack()
        bot.seen.append(body["state"]["values"]["files"]["f"])

    bot.app.action("go")(note)
    chooser = {"type": "file_input", "action_id": "f", "filetypes": ["csv"]}
    field = {"type": "input", "block_id": "files", "label": plain("Table"), "element": chooser}
    go = {"type": "actions", "elements": [shared.button("go", "Go")]}
    await post(playground, field, go)
    table = tmp_path / "sales.csv"
    table.write_text("a,b\n", encoding="utf-8")
    box = stage.page.locator("[data-action-id=f]")
    await box.set_input_files(table)
    await expect(box).to_have_attribute("aria-busy", "false")
    await stage.page.click("[data-action-id=go]")
    files = (await sent(bot, stage.page.locator("[data-action-id=go]"), 1))["files"]
    assert [file["name"] for file in files] == ["sales.csv"]
    assert await stage.is_clean()
