"""The main job by hand movements in a real browser; with SIGNOFF_PICTURES=1 it takes the pictures."""

import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, async_playwright, expect

from bot.processes import bootstrap
from playground.server import Playground
from tests.e2e.conftest import ROOT, offline_agents, settings_for
from tests.playground.page.test_stage import CHROMIUM, FLAGS, WATCH, Stage

PICTURES = ROOT / "docs/images"
PATIENCE = 60_000


@pytest.fixture
async def stage(
    workspace: Playground, temporal_address: str, tmp_path: Path
) -> AsyncIterator[Stage]:
    """Signoff with its real agents on the offline model, and a browser."""
    if not CHROMIUM.exists():
        pytest.skip("Debian's chromium is not installed.")
    settings = settings_for(workspace, temporal_address, tmp_path / "signoff")
    settings.folder.mkdir()
    expect.set_options(timeout=PATIENCE)
    async with contextlib.AsyncExitStack() as stack:
        await bootstrap.prepare(settings)
        await stack.enter_async_context(bootstrap.worker(settings, offline_agents(settings)))
        await stack.enter_async_context(bootstrap.bot(settings))
        driver = await stack.enter_async_context(async_playwright())
        browser = await driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        stack.push_async_callback(browser.close)
        page = await browser.new_page(viewport={"width": 1280, "height": 1150})
        await page.add_init_script(WATCH)
        page.set_default_timeout(PATIENCE)
        built = Stage(workspace, page)
        built.watch()
        await built.open()
        yield built


async def picture(page: Page, name: str) -> None:
    """Keep what is on the screen, when pictures are wanted."""
    if os.environ.get("SIGNOFF_PICTURES"):
        PICTURES.mkdir(exist_ok=True)
        await page.wait_for_timeout(400)
        await page.screenshot(path=PICTURES / f"{name}.png")


def thread_button(page: Page, action: str) -> Locator:
    """The newest such button in the thread."""
    return page.locator(f"#thread [data-action-id={action}]").last


async def test_the_main_job_by_hand(stage: Stage) -> None:
    """Ask, approve, send back, edit, reject with a reason, read the file, open Home."""
    page = stage.page
    thread = page.locator("#thread")
    await stage.say("/task review examples/penguins.csv")
    await expect(page.locator(".message.ephemeral")).to_contain_text("is on its way")
    await page.click(".thread-summary")
    await expect(thread_button(page, "signoff_approve")).to_be_visible()
    await expect(thread).to_contain_text("penguins.csv has 344 rows")

    await thread_button(page, "signoff_approve").click()
    await expect(thread).to_contain_text("You requested this, so someone else must approve")

    await stage.switch("Grace Hopper")
    await page.click(".thread-summary")
    await expect(thread_button(page, "signoff_approve")).to_be_visible()
    await thread_button(page, "signoff_approve").scroll_into_view_if_needed()
    await picture(page, "card")
    await thread_button(page, "signoff_approve").click()
    await expect(thread).to_contain_text("Approved by @grace")

    await expect(thread).to_contain_text("Approve strategy of penguins.csv?")
    await expect(thread_button(page, "signoff_request_changes")).to_be_visible()
    await thread_button(page, "signoff_request_changes").click()
    await page.locator("dialog.modal textarea").fill("Look at Body Mass (g) first")
    await picture(page, "request-changes")
    await page.locator("dialog.modal .submit").click()
    await expect(thread).to_contain_text("strategy of penguins.csv (v2)")
    await expect(thread).to_contain_text("replaced by v2")
    await expect(thread).to_contain_text("Look at Body Mass (g) first")
    await expect(thread_button(page, "signoff_approve")).to_be_visible()
    await picture(page, "second-version")
    await thread_button(page, "signoff_approve").click()

    await expect(thread).to_contain_text("Approve patterns of penguins.csv?")
    await expect(thread_button(page, "signoff_approve")).to_be_visible()
    await thread.locator("details.overflow summary").last.click()
    await page.locator("#thread .menu-item:visible", has_text="Edit and resubmit").click()
    summary = page.locator("dialog.modal textarea").first
    await summary.fill("Flipper length and body mass rise together.")
    await page.locator("dialog.modal .submit").click()
    await expect(thread).to_contain_text("patterns of penguins.csv (v2)")
    await expect(thread).to_contain_text("Flipper length and body mass rise together.")

    await stage.switch("Linus Pauling")
    await page.click(".thread-summary")
    await expect(thread_button(page, "signoff_approve")).to_be_visible()
    await thread_button(page, "signoff_approve").click()
    await expect(thread).to_contain_text("Approve report of penguins.csv?")
    await thread.locator(".file").first.click()
    await expect(page.locator("dialog .markdown")).to_contain_text("Offline")
    await page.keyboard.press("Escape")

    await stage.go("app")
    await expect(page.locator("body")).to_contain_text("report of penguins.csv")
    await picture(page, "home")
    assert await stage.is_clean()
