"""The decision page: what it shows, what it takes, what it refuses."""

import asyncio
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.errors import BadRequest, UnavailableError
from bot.web.decision_page import PATIENCE
from bot.web.form_guard import FormGuard
from bot.web.guess_limit import GuessLimit
from bot.web.page_headers import page_headers
from notifications.plain_words import plain
from notifications.replies import sentence
from storage.tokens import LEASE
from tests.bot.decision_desk import site
from tests.notifications.approval_views import (
    ADA,
    GRACE,
    LINUS,
    NOW,
    RESULT,
    approval_view,
    decided,
)
from workflows.decisions import Answer, Decision, Outcome, Reply, Verdict, Via
from workflows.results import AgentResult, ExecutionMode

HIGH = {"risk": "high"}
HIGH_BY_MAIL = {"risk": "high", "email_decides_high_risk": True}


async def test_the_page_shows_exactly_what_is_decided(tmp_path: Path) -> None:
    """The card's facts, the agent's text in its box, the full text, the digest as a whole."""
    async with site(tmp_path) as here:
        page = await here.open(await here.invite())
        view = here.desk.views["t1.analyse.v1"]
    for fact in (
        "Sales review: analyse · version 1",
        "Ada Lovelace",
        "1 of 3 (analyse)",
        "Grace Hopper, Linus",
        "one approval, one rejection ends it",
        "Fri 20 Nov 2026, 18:00 (Europe/Berlin), in 5 h; then it expires",
        "Inside the box is what the agent analyst wrote",
        "Revenue rose by 4 %.",
        "South: -3 %",
        "# Everything",
        view.ballot.digest,
        "Your decision, Grace Hopper",
    ):
        assert fact in page.text, fact
    assert page.status == 200
    assert page.has_form


async def test_a_decision_counts(tmp_path: Path) -> None:
    """With everything the audit log needs; afterwards the link is used."""
    async with site(tmp_path) as here:
        issued = await here.invite()
        answer = await here.send(issued, comment="  Fine. ")
        again = await here.open(issued)
    decision = here.desk.decisions[0]
    assert (answer.status, "Thank you" in answer.text) == (200, True)
    assert "your approval counts, and this is now approved" in answer.text
    assert (decision.by, decision.name, decision.via) == (GRACE, "Grace Hopper", Via.EMAIL)
    assert (decision.verdict, decision.comment, decision.revision) == (Verdict.APPROVE, "Fine.", 1)
    assert issued.token not in decision.id
    assert again.status == 410
    assert "Your decision was counted. Approved by Grace Hopper" in again.text
    assert not again.has_form


@pytest.mark.parametrize("verdict", list(Verdict))
async def test_every_verdict_can_be_sent(tmp_path: Path, verdict: Verdict) -> None:
    """The outcome follows the rules."""
    async with site(tmp_path) as here:
        await here.send(await here.invite(), verdict=verdict.value, comment="Because.")
    outcomes = {
        Verdict.APPROVE: Outcome.APPROVED,
        Verdict.REJECT: Outcome.REJECTED,
        Verdict.REQUEST_CHANGES: Outcome.CHANGES_REQUESTED,
    }
    assert here.desk.views["t1.analyse.v1"].ballot.outcome is outcomes[verdict]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"verdict": ""}, "Please choose a verdict"),
        ({"verdict": "bypass"}, "Please choose a verdict"),
        ({"verdict": "reject"}, "Please say why"),
        ({"verdict": "request_changes", "comment": "  "}, "Please say why"),
        ({"comment": "x" * 3_001}, "below 3,000 characters"),
        ({"code": ""}, "not the code of this mail (5 tries left)"),
        ({"code": "WRNG-CDEX"}, "not the code of this mail (4 tries left)"),
    ],
)
async def test_a_mistake_is_said_and_can_be_mended(
    tmp_path: Path, fields: dict[str, str], told: str
) -> None:
    """The form comes back with the sentence and what was typed; then it works."""
    async with site(tmp_path) as here:
        issued = await here.invite()
        page = await here.send(issued, **{"comment": "My <reason>", **fields})
        assert page.status == 422
        assert told in page.text
        assert here.desk.decisions == []
        assert (await here.send(issued, page)).status == 200


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


async def test_guessing_is_slowed_down(tmp_path: Path) -> None:
    """After a few failures a client has to wait; later it may go on."""
    now = [0.0]
    limit = GuessLimit(most=3, within=60, clock=lambda: now[0])
    async with site(tmp_path, limit=limit) as here:
        issued = await here.invite()
        page = await here.open(issued)
        for _ in range(3):
            await here.send(issued, page, code="")
        stopped = await here.send(issued, page)
        assert stopped.status == 429
        assert int(stopped.headers["Retry-After"]) > 50
        assert (await here.open(issued)).status == 200
        now[0] = 61
        assert (await here.send(issued, page)).status == 200


