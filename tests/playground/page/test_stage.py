"""A browser, a small bot, and what every page view must hold: no violation, no overflow, no error.

The other browser tests take `Stage` and the fixtures from here.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from playground.config import PlaygroundConfig
from playground.server import Playground
from playground.testing.person import Person

pytestmark = pytest.mark.asyncio(loop_scope="module")

Json = dict[str, Any]
CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--no-proxy-server",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
MANIFEST = """
features:
  slash_commands:
    - {command: /task, description: Start a task, usage_hint: "<pipeline> [input]"}
    - {command: /approvals, description: What waits for me}
  shortcuts:
    - {name: New task, type: global, callback_id: new_task, description: Start one}
    - {name: Send for approval, type: message, callback_id: send, description: Ask people}
oauth_config:
  scopes:
    bot: [chat:write, commands, files:write, im:write, channels:read, users:read, channels:history]
settings:
  event_subscriptions:
    bot_events: [app_home_opened, message.channels]
"""
HOSTILE = (
    "<script>window.hit=1</script> <img src=x onerror=window.hit=1> "
    "<javascript:window.hit=1|click me> [md](javascript:window.hit=1) "
    '<b style="position:fixed;inset:0" onclick="window.hit=1">x</b> ![p](https://evil.example/p.png)'
)
WATCH = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.violations.push(event.violatedDirective + " " + event.blockedURI));
"""


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def button(action: str, label: str, **more: Any) -> Json:
    return {"type": "button", "action_id": action, "text": plain(label), "value": "1", **more}


CARD: list[Json] = [
    {"type": "header", "text": plain("Quarterly sales")},
    {"type": "section", "text": {"type": "mrkdwn", "text": "*Step 1 of 4* for <@U0GRACE001>"}},
    {
        "type": "actions",
        "block_id": "decide",
        "elements": [
            button("approve", "Approve", style="primary"),
            button("reject", "Reject", style="danger"),
            button("silent", "Silence"),
            button(
                "withdraw",
                "Withdraw",
                confirm={
                    "title": plain("Withdraw?"),
                    "text": plain("Nobody can decide it then."),
                    "confirm": plain("Withdraw it"),
                    "deny": plain("Keep it"),
                },
            ),
        ],
    },
]


def reason_view() -> Json:
    question = {"type": "plain_text_input", "action_id": "text", "multiline": True}
    people = {"type": "multi_users_select", "action_id": "who", "placeholder": plain("People")}
    level = {
        "type": "static_select",
        "action_id": "level",
        "options": [{"text": plain(name), "value": name} for name in ("low", "high")],
    }
    return {
        "type": "modal",
        "callback_id": "reason",
        "title": plain("Reject"),
        "submit": plain("Send"),
        "blocks": [
            {"type": "input", "block_id": "why", "label": plain("Reason"), "element": question},
            {
                "type": "input",
                "block_id": "tell",
                "optional": True,
                "label": plain("Tell also"),
                "element": people,
            },
            {
                "type": "input",
                "block_id": "level",
                "optional": True,
                "dispatch_action": True,
                "label": plain("Level"),
                "element": level,
            },
            {"type": "actions", "elements": [button("deeper", "More about it")]},
        ],
    }


