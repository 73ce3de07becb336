"""From the letter to the outcome: mail, link, page and code, with a real workflow behind them."""

import re
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from bot.approvals.queries import Approvals
from bot.config.sections.temporal import TemporalSettings
from bot.temporal import client as temporal
from bot.web.decision_page import decision_link, register
from notifications.mail.letters import Invitation, Letters
from notifications.mail.smtp import Mailer
from storage.database import create_engine, migrate
from storage.mail_tokens import MailTokens
from storage.payloads.files import PayloadFiles
from tests.bot.web.decision_desk import Page
from tests.conftest import free_port
from tests.fakes import GRACE, LINUS
from tests.notifications.mail.smtp_servers import honest, patient
from tests.workflows.conftest import House
from workflows.messages.decisions import Outcome, Verdict, Via
from workflows.messages.electorate import Person


@pytest.fixture
async def house(temporal_address: str, tmp_path: Path) -> AsyncIterator[House]:
    """A worker on a real server."""
    ours = temporal.plugin(PayloadFiles(tmp_path / "payloads"))
    client = await temporal.connect(TemporalSettings(address=temporal_address), ours)
    built = House(client=client, queue=f"test-{uuid.uuid4().hex}")
    async with built.worker():
        yield built


async def fetch(browser: aiohttp.ClientSession, method: str, link: str, **form: str) -> Page:
    async with browser.request(method, link, data=form or None) as answer:
        return Page(answer.status, dict(answer.headers), await answer.text())


def text_of(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part is not None
    text: str = part.get_content()
    return text


async def test_a_mail_decides_a_workflow(house: House, tmp_path: Path) -> None:
    """The card's digest on the page, one decision by mail, and the second link told about it."""
    task = await house.start("analyse")
    approval = f"{task.id}.analyse.v1"
    view = await house.card(approval)
    engine = create_engine(f"sqlite:///{tmp_path / 'tokens.db'}")
    await migrate(engine)
    tokens, approvals = MailTokens(engine), Approvals(house.client)
    url = f"http://127.0.0.1:{free_port()}"

    async def full_text(name: str) -> str:
        return (await approvals.look(name)).result.full_text

    app = web.Application()
    register(app, tokens, approvals, public_url=url, full_text=full_text, read_seconds=0)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(url.rsplit(":", 1)[1])).start()
    ballot = view.ballot
    assert ballot.deadline is not None
    async with honest() as (mailbox, port):
        for user in (GRACE, LINUS):
            issued = await tokens.issue(
                approval_id=approval,
                revision=ballot.revision,
                digest=ballot.digest,
                user=user,
                email=f"{user.lower()}@example.com",
                deadline=ballot.deadline,
            )
            person = Person(id=user, email=f"{user.lower()}@example.com")
            link = decision_link(url, issued.token)
            invitation = Invitation(link=link, code=issued.code, expires_at=ballot.deadline)
            letter = Letters("signoff@example.com").request(
                view, person, invitation, datetime.now(UTC)
            )
            await Mailer(patient(port)).send(letter)
    jar = aiohttp.CookieJar(unsafe=True)
    try:
        async with aiohttp.ClientSession(cookie_jar=jar) as browser:
            letters = [text_of(message) for message in mailbox.mails]
            links = [re.search(r"http\S+/decide/\S+", letter) for letter in letters]
            found = re.search(r"[2-9A-Z]{4}-[2-9A-Z]{4}", letters[0])
            assert links[0]
            assert links[1]
            assert found
            page = await fetch(browser, "GET", links[0][0])
            assert ballot.digest in page.text
            assert "# All of it" in page.text
            fields = {**page.hidden(), "verdict": "approve", "code": found[0]}
            answer = await fetch(browser, "POST", links[0][0], **fields)
            report = await task.result()
            second = await fetch(browser, "GET", links[1][0])
    finally:
        await runner.cleanup()
        await engine.dispose()
    assert (answer.status, "Thank you" in answer.text) == (200, True)
    assert "already approved by" in second.text
    assert not second.has_form
    settlement = await house.approval(approval).result()
    assert settlement.outcome is Outcome.APPROVED
    assert [(d.by, d.via, d.verdict) for d in settlement.decisions] == [
        (GRACE, Via.EMAIL, Verdict.APPROVE)
    ]
    assert report
