"""The decision page's guards: forged posts, guesses, hostile text, headers."""

import re
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.config.errors import UnavailableError
from bot.web.form_guard import FormGuard
from bot.web.page_headers import page_headers
from tests.bot.web.decision_desk import site
from tests.notifications.approval_views import (
    ADA,
    approval_view,
)
from workflows.messages.results import AgentResult, ExecutionMode

HIGH = {"risk": "high"}
HIGH_BY_MAIL = {"risk": "high", "email_decides_high_risk": True}


async def test_five_wrong_codes_end_the_link(tmp_path: Path) -> None:
    """And the right one comes too late."""
    async with site(tmp_path) as here:
        issued = await here.invite()
        wrong = ("2" if issued.code[0] != "2" else "3") + issued.code[1:]
        pages = [await here.send(issued, code=wrong) for _ in range(4)]
        assert "(1 try left)" in pages[-1].text
        page = await here.open(issued)
        for code in (wrong, issued.code):
            answer = await here.send(issued, page, code=code)
            assert answer.status == 410
            assert "wrong too often" in answer.text
    assert here.desk.decisions == []


@pytest.mark.parametrize(
    "refused",
    [
        {"user": "U0EVE00001", "email": "eve@example.com"},  # no approver
        {"user": ADA, "email": "ada@example.com"},  # the requester herself
        {"revision": 2},
        {"digest": "0" * 64},
    ],
)
async def test_wrong_person_version_or_content_is_no_decision(
    tmp_path: Path, refused: dict[str, Any]
) -> None:
    """No form, and a forged post does not count either."""
    async with site(tmp_path) as here:
        issued = await here.invite(**refused)
        page = await here.open(issued)
        assert not page.has_form
        good = await here.open(await here.invite())
        for fields in (good.hidden(), {"digest": "0" * 64, "seal": "0" * 64}):
            assert (await here.send(issued, page, **fields)).status in (403, 422)
    assert here.desk.counted == 0


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "null"},
        {"Sec-Fetch-Site": "none"},
    ],
)
async def test_posts_from_elsewhere_are_refused(tmp_path: Path, headers: dict[str, str]) -> None:
    """Even with cookie, seal and code."""
    async with site(tmp_path) as here:
        issued = await here.invite()
        answer = await here.send(issued, headers=headers)
        assert (answer.status, here.desk.decisions) == (403, [])
        assert (await here.send(issued, headers={"Origin": here.url})).status == 200


async def test_a_form_of_another_browser_is_refused(tmp_path: Path) -> None:
    """The seal belongs to the cookie that came with the page, and to its link."""
    async with site(tmp_path) as here:
        issued, other = await here.invite(), await here.invite()
        page, others = await here.open(issued), await here.open(other)
        crossed = await here.send(issued, page, seal=others.hidden()["seal"])
        assert crossed.status == 403
        here.browser.cookie_jar.clear()
        assert (await here.send(issued, page)).status == 403
        await here.open(other)
        assert (await here.send(issued, page)).status == 403
        assert here.desk.decisions == []
        assert (await here.send(issued)).status == 200


async def test_two_tabs_of_one_browser_both_work(tmp_path: Path) -> None:
    """Opening the link again does not spoil the first form."""
    async with site(tmp_path) as here:
        issued = await here.invite()
        first = await here.open(issued)
        await here.open(issued)
        assert (await here.send(issued, first)).status == 200


async def test_reading_changes_nothing(tmp_path: Path) -> None:
    """GET, HEAD and OPTIONS, and methods nobody knows; HEAD has no body, OPTIONS the list."""
    async with site(tmp_path) as here:
        issued = await here.invite()
        link = here.link(issued)
        before = await here.tokens.look(issued.token)
        head = await here.ask("HEAD", link)
        options = await here.ask("OPTIONS", link)
        others = [await here.ask(m, link) for m in ("PUT", "DELETE", "PATCH", "TRACE", "PROPFIND")]
        others.append(await here.ask("POST", link + "/text"))
        for query in ("?verdict=approve&code=" + issued.code, "#approve"):
            await here.ask("GET", link + query)
        assert await here.tokens.look(issued.token) == before
    assert (head.status, head.html) == (200, "")
    assert (options.status, options.headers["Allow"]) == (204, "GET, HEAD, OPTIONS, POST")
    assert {page.status for page in others} == {405}
    assert here.desk.decisions == []


