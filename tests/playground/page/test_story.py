"""The main job by hand movements: ask, decide, reject with a reason, read the thread, open Home."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from playground.config import PlaygroundConfig
from playground.server import Playground
from playground.testing.person import Person
from tests.playground.page import test_stage as shared
from tests.playground.page.test_stage import Bot, Stage

pytestmark = pytest.mark.asyncio(loop_scope="module")
config, playground, bot = shared.config, shared.playground, shared.bot
browser, stage = shared.browser, shared.stage


async def asked(stage: Stage) -> None:
    """Start a task and see its card."""
    await stage.say("/task review sales.csv")
    await stage.page.wait_for_selector("[data-action-id=approve]")


async def test_a_command_is_completed_and_answered_with_a_card(stage: Stage, bot: Bot) -> None:
    """Slash, arrow, Enter; then a card, a note for the person alone, and a file in the thread."""
    page = stage.page
    await page.type("#dock .composer-text", "/")
    options = page.locator(".completion-item")
    await expect(options).to_have_count(2)
    await page.keyboard.press("ArrowDown")
    await expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("Enter")
    await expect(page.locator("#dock .composer-text")).to_have_value("/task ")
    await expect(page.locator(".usage")).to_contain_text("<pipeline> [input]")
    await page.keyboard.type("review sales.csv")
    await page.keyboard.press("Enter")
    await expect(page.locator("h3:has-text('Quarterly sales')")).to_be_visible()
    await expect(page.locator(".message.ephemeral")).to_contain_text("Only visible to you")
    await expect(page.locator(".badge").first).to_have_text("APP")
    await page.click(".thread-summary:has-text('1 reply')")
    await page.click("#thread .file:has-text('The full report')")
    await expect(page.locator("dialog .markdown strong")).to_have_text("bold")
    await page.keyboard.press("Escape")
    await page.keyboard.press("Escape")
    await expect(page.locator("#thread")).to_be_hidden()
    assert await stage.is_clean()


async def test_another_person_approves_and_the_card_changes_for_both(
    stage: Stage, bot: Bot
) -> None:
    """Ada asks, Grace approves, nobody else saw Ada's private note."""
    page = stage.page
    await asked(stage)
    await stage.switch("Grace Hopper")
    await expect(page.locator("[data-action-id=approve]")).to_be_visible()
    await expect(page.locator(".ephemeral")).to_have_count(0)
    await page.click("[data-action-id=approve]")
    await expect(page.locator(".message")).to_contain_text("Approved by @grace")
    await expect(page.locator(".edited")).to_be_visible()
    await expect(page.locator("[data-action-id=approve]")).to_have_count(0)
    await stage.switch("Ada Lovelace")
    await expect(page.locator(".message").first).to_contain_text("Approved by @grace")
    assert await stage.is_clean()


async def test_a_rejection_needs_its_reason(stage: Stage, bot: Bot) -> None:
    """Empty is refused by the page, short by the bot, then the modal closes."""
    page = stage.page
    await asked(stage)
    await page.click("[data-action-id=reject]")
    dialog = page.locator("dialog.modal")
    await expect(dialog.locator("h2")).to_have_text("Reject")
    await expect(dialog.locator("textarea")).to_be_focused()
    await dialog.locator(".submit").click()
    await expect(dialog.locator(".error >> nth=0")).to_have_text(
        "Please complete this required field."
    )
    await dialog.locator("textarea").fill("no")
    await dialog.locator(".submit").click()
    await expect(dialog.locator(".error >> nth=0")).to_have_text("Please say a little more.")
    await dialog.locator("textarea").fill("Wrong quarter")
    await dialog.locator(".multi summary").click()
    await dialog.locator(".choice:has-text('Grace Hopper')").click()
    await expect(dialog.locator(".multi summary")).to_have_text("Grace Hopper")
    await dialog.locator(".submit").click()
    await expect(dialog).to_have_count(0)
    values = bot.seen[-1]
    assert values["why"]["text"]["value"] == "Wrong quarter"
    assert values["tell"]["who"]["selected_users"] == ["U0GRACE001"]
    await expect(page.locator("[data-key=C0GENERAL1] .count-badge")).to_have_text("1")
    await stage.go("C0GENERAL1")
    await expect(page.locator(".message")).to_contain_text("Rejected: Wrong quarter")
    await expect(page.locator("[data-key=C0GENERAL1] .count-badge")).to_have_count(0)
    assert await stage.is_clean()


