"""The decision page on a real web server and a real database, with the rules behind it."""

import contextlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from bot.config.errors import SignoffError
from bot.web.client_address import Network, client_address
from bot.web.decision_page import decision_link, register
from storage.database import create_engine, migrate
from storage.mail_tokens import Issued, MailTokens
from tests.notifications.approval_views import GRACE, NOW, RESULT, approval_view
from workflows import rules
from workflows.messages.ballot import Ballot
from workflows.messages.decisions import Decision, Reply
from workflows.messages.requests import CardView


@dataclass
class Desk:
    """Approvals by id, decided by the workflow's own rules; counts what it is asked."""

    views: dict[str, CardView]
    now: datetime = NOW
    decisions: list[Decision] = field(default_factory=list)
    failures: list[SignoffError | Exception] = field(default_factory=list)
    answer_lost: int = 0
    shown: CardView | None = None

    async def view(self, approval_id: str) -> CardView:
        return self.shown or self.views[approval_id]

    async def full_text(self, approval_id: str) -> str:
        return RESULT.full_text

    async def decide(self, approval_id: str, decision: Decision) -> Reply:
        if self.failures:
            raise self.failures.pop()
        self.decisions.append(decision)
        view = self.views[approval_id]
        ballot, answer = rules.apply(view.ballot, decision, self.now)
        self.keep(view, ballot, decision.comment)
        if self.answer_lost:
            self.answer_lost -= 1
            raise TimeoutError
        return answer

    def keep(self, view: CardView, ballot: Ballot, reason: str = "") -> None:
        changed = view.model_copy(update={"ballot": ballot, "reason": reason})
        self.views[view.request.id] = changed

    @property
    def counted(self) -> int:
        """How many decisions count, in all approvals."""
        return sum(len(view.ballot.counted) for view in self.views.values())


@dataclass
class Page:
    """What one answer was."""

    status: int
    headers: dict[str, str]
    html: str

    @property
    def text(self) -> str:
        """What is read."""
        without = re.sub(r"<style>.*?</style>", "", self.html, flags=re.DOTALL)
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", without)).split())

    def hidden(self) -> dict[str, str]:
        """The form's hidden fields."""
        found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', self.html)
        return {name: unescape(value) for name, value in found}

    @property
    def has_form(self) -> bool:
        return "<form" in self.html


@dataclass
class Site:
    """The running site, its parts, and a browser with cookies."""

    url: str
    desk: Desk
    tokens: MailTokens
    browser: aiohttp.ClientSession

    async def invite(self, approval: str = "t1.analyse.v1", **changes: Any) -> Issued:
        """A mail's link and code for Grace, unless told otherwise."""
        ballot = self.desk.views[approval].ballot
        values = {
            "approval_id": approval,
            "revision": ballot.revision,
            "digest": ballot.digest,
            "user": GRACE,
            "email": "grace@example.com",
            "deadline": NOW + timedelta(hours=5),
            **changes,
        }
        return await self.tokens.issue(**values)

    def link(self, issued: Issued) -> str:
        return decision_link(self.url, issued.token)

    async def ask(self, method: str, url: str, **options: Any) -> Page:
        async with self.browser.request(method, url, **options) as answer:
            text = (await answer.read()).decode()
            return Page(answer.status, dict(answer.headers), text)

    async def open(self, issued: Issued) -> Page:
        return await self.ask("GET", self.link(issued))

    async def send(self, issued: Issued, page: Page | None = None, **fields: Any) -> Page:
        """Fill in the form as shown and send it."""
        page = page or await self.open(issued)
        headers = fields.pop("headers", {})
        filled = {**page.hidden(), "verdict": "approve", "code": issued.code, **fields}
        return await self.ask("POST", self.link(issued), data=filled, headers=headers)


@contextlib.asynccontextmanager
async def site(
    folder: Path,
    *views: CardView,
    trusted_proxies: tuple[Network, ...] = (),
    full_text: bool = True,
    read_seconds: float = 0,
) -> AsyncIterator[Site]:
    """Serve these approvals; time stands still at `desk.now`."""
    views = views or (approval_view(),)
    desk = Desk({view.request.id: view for view in views})
    engine = create_engine(f"sqlite:///{folder / 'tokens.db'}")
    await migrate(engine)
    tokens = MailTokens(engine, lambda: desk.now)
    app = web.Application()
    runner = web.AppRunner(app, access_log=None)
    port = _free_port()
    register(
        app,
        tokens,
        desk,
        public_url=f"http://127.0.0.1:{port}",
        full_text=desk.full_text if full_text else None,
        names=_names,
        client=client_address(trusted_proxies),
        read_seconds=read_seconds,
        clock=lambda: desk.now,
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        jar = aiohttp.CookieJar(unsafe=True)  # that is: also for addresses without a name
        async with aiohttp.ClientSession(cookie_jar=jar) as browser:
            yield Site(f"http://127.0.0.1:{port}", desk, tokens, browser)
    finally:
        await runner.cleanup()
        await engine.dispose()


async def _names(_view: CardView) -> dict[str, str]:
    return {"U0ADA00001": "Ada Lovelace"}


def _free_port() -> int:
    from tests.conftest import free_port  # noqa: PLC0415 - it starts with the whole bot

    return free_port()
