"""Machines that follow every link of a mail, and press whatever can be pressed: no decision."""

import asyncio
import os
import random
import shutil
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser, Error, Page, async_playwright

from notifications.mail.letters import Invitation, Letters
from notifications.mail.smtp import ENCODING
from storage.mail_tokens import Issued, TicketState
from tests.bot.web.decision_desk import Site, site
from tests.notifications.approval_views import NOW, PEOPLE, approval_view
from workflows.messages.decisions import Outcome

FULL = os.environ.get("SIGNOFF_FULL") == "1"
VISITS = 10_000 if FULL else 600
BROWSER_VISITS = 60 if FULL else 6
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A headless Chromium; skips with a sentence where there is none."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("Chromium is not installed here; Debian: chromium")
    async with async_playwright() as playwright:
        found = await playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield found
        await found.close()


def mailed_links(here: Site, issued: Issued) -> list[str]:
    """Every address in the letter as it is sent, both parts."""
    view = here.desk.views["t1.analyse.v1"]
    invitation = Invitation(
        link=here.link(issued), code=issued.code, expires_at=NOW + timedelta(hours=5)
    )
    message = Letters("signoff@example.com").request(view, PEOPLE[0], invitation, NOW)
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert message.as_bytes(policy=ENCODING).count(b"http") >= 2
    words = plain.get_content().split() + html.get_content().replace('"', " ").split()
    return sorted({word for word in words if word.startswith("http")})


async def test_ten_thousand_visits_decide_nothing(tmp_path: Path) -> None:
    """GET, HEAD, OPTIONS, posts of the form as it is, with junk, and of used tokens."""
    chance = random.Random(5)
    async with site(tmp_path) as here:
        issued, used = await here.invite(), await here.invite()
        await here.tokens.redeem(
            used.token, used.code, digest=here.desk.views["t1.analyse.v1"].ballot.digest
        )
        await here.tokens.settle(used.token)
        links = [*mailed_links(here, issued), here.link(used)]
        assert links[0] == here.link(issued)

        async def visit() -> int:
            link = chance.choice(links)
            method = chance.choice(["GET", "HEAD", "OPTIONS", "POST", "POST", "PUT", "DELETE"])
            if method != "POST":
                return (await here.ask(method, link)).status
            page = await here.ask("GET", link)
            junk = chance.choice(["", "test", "12345678", "password", "scanner@example.com"])
            code = used.code if link == links[-1] else junk
            fields = {**page.hidden(), "verdict": "approve", "comment": junk, "code": code}
            return (await here.ask("POST", link, data=fields)).status

        statuses: set[int] = set()
        for _ in range(VISITS // 20):
            statuses.update(await asyncio.gather(*(visit() for _ in range(20))))
        assert here.desk.decisions == []
        assert not {status for status in statuses if status >= 500}
        ticket = await here.tokens.look(issued.token)
        assert ticket is not None
        assert (ticket.state, ticket.tries_left) == (TicketState.OPEN, 5)
        assert (await here.send(issued)).status == 200


async def press_everything(page: Page, link: str, chance: random.Random) -> None:
    """Fill in every field, click every button, submit every form, past the browser's checks."""
    await page.goto(link)
    for field in await page.query_selector_all("input:not([type=hidden]), textarea"):
        kind = await field.get_attribute("type")
        if kind == "radio":
            await field.check()
        else:
            await field.fill(chance.choice(["test", "a@example.com", "Approve", "12345"]))
    for number in range(await page.locator("button, input[type=submit], a, summary").count()):
        await _quietly(page.locator("button, input[type=submit], a, summary").nth(number).click())
        await _quietly(page.goto(link))
    await page.evaluate(
        "document.querySelectorAll('form').forEach(form => HTMLFormElement.prototype.submit.call(form))"
    )
    await page.wait_for_timeout(300)


async def _quietly(doing: object) -> None:
    try:
        await doing  # type: ignore[misc]
    except Error:
        return


@pytest.mark.timeout(600)
async def test_a_browser_that_presses_everything_decides_nothing(
    tmp_path: Path, browser: Browser
) -> None:
    """With JavaScript of its own; and the mail's reader can still decide afterwards."""
    chance = random.Random(6)
    async with site(tmp_path) as here:
        issued = await here.invite()
        context = await browser.new_context(bypass_csp=True)
        page = await context.new_page()
        page.set_default_timeout(3_000)
        for _ in range(BROWSER_VISITS):
            await press_everything(page, here.link(issued), chance)
        await context.close()
        assert here.desk.decisions == []
        assert (await here.send(issued)).status == 200


async def test_a_person_with_a_phone_and_no_javascript_decides(
    tmp_path: Path, browser: Browser
) -> None:
    """390 pixels wide: nothing sticks out, everything can be touched, the decision counts."""
    async with site(tmp_path, approval_view(title="A rather long title: " + "x" * 90)) as here:
        issued = await here.invite()
        context = await browser.new_context(
            viewport={"width": 390, "height": 844},
            java_script_enabled=False,
            is_mobile=True,
            has_touch=True,
            device_scale_factor=2,
        )
        page = await context.new_page()
        problems: list[str] = []
        page.on("console", lambda message: problems.append(message.text))
        await page.goto(here.link(issued))
        for locator in await page.locator("button, .choice, input[type=text], summary").all():
            box = await locator.bounding_box()
            assert box is not None
            assert box["height"] >= 44
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= 390
        await page.get_by_label("Reject", exact=True).check()
        await page.get_by_label("Comment").fill("Not yet, please.")
        await page.get_by_label("Code from the e-mail").fill(issued.code.lower())
        if folder := os.environ.get("SIGNOFF_PICTURES"):
            await page.screenshot(path=f"{folder}/decision-390.png", full_page=True)
        await page.get_by_role("button", name="Submit decision").click()
        await page.wait_for_load_state()
        text = await page.locator("main").inner_text()
        if folder:
            await page.screenshot(path=f"{folder}/answer-390.png", full_page=True)
        await context.close()
    assert "Thank you" in text
    assert here.desk.views["t1.analyse.v1"].ballot.outcome is Outcome.REJECTED
    assert here.desk.decisions[0].comment == "Not yet, please."
    assert problems == []


async def test_nothing_sticks_out_on_a_phone(tmp_path: Path, browser: Browser) -> None:
    """The page is as wide as the screen, whatever an agent writes; the same at 320 pixels."""
    view = approval_view(title="W" * 140, step="s" * 80)
    async with site(tmp_path, view) as here:
        issued = await here.invite()
        for width in (320, 390, 1280):
            context = await browser.new_context(viewport={"width": width, "height": 800})
            page = await context.new_page()
            await page.goto(here.link(issued))
            wide = await page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width
            await context.close()
