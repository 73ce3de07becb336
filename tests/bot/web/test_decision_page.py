"""The decision page: what it shows, what it takes, what becomes of it."""

import asyncio
import re
from datetime import timedelta
from pathlib import Path

import pytest

from bot.config.errors import BadRequest, UnavailableError
from bot.web.decision_page import PATIENCE
from notifications.text.plain import plain
from notifications.views.replies import sentence
from storage.mail_tokens import LEASE
from tests.bot.web.decision_desk import site
from tests.notifications.approval_views import (
    GRACE,
    LINUS,
    NOW,
    RESULT,
    approval_view,
    decided,
)
from workflows.messages.decisions import Decision, Outcome, Reply, ReplyKind, Verdict, Via
from workflows.messages.results import AgentResult, ExecutionMode

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
        "1 approval; any rejection ends it",
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
    assert "Your decision was recorded. Approved by Grace Hopper" in again.text
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
        ({"verdict": ""}, "Choose a decision"),
        ({"verdict": "bypass"}, "Choose a decision"),
        ({"verdict": "reject", "comment": ""}, "Write a reason"),
        ({"verdict": "request_changes", "comment": "  "}, "Write a reason"),
        ({"comment": "x" * 3_001}, "under 3,000 characters"),
        ({"code": ""}, "isn't the code from this e-mail (5 tries left)"),
        ({"code": "WRNG-CDEX"}, "isn't the code from this e-mail (4 tries left)"),
    ],
)
async def test_a_mistake_is_said_and_can_be_mended(
    tmp_path: Path, fields: dict[str, str], told: str
) -> None:
    """The form comes back with the sentence and what was typed; then it works."""
    async with site(tmp_path) as here:
        issued = await here.invite()
        page = await here.send(issued, None, **{"comment": "My <reason>", **fields})
        assert page.status == 422
        assert told in page.text
        assert here.desk.decisions == []
        assert (await here.send(issued, page)).status == 200


async def test_a_form_that_nobody_can_have_read_is_asked_for_again(tmp_path: Path) -> None:
    """Also the one that came back, and with the right code; a forged moment is no form of ours."""
    async with site(tmp_path, read_seconds=2) as here:
        issued = await here.invite()
        page = await here.open(issued)
        here.desk.now += timedelta(seconds=1.9)
        again = await here.send(issued, page, comment="Fine.")
        assert (again.status, "Read it, then decide again" in again.text) == (422, True)
        here.desk.now += timedelta(seconds=1.9)
        assert (await here.send(issued, again)).status == 422
        assert here.desk.counted == 0
        moment, _, mac = page.hidden()["seal"].rpartition(".")
        early = f"{float(moment) - 10:.3f}.{mac}"
        assert (await here.send(issued, page, seal=early)).status == 403
        here.desk.now += timedelta(seconds=0.2)
        assert (await here.send(issued, again)).status == 200
    assert here.desk.counted == 1


async def test_high_risk_offers_no_form(tmp_path: Path) -> None:
    """It says so, and a post is refused just the same."""
    async with site(tmp_path, approval_view(policy=HIGH)) as here:
        issued = await here.invite()
        page = await here.open(issued)
        sent = await here.send(issued, page, digest=here.desk.views["t1.analyse.v1"].ballot.digest)
    assert not page.has_form
    assert "can't be approved by e-mail" in page.text
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


async def test_a_double_click_counts_once(tmp_path: Path) -> None:
    """Ten posts at once: one decision, and everybody hears that it counts."""
    async with site(tmp_path) as here:
        issued = await here.invite()
        page = await here.open(issued)
        answers = await asyncio.gather(*(here.send(issued, page) for _ in range(10)))
        later = await here.send(issued, page)
    assert len(here.desk.decisions) == here.desk.counted == 1
    assert sum(answer.status == 200 for answer in answers) == 1
    assert {answer.status for answer in answers} <= {200, 409, 410}
    assert "Your decision was recorded" in later.text


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


async def test_a_mistake_of_ours_is_a_page_too(tmp_path: Path) -> None:
    """With strict headers and without inner words; the link is not lost."""
    async with site(tmp_path) as here:
        issued = await here.invite()
        page = await here.open(issued)
        here.desk.failures = [RuntimeError("secret inner words")]
        answer = await here.send(issued, page)
        here.desk.now += LEASE
        assert (await here.send(issued, page)).status == 200
    assert (answer.status, "secret" in answer.html) == (500, False)
    assert "Content-Security-Policy" in answer.headers


async def test_a_lost_answer_does_not_decide_twice(tmp_path: Path) -> None:
    """The decision was applied, the answer got lost: the retry has the same id."""
    async with site(tmp_path) as here:
        issued = await here.invite()
        page = await here.open(issued)
        here.desk.answer_lost = 1
        assert (await here.send(issued, page)).status == 503
        here.desk.shown = approval_view()  # what is seen lags behind what was decided
        again = await here.send(issued, page, verdict="reject", comment="changed my mind")
    assert (again.status, "your approval counts" in again.text) == (200, True)
    assert len(here.desk.decisions) == 2
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


async def test_the_whole_text_is_there(tmp_path: Path) -> None:
    """Short ones in the page, long ones beside it as plain text, or a word on where it is."""
    async with site(tmp_path) as here:
        issued = await here.invite()
        text = await here.ask("GET", here.link(issued) + "/text")
        assert text.html == RESULT.full_text
        assert text.headers["Content-Type"] == "text/plain; charset=utf-8"
    async with site(tmp_path, full_text=False) as here:
        page = await here.open(await here.invite())
        assert "attached in the Slack thread" in page.text
        assert "href=" not in page.html
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
    assert "no longer known here" in gone.text


@pytest.mark.parametrize("reply", list(ReplyKind))
def test_every_reply_reads_in_plain_words(reply: ReplyKind) -> None:
    """No markup is left of Slack's sentences, and names are names."""
    answer = Reply(
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

        async def late(approval_id: str, decision: Decision) -> Reply:
            here.desk.views[approval_id] = decided()
            return await decide(approval_id, decision)

        here.desk.decide = late  # type: ignore[method-assign]
        answer = await here.send(issued, page)
    assert answer.status == 409
    assert "Nothing was changed" in answer.text
    assert "already approved by Linus" in answer.text