async def test_every_answer_has_strict_headers(tmp_path: Path) -> None:
    """Pages, errors, texts, refusals; only our own style sheet may run."""
    async with site(tmp_path) as here:
        issued = await here.invite()
        link = here.link(issued)
        pages = [
            await here.open(issued),
            await here.ask("HEAD", link),
            await here.ask("OPTIONS", link),
            await here.ask("PUT", link),
            await here.ask("GET", link + "/text"),
            await here.ask("GET", f"{here.url}/decide/nothing"),
            await here.ask("POST", link),
            await here.ask("POST", link, data={"code": "x"}),
            await here.ask("POST", link, data=b"x" * 70_000),
            await here.send(issued),
        ]
    for page in pages:
        policy = page.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        for directive in ("form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"):
            assert directive in policy
        assert "unsafe" not in policy
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert page.headers["Cache-Control"] == "no-store"
        assert page.headers["X-Frame-Options"] == "DENY"
        assert page.headers["X-Content-Type-Options"] == "nosniff"
        assert "<script" not in page.html
        assert " style=" not in page.html
    style = re.search(r"<style>(.*?)</style>", pages[0].html, re.DOTALL)
    assert style is not None
    assert (
        page_headers(style[1])["Content-Security-Policy"]
        == pages[0].headers["Content-Security-Policy"]
    )


async def test_the_cookie_is_strict(tmp_path: Path) -> None:
    """Not for scripts, not for other sites; it does not hold the token."""
    async with site(tmp_path) as here:
        issued = await here.invite()
        async with (
            aiohttp.ClientSession() as plain_client,
            plain_client.get(here.link(issued)) as a,
        ):
            cookie = a.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert issued.token not in cookie


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"", "application/x-www-form-urlencoded", 403),
        (b"verdict=approve", "text/plain", 415),
        (b'{"verdict": "approve"}', "application/json", 415),
        (b"a=" + b"1&a=" * 500, "application/x-www-form-urlencoded", 400),
        (b"x" * 70_000, "application/x-www-form-urlencoded", 413),
        (b"\xff\xfe=%ff&code=%00&seal=%ed%a0%80", "application/x-www-form-urlencoded", 403),
        (b"code=1", "application/x-www-form-urlencoded; charset=rot13", 403),
    ],
)
async def test_junk_is_answered_and_counts_nothing(
    tmp_path: Path, body: bytes, kind: str, status: int
) -> None:
    """Never a 500."""
    async with site(tmp_path) as here:
        issued = await here.invite()
        await here.open(issued)
        answer = await here.ask(
            "POST", here.link(issued), data=body, headers={"Content-Type": kind}
        )
    assert answer.status == status
    assert here.desk.decisions == []


async def test_hostile_text_stays_text(tmp_path: Path) -> None:
    """Markup, hidden characters and imitations of our form, in every place."""
    evil = "</p><script>alert(1)</script><form action=//evil><input name=code>\u202e{{7*7}}"
    view = approval_view(
        title=evil,
        step="analyse",
        result=AgentResult(summary=evil, findings=(evil,), full_text=evil),
        previous=AgentResult(summary="x"),
        execution_mode=ExecutionMode.FALLBACK,
        mode_reason=evil,
    )
    async with site(tmp_path, view) as here:
        page = await here.open(await here.invite())
    assert page.html.count("<form") == 1
    assert page.html.count('name="code"') == 1
    assert "<script" not in page.html
    assert "\u202e" not in page.html
    assert "49" not in page.text.replace(view.ballot.digest, "").replace(
        view.ballot.digest[:16], ""
    )


async def test_no_secret_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Neither token nor code, whatever happens."""
    caplog.set_level(0)
    async with site(tmp_path) as here:
        issued = await here.invite()
        here.desk.failures = [UnavailableError("away")]
        await here.send(issued)
        await here.send(issued, code="AAAA-BBBB")
        await here.send(issued)
    ours = [record for record in caplog.records if not record.name.startswith("aiosqlite")]
    logged = "\n".join(record.getMessage() for record in ours)
    assert issued.token not in logged
    assert issued.code not in logged


@pytest.mark.parametrize("address", ["", "signoff.example.com", "ftp://x", "https://"])
def test_a_public_address_that_is_none_is_refused(address: str) -> None:
    """At start-up, with an example."""
    with pytest.raises(ValueError, match="write https://"):
        FormGuard(address)