@dataclass
class Bot:
    """A tiny bot: a card with buttons, a modal with a reason, a Home."""

    app: AsyncApp
    seen: list[Json] = field(default_factory=list)

    def listen(self) -> None:
        self.app.command("/task")(self.task)
        for action in ("approve", "reject", "silent", "withdraw", "deeper", "level"):
            self.app.action(action)(getattr(self, action))
        self.app.view("reason")(self.reason)
        self.app.event("app_home_opened")(self.home)
        self.app.event("message")(self.quiet)
        self.app.shortcut("new_task")(self.reject)
        self.app.shortcut("send")(self.sent)

    async def task(self, ack: Any, command: Json, client: AsyncWebClient) -> None:
        await ack()
        channel, user = command["channel_id"], command["user_id"]
        posted = await client.chat_postMessage(channel=channel, text="card", blocks=CARD)
        await client.chat_postEphemeral(channel=channel, user=user, text="Your task has started.")
        await client.files_upload_v2(
            channel=channel,
            thread_ts=posted["ts"],
            filename="report.md",
            title="The full report",
            content="# Findings\n\n**bold** <script>window.hit=1</script>",
        )

    async def approve(self, ack: Any, body: Json, client: AsyncWebClient) -> None:
        await ack()
        said = {"type": "mrkdwn", "text": f"Approved by <@{body['user']['id']}>"}
        blocks = [CARD[0], {"type": "context", "elements": [said]}]
        place = {"channel": body["channel"]["id"], "ts": body["message"]["ts"]}
        await client.chat_update(**place, text="done", blocks=blocks)

    async def reject(self, ack: Any, body: Json, client: AsyncWebClient) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=reason_view())

    async def deeper(self, ack: Any, body: Json, client: AsyncWebClient) -> None:
        await ack()
        view = {"type": "modal", "title": plain("Second view"), "blocks": [CARD[0]]}
        await client.views_push(trigger_id=body["trigger_id"], view=view)

    async def level(self, ack: Any, body: Json, client: AsyncWebClient) -> None:
        await ack()
        view = reason_view()
        view["blocks"].insert(0, {"type": "section", "text": plain("Level noted")})
        await client.views_update(view_id=body["view"]["id"], view=view)

    async def silent(self, ack: Any) -> None:
        await asyncio.sleep(0.7)

    async def withdraw(self, ack: Any, body: Json) -> None:
        self.seen.append(body)
        await ack()

    async def reason(self, ack: Any, view: Json, client: AsyncWebClient) -> None:
        self.seen.append(view["state"]["values"])
        text = view["state"]["values"]["why"]["text"]["value"]
        if len(text) < 3:
            await ack(response_action="errors", errors={"why": "Please say a little more."})
            return
        await ack()
        await client.chat_postMessage(channel="C0GENERAL1", text=f"Rejected: {text}")

    async def home(self, event: Json, client: AsyncWebClient) -> None:
        person = {"type": "mrkdwn", "text": f"Waiting for <@{event['user']}>"}
        blocks = [{"type": "section", "text": person, "accessory": button("withdraw", "Open")}]
        await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": blocks})

    async def sent(self, ack: Any, body: Json) -> None:
        self.seen.append(body)
        await ack()

    async def quiet(self) -> None:
        """Hear what people write, and do nothing."""


@dataclass
class Stage:
    """A page in a browser, and what it complained of."""

    playground: Playground
    page: Page
    complaints: list[str] = field(default_factory=list)

    def watch(self) -> None:
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _console(self, message: ConsoleMessage) -> None:
        is_network = "Failed to load resource" in message.text
        if message.type in ("error", "warning") and not is_network:
            self.complaints.append(message.text)

    async def open(self) -> None:
        await self.page.goto(self.playground.page_url)
        await self.page.wait_for_selector(".composer-text")

    async def say(self, text: str) -> None:
        await self.page.fill("#dock .composer-text", text)
        await self.page.press("#dock .composer-text", "Enter")

    async def go(self, key: str) -> None:
        await self.page.click(f"[data-key={key}]")

    async def switch(self, name: str) -> None:
        await self.page.click(".switcher")
        await self.page.click(f".menu-item:has-text('{name}')")
        await self.page.wait_for_selector(f".switcher:has-text('{name}')")

    async def is_clean(self) -> bool:
        """Whether nothing violated the policy, nothing ran, nothing was complained of."""
        found = await self.page.evaluate("[window.violations, window.hit ?? null]")
        return found == [[], None] and self.complaints == []


@pytest.fixture
def config(tmp_path: Path) -> PlaygroundConfig:
    """A workspace whose app offers commands and shortcuts."""
    manifest = tmp_path / "manifest.yml"
    manifest.write_text(MANIFEST, encoding="utf-8")
    return PlaygroundConfig(
        manifest=manifest,
        message_burst=20,
        try_first=("/task review sales.csv",),
    )


@pytest_asyncio.fixture(loop_scope="module")
async def playground(config: PlaygroundConfig) -> AsyncIterator[Playground]:
    """A playground in memory, on the loop that the browser's driver runs on."""
    async with Playground(config) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def bot(playground: Playground) -> AsyncIterator[Bot]:
    """The bot, connected."""
    client = AsyncWebClient(playground.bot_token, base_url=playground.api_url)
    bot = Bot(AsyncApp(client=client, signing_secret="unused"))
    bot.listen()
    handler = AsyncSocketModeHandler(bot.app, playground.app_token)
    await handler.connect_async()
    yield bot
    await handler.close_async()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """Chromium, once for the tests of a file."""
    if not CHROMIUM.exists():
        pytest.skip("Debian's chromium is not installed.")
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def stage(browser: Browser, playground: Playground) -> AsyncIterator[Stage]:
    """A page of 1280 by 800, opened."""
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    page = await context.new_page()
    await page.add_init_script(WATCH)
    page.set_default_timeout(8000)
    stage = Stage(playground, page)
    stage.watch()
    await stage.open()
    yield stage
    await context.close()