async def test_high_risk_offers_no_form(tmp_path: Path) -> None:
    """It says so, and a post is refused just the same."""
    async with site(tmp_path, approval_view(policy=HIGH)) as here:
        issued = await here.invite()
        page = await here.open(issued)
        sent = await here.send(issued, page, digest=here.desk.views["t1.analyse.v1"].ballot.digest)
    assert not page.has_form
    assert "cannot be decided by e-mail" in page.text
    assert "HIGH RISK" in page.text
    assert sent.status == 403
    assert here.desk.decisions == []


async def test_high_risk_by_mail_needs_the_phrase(tmp_path: Path) -> None:
    """Where the policy allows it at all; a rejection needs none."""
    async with site(tmp_path, approval_view(policy=HIGH_BY_MAIL)) as here:
        issued = await here.invite()
        page = await here.open(issued)
        assert "To approve, type: analyse" in page.text
        missing = await here.send(issued, page, confirmation="analyze")
        assert (missing.status, here.desk.counted) == (422, 0)
        await here.send(issued, page, confirmation=" Analyse ")
    assert here.desk.views["t1.analyse.v1"].ballot.outcome is Outcome.APPROVED


async def test_a_result_that_may_not_be_approved_can_be_rejected(tmp_path: Path) -> None:
    """The form does not even offer the approval."""
    view = approval_view(
        policy={"approve_fallback": False},
        execution_mode=ExecutionMode.FALLBACK,
        ballot={"execution_mode": ExecutionMode.FALLBACK},
    )
    async with site(tmp_path, view) as here:
        issued = await here.invite()
        page = await here.open(issued)
        assert 'value="approve"' not in page.html
        assert 'value="reject"' in page.html
        forced = await here.send(issued, page, verdict="approve")
        assert forced.status == 422
        assert here.desk.counted == 0
        assert (await here.send(issued, page, verdict="reject", comment="No.")).status == 200


async def test_changes_are_not_offered_when_versions_are_used_up(tmp_path: Path) -> None:
    """Three versions by default."""
    view = approval_view(revision=3)
    async with site(tmp_path, view) as here:
        page = await here.open(await here.invite())
    assert 'value="request_changes"' not in page.html


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


async def test_a_changed_approval_is_not_decided_by_an_old_page(tmp_path: Path) -> None:
    """The content changed between reading and sending."""
    async with site(tmp_path) as here:
        issued = await here.invite()
        page = await here.open(issued)
        here.desk.views["t1.analyse.v1"] = approval_view(result=AgentResult(summary="Other."))
        answer = await here.send(issued, page)
    assert "has changed since this mail was sent" in answer.text
    assert not answer.has_form
    assert here.desk.decisions == []


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


async def test_a_double_click_counts_once(tmp_path: Path) -> None:
    """Ten posts at once: one decision, and everybody hears that it counts."""
    async with site(tmp_path) as here:
        issued = await here.invite()
        page = await here.open(issued)
        answers = await asyncio.gather(*(here.send(issued, page) for _ in range(10)))
        later = await here.send(issued, page)
    assert len(here.desk.decisions) == here.desk.counted == 1
    assert sorted({answer.status for answer in answers}) == [200, 410]
    assert "Your decision was counted" in later.text


async def test_an_outage_costs_neither_code_nor_decision(tmp_path: Path) -> None:
    """Temporal was away: the same form works a moment later."""
    async with site(tmp_path) as here:
        issued = await here.invite()
        page = await here.open(issued)
        here.desk.failures = [UnavailableError("secret inner words"), TimeoutError()]
        for _ in range(2):
            answer = await here.send(issued, page)
            assert answer.status == 503
            assert "Retry-After" in answer.headers
            assert "secret" not in answer.text
        assert (await here.send(issued, page)).status == 200
    assert here.desk.counted == 1


async def test_a_lost_answer_does_not_decide_twice(tmp_path: Path) -> None:
    """The decision was applied, the answer got lost: the retry has the same id."""
    async with site(tmp_path) as here:
        issued = await here.invite()
        page = await here.open(issued)
        here.desk.answer_lost = 1
        assert (await here.send(issued, page)).status == 503
        here.desk.keep(  # and the page is sent again before it knows that all is over
            approval_view(),
            here.desk.views["t1.analyse.v1"].ballot.model_copy(update={"outcome": None}),
        )
        await here.send(issued, page, verdict="reject", comment="changed my mind")
    assert len({decision.id for decision in here.desk.decisions}) == 1
    assert here.desk.counted == 1