async def test_views_stack_and_an_update_keeps_what_was_typed(stage: Stage, bot: Bot) -> None:
    """A pushed view lies on top, Esc goes back, an updated view keeps its fields."""
    page = stage.page
    await asked(stage)
    await page.click("[data-action-id=reject]")
    dialog = page.locator("dialog.modal")
    await dialog.locator("textarea").fill("half a thought")
    await dialog.locator("select").select_option("high")
    await expect(dialog).to_contain_text("Level noted")
    await expect(dialog.locator("textarea")).to_have_value("half a thought")
    await dialog.locator("[data-action-id=deeper]").click()
    await expect(dialog.locator("h2")).to_have_text("Second view")
    await page.keyboard.press("Escape")
    await expect(dialog.locator("h2")).to_have_text("Reject")
    await dialog.locator("[data-action-id=deeper]").click()
    await expect(dialog.locator("h2")).to_have_text("Second view")
    await dialog.locator("[aria-label=Close]").click()
    await expect(dialog).to_have_count(0)
    await page.click("[data-action-id=reject]")
    await expect(dialog.locator("h2")).to_have_text("Reject")
    await page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    assert await stage.is_clean()


async def test_a_button_asks_before_it_sends(stage: Stage, bot: Bot) -> None:
    """Keeping sends nothing; withdrawing sends the click once."""
    page = stage.page
    await asked(stage)
    await page.click("[data-action-id=withdraw]")
    await page.click("dialog button:has-text('Keep it')")
    assert bot.seen == []
    await page.click("[data-action-id=withdraw]")
    await page.click("dialog button:has-text('Withdraw it')")
    await expect(page.locator("[data-action-id=withdraw]")).to_have_attribute("aria-busy", "false")
    assert [body["actions"][0]["action_id"] for body in bot.seen] == ["withdraw"]


async def test_a_bot_that_does_not_answer_is_reported(stage: Stage, bot: Bot) -> None:
    """The button is busy until the time for the ack is over."""
    page = stage.page
    await asked(stage)
    await page.click("[data-action-id=silent]")
    await expect(page.locator("[data-action-id=silent]")).to_have_attribute("aria-busy", "true")
    await expect(page.locator(".toast")).to_contain_text("The app did not respond.")
    await expect(page.locator("[data-action-id=silent]")).to_have_attribute("aria-busy", "false")


async def test_home_is_published_when_it_is_opened(stage: Stage, bot: Bot) -> None:
    """For the person who opens it, with working buttons, beside the app's messages."""
    page = stage.page
    await stage.go("app")
    await expect(page.locator(".home")).to_contain_text("Waiting for @ada")
    await page.click(".home [data-action-id=withdraw]")
    await expect(page.locator(".home [data-action-id=withdraw]")).to_have_attribute(
        "aria-busy", "false"
    )
    assert bot.seen[-1]["view"]["type"] == "home"
    await stage.switch("Grace Hopper")
    await expect(page.locator(".home")).to_contain_text("Waiting for @grace")
    await page.click("[role=tab]:has-text('Messages')")
    await expect(page.locator("#dock .composer-text")).to_be_visible()
    assert await stage.is_clean()


async def test_shortcuts_run_from_their_menus(stage: Stage, bot: Bot) -> None:
    """A message's own from its menu, a global one from the composer's."""
    page = stage.page
    await stage.say("please decide")
    await page.hover(".message")
    await page.click(".message [aria-label='More actions']")
    await page.click(".menu-item:has-text('Send for approval')")
    await expect(page.locator(".message")).to_have_count(1)
    await page.click("#dock [aria-label=Shortcuts]")
    await page.click(".menu-item:has-text('New task')")
    await expect(page.locator("dialog.modal h2")).to_have_text("Reject")
    assert bot.seen[0]["message"]["text"] == "please decide"