HOSTILE_BLOCKS: list[Json] = [
    {"type": "section", "text": {"type": "mrkdwn", "text": HOSTILE}, "fields": [plain(HOSTILE)]},
    {"type": "markdown", "text": f"{HOSTILE}\n\n|a|\n|:-:|\n|1|"},
    {"type": "context", "elements": [plain(HOSTILE)]},
    {"type": "image", "image_url": "https://evil.example/x.png", "alt_text": HOSTILE},
    {
        "type": "rich_text",
        "elements": [
            {
                "type": "rich_text_section",
                "elements": [
                    {"type": "text", "text": HOSTILE},
                    {"type": "link", "url": "javascript:window.hit=1", "text": "click"},
                ],
            }
        ],
    },
    {
        "type": "actions",
        "elements": [
            button(HOSTILE[:200], "x"),
            {
                "type": "static_select",
                "action_id": "s",
                "options": [{"text": plain("<img src=x onerror=window.hit=1>"), "value": "'\"<x>"}],
            },
        ],
    },
]


async def test_hostile_text_runs_nothing_and_violates_nothing(
    stage: Stage, playground: Playground
) -> None:
    """In a message, in a mail, and in a file that is opened."""
    client = AsyncWebClient(playground.bot_token, base_url=playground.api_url)
    posted = await client.chat_postMessage(
        channel="C0APPROVE1", text=HOSTILE, blocks=HOSTILE_BLOCKS, username=HOSTILE[:60]
    )
    assert posted["ok"]
    await stage.page.wait_for_selector(".block-rich_text")
    async with Person(playground.url, playground.local_token, "U0ADA00001") as ada:
        await ada.upload("approvals", "<b>hostile.md", HOSTILE.encode(), text=HOSTILE)
    await stage.page.click(".file")
    await stage.page.wait_for_selector("dialog .markdown")
    await stage.page.keyboard.press("Escape")
    assert await stage.page.locator("#stage script, #stage img, #stage [style]").count() == 0
    assert await stage.is_clean()


async def test_a_mail_is_shown_in_a_frame_where_nothing_runs(
    stage: Stage, playground: Playground
) -> None:
    """Its styles are kept, its links open elsewhere, its scripts and pictures are gone."""
    html = f"<div style='color: rgb(1, 2, 3)'><a href='https://a.example'>go</a>{HOSTILE}</div>"
    mail = {"from": "a@b.example", "to": ["c@d.example"], "subject": "Hello", "html": html}
    async with Person(playground.url, playground.local_token, "U0ADA00001") as ada:
        await ada._post("mails", **mail, text="See https://a.example/x.")
    await stage.go("mailbox")
    assert await stage.page.get_attribute(".mail-text a", "href") == "https://a.example/x"
    await stage.page.click("[role=tab]:has-text('HTML')")
    frame = stage.page.frame_locator(".mail-html")
    link = frame.locator("a", has_text="go")
    assert await link.get_attribute("rel") == "noopener noreferrer"
    assert await link.locator("..").evaluate("node => node.style.color") == "rgb(1, 2, 3)"
    assert await frame.locator("script, img").count() == 0
    assert await stage.is_clean()


async def test_the_page_fits_a_phone(stage: Stage, bot: Bot) -> None:
    """Nothing is wider than 390 pixels, and the sidebar is a drawer."""
    page = stage.page
    await page.set_viewport_size({"width": 390, "height": 844})
    await stage.say("/task review")
    await page.wait_for_selector("[data-action-id=approve]")
    await stage.say("word " * 60 + "x" * 200)
    await page.wait_for_selector(".message:has-text('xxxx')")
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    assert await page.locator("#sidebar").is_hidden()
    await page.click("[aria-label='Show the sidebar']")
    await stage.go("C0GENERAL1")
    await page.wait_for_selector("#head h2:has-text('general')")
    await page.wait_for_selector("#sidebar", state="hidden")
    assert await stage.is_clean()