def test_patience_ends_before_the_lease() -> None:
    """Otherwise two redemptions could be under way at once."""
    assert timedelta(seconds=PATIENCE) * 2 < LEASE


async def test_decided_elsewhere_is_said(tmp_path: Path) -> None:
    """By whom, when, and why; the revoked link offers nothing."""
    view = decided(outcome=Outcome.REJECTED, reason="Too <early>.")
    async with site(tmp_path, view) as here:
        issued = await here.invite()
        still_open = await here.open(issued)
        await here.tokens.revoke(view.request.id)
        page = await here.open(issued)
    assert not still_open.has_form
    assert "already rejected by Linus" in still_open.text
    assert page.status == 410
    assert "Rejected by Linus, Fri 20 Nov 2026, 14:00 (Europe/Berlin)" in page.text
    assert "Too <early>." in page.text


async def test_expired_and_unknown_links_tell_nothing(tmp_path: Path) -> None:
    """No content for whoever finds an old mail."""
    async with site(tmp_path) as here:
        issued = await here.invite(deadline=NOW + timedelta(minutes=1))
        here.desk.now = NOW + timedelta(minutes=1)
        expired = await here.open(issued)
        unknown = await here.ask("GET", f"{here.url}/decide/{'x' * 43}")
        odd = [
            await here.ask("GET", f"{here.url}/decide/{t}") for t in ("x", "%00", "%ff", "a" * 3000)
        ]
    assert expired.status == 410
    assert unknown.status == 404
    assert {page.status for page in odd} == {404}
    for page in (expired, unknown, *odd):
        assert "Sales" not in page.text
        assert not page.has_form


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


async def test_the_whole_text_is_there(tmp_path: Path) -> None:
    """Short ones in the page, long ones beside it as plain text, or a word on where it is."""
    async with site(tmp_path) as here:
        issued = await here.invite()
        text = await here.ask("GET", here.link(issued) + "/text")
        assert text.html == RESULT.full_text
        assert text.headers["Content-Type"] == "text/plain; charset=utf-8"
    async with site(tmp_path, full_text=False) as here:
        page = await here.open(await here.invite())
        assert "hangs in the Slack thread as a file" in page.text
        assert "/text" not in page.html
    long = AgentResult(summary="s", full_text="y" * 50_000)
    view = approval_view(result=long)
    request = view.request.model_copy(update={"result": long})
    view = view.model_copy(update={"request": request})
    async with site(tmp_path, view) as here:
        page = await here.open(await here.invite())
        assert "yyyy" not in page.text
        assert "50,000 characters" in page.text


async def test_an_approval_nobody_knows_any_more(tmp_path: Path) -> None:
    """Its history is gone, the link is not."""
    async with site(tmp_path) as here:
        issued = await here.invite()
        page = await here.open(issued)
        here.desk.failures = [BadRequest("There is no approval 't1'")]
        gone = await here.send(issued, page)
    assert gone.status == 404
    assert "not known here any more" in gone.text


@pytest.mark.parametrize("reply", list(Reply))
def test_every_reply_reads_in_plain_words(reply: Reply) -> None:
    """No markup is left of Slack's sentences, and names are names."""
    answer = Answer(
        reply=reply,
        verdict=Verdict.APPROVE,
        outcome=Outcome.APPROVED,
        who=(LINUS,),
        when=NOW,
        missing="1 of 2",
        approvers=(GRACE, LINUS),
        detail="a & b",
    )
    told = plain(sentence(answer), {LINUS: "Linus", GRACE: "Grace"})
    assert told.strip()
    assert not re.search(r"[<>`*]|&amp;|U0LINUS|U0GRACE", told), told


async def test_the_answer_page_says_what_the_rules_say(tmp_path: Path) -> None:
    """Somebody decided in Slack while the form was filled in."""
    view = approval_view(policy={"quorum": 2})
    async with site(tmp_path, view) as here:
        issued = await here.invite()
        answer = await here.send(issued)
        assert (answer.status, "Still needed: 1 of 2" in answer.text) == (200, True)
        second = await here.invite()
        again = await here.open(second)
        assert not again.has_form
        assert "was already counted" in again.text


async def test_a_decision_in_between_is_met_by_the_rules(tmp_path: Path) -> None:
    """The page looked before, the rules look last."""
    async with site(tmp_path) as here:
        issued = await here.invite()
        page = await here.open(issued)
        decide = here.desk.decide

        async def late(approval_id: str, decision: Decision) -> Answer:
            here.desk.views[approval_id] = decided()
            return await decide(approval_id, decision)

        here.desk.decide = late  # type: ignore[method-assign]
        answer = await here.send(issued, page)
    assert answer.status == 409
    assert "Nothing was changed" in answer.text
    assert "already approved by Linus" in answer.text


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
