"""An office with a mail server, and times short enough for a test; what outage tests ask again."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from temporalio import activity
from temporalio.common import RetryPolicy

from bot.approvals import delivery
from bot.config.sections.notices import MailSettings
from bot.config.sections.web import WebSettings
from bot.config.settings import Settings
from bot.monitoring import slack_watchdog
from bot.processes import bootstrap
from bot.slack import client
from notifications.people import last_known
from playground.config import ChannelConfig, PlaygroundConfig
from playground.server import Playground
from playground.testing.person import Person
from tests.bot.web.decision_desk import Page
from tests.conftest import free_port
from tests.e2e.conftest import CHANNEL, ROOT, Office, settings_for
from tests.fakes import FakeAgent
from workflows import activities
from workflows.approval import reminders
from workflows.messages.turns import TurnOutcome, TurnRequest

Message = dict[str, Any]
BEATING = "C0HEARTBEAT"
PATIENCE = 40
_OFTEN = RetryPolicy(initial_interval=timedelta(seconds=0.2), maximum_interval=timedelta(seconds=1))
QUICK = slack_watchdog.WatchdogPace(
    look=timedelta(seconds=0.1),
    silence=timedelta(seconds=0.3),
    renew=timedelta(seconds=0.3),
    renew_again=timedelta(seconds=20),
    deaf=timedelta(seconds=2),
    fresh=timedelta(seconds=0.5),
)


class GatedAgent(FakeAgent):
    """Answers once its gate is open."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.gate.set()

    @activity.defn(name="run_turn")
    async def run_turn(self, request: TurnRequest) -> TurnOutcome:
        await self.gate.wait()
        return await FakeAgent.run_turn(self, request)


def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """The times of an outage, a hundredth of what they are."""
    monkeypatch.setattr(delivery, "FIRST_TRY_SECONDS", 2.0)
    monkeypatch.setattr(client, "TIMEOUT", 1)
    monkeypatch.setattr(reminders, "SLACK_PATIENCE", timedelta(seconds=2))
    monkeypatch.setattr(last_known, "PATIENCE", timedelta(seconds=1))
    monkeypatch.setitem(activities.PATIENT, "retry_policy", _OFTEN)
    monkeypatch.setitem(activities.HURRIED, "retry_policy", _OFTEN)
    monkeypatch.setitem(activities.HURRIED, "schedule_to_close_timeout", timedelta(seconds=3))


def with_mail(settings: Settings, workspace: Playground) -> Settings:
    """The workspace's mailbox, and a page that mailed links open."""
    server = {"host": "127.0.0.1", "port": workspace.mail_port, "security": "none"}
    mail = MailSettings(sender="signoff@acme.example", server=server)
    web = WebSettings(port=free_port())
    return settings.model_copy(update={"mail": mail, "web": web})


@contextlib.asynccontextmanager
async def mailing_office(address: str, folder: Path) -> AsyncIterator[Office]:
    """Everything running, with a channel for the heartbeat."""
    channels = [*PlaygroundConfig().channels, ChannelConfig(id=BEATING, name="signoff-heartbeat")]
    config = PlaygroundConfig(manifest=ROOT / "manifest.yml", channels=channels)
    async with Playground(config, folder / "playground.db", mail_port=0) as workspace:
        settings = with_mail(settings_for(workspace, address, folder / "signoff"), workspace)
        settings.folder.mkdir()
        built = Office(workspace, settings)
        built.agent = GatedAgent()
        await bootstrap.prepare(settings)
        async with bootstrap.worker(settings, built.agent), bootstrap.bot(settings):
            yield built
            await built.close()


async def eventually(ask: Callable[[], Awaitable[Any]], seconds: float = PATIENCE) -> Any:
    """What is asked for, once there is any."""
    async with asyncio.timeout(seconds):
        while not (found := await ask()):  # noqa: ASYNC110 - it happens in another place
            await asyncio.sleep(0.05)
    return found


async def letters(person: Person, subject: str, many: int = 1) -> list[Message]:
    """The mails of this subject, once there are so many."""

    async def ask() -> list[Message]:
        found = [mail for mail in await person.mails() if subject in mail["subject"]]
        return found if len(found) >= many else []

    return list(await eventually(ask))


async def decide_by_mail(mail: Message) -> str:
    """Open the link, type the code, approve; what the page says."""
    link, code = re.search(r"http\S+/decide/\S+", mail["text"]), _CODE.search(mail["text"])
    assert link
    assert code
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
        async with browser.get(link[0]) as answer:
            page = Page(answer.status, dict(answer.headers), await answer.text())
        fields = {**page.hidden(), "verdict": "approve", "code": code[0]}
        async with browser.post(link[0], data=fields) as answer:
            return Page(answer.status, dict(answer.headers), await answer.text()).text


async def cards(office: Office, step: str) -> list[Message]:
    """Every message that is a card of this step."""
    thread = await office.thread()
    shown = await office.ada.messages(CHANNEL, thread)
    return [m for m in shown if f".{step}.v1" in str(m.get("metadata"))]


_CODE = re.compile(r"[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}")