async def test_the_keyboard_is_enough(stage: Stage) -> None:
    """Shift+Enter breaks the line, Ctrl+K jumps, a thread opens and closes."""
    page = stage.page
    await page.keyboard.type("one")
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("two @gra")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    await expect(page.locator(".message-body .text")).to_have_text("onetwo @grace")
    await page.keyboard.press("Control+k")
    await page.keyboard.type("gener")
    await page.keyboard.press("Enter")
    await expect(page.locator("#head h2")).to_have_text("general")
    await page.keyboard.type("draft")
    await page.keyboard.press("Control+k")
    await page.keyboard.type("appr")
    await page.keyboard.press("Enter")
    await page.locator("[aria-label='Reply in thread']").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#thread .composer-text")).to_be_focused()
    await page.keyboard.type("in the thread")
    await page.keyboard.press("Enter")
    await expect(page.locator("#thread .message")).to_have_count(2)
    await page.keyboard.press("Escape")
    await expect(page.locator("#thread")).to_be_hidden()
    await expect(page.locator(".thread-summary .count")).to_have_text("1 reply")
    await stage.go("C0GENERAL1")
    await expect(page.locator("#dock .composer-text")).to_have_value("draft")
    assert await stage.is_clean()


async def test_files_are_shared_by_choosing_them(stage: Stage, tmp_path: Path) -> None:
    """A picture is shown, a text is previewed, both are loaded from this machine only."""
    page = stage.page
    picture = tmp_path / "dot.svg"
    picture.write_text("<svg xmlns='http://www.w3.org/2000/svg'/>", encoding="utf-8")
    table = tmp_path / "sales.csv"
    table.write_text("a,b\n1,<script>\n", encoding="utf-8")
    await page.set_input_files("#dock input[type=file]", [picture, table])
    await expect(page.locator(".chosen-file")).to_have_count(2)
    await page.fill("#dock .composer-text", "here you are")
    await page.keyboard.press("Enter")
    await expect(page.locator(".file")).to_have_count(2)
    await page.click(".file:has-text('sales.csv')")
    await expect(page.locator("dialog .preview-text")).to_contain_text("1,<script>")
    assert await stage.is_clean()


async def test_a_guest_sees_what_guests_see(stage: Stage) -> None:
    """No channel, no composer, a word of welcome, and the way back."""
    await stage.switch("Gwen Guest")
    await expect(stage.page.locator("#stage")).to_contain_text("No channels yet")
    await expect(stage.page.locator("#dock .composer-text")).to_have_count(0)
    await stage.switch("Ada Lovelace")
    await expect(stage.page.locator("#dock .composer-text")).to_be_visible()
    assert await stage.is_clean()


async def test_an_unknown_command_is_answered_with_a_sentence(stage: Stage, bot: Bot) -> None:
    """And stays in the field, to be corrected."""
    await stage.say("/nothing at all")
    await expect(stage.page.locator(".toast")).to_contain_text("/nothing is not a valid command")
    await expect(stage.page.locator("#dock .composer-text")).to_have_value("/nothing at all")


async def test_long_channels_show_their_end_and_more_on_demand(
    stage: Stage, playground: Playground
) -> None:
    """Fifty messages at first, fifty more each time they are asked for."""
    async with Person(playground.url, playground.local_token, "U0ADA00001") as ada:
        for number in range(120):
            await ada.say("general", f"message {number}")
    await stage.go("C0GENERAL1")
    messages = stage.page.locator("#stage .message")
    await expect(messages).to_have_count(50)
    await expect(messages.last).to_be_in_viewport()
    await stage.page.click(".earlier")
    await expect(messages).to_have_count(100)
    await stage.page.click(".earlier")
    await expect(messages).to_have_count(120)
    await expect(stage.page.locator(".earlier")).to_be_hidden()


async def test_the_page_comes_back_after_a_restart(
    stage: Stage, config: PlaygroundConfig, tmp_path: Path
) -> None:
    """It says that it reconnects, then shows what is there now, with a new token."""
    page = stage.page
    config = config.model_copy(update={"page_key": "kept"})
    async with Playground(config) as first:
        await page.goto(first.page_url)
        await stage.say("before")
        await expect(page.locator(".message")).to_have_count(1)
        port = int(first.url.rpartition(":")[2])
    await expect(page.locator("#banner")).to_have_text("Reconnecting…")
    async with Playground(config, state=tmp_path / "state.db", port=port) as again:
        assert again.local_token != first.local_token
        await expect(page.locator("#banner")).to_be_hidden()
        await expect(page.locator(".message")).to_have_count(0)
        await stage.say("after")
        await expect(page.locator(".message")).to_contain_text("after")
        await page.goto("about:blank")
