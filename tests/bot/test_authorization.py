"""The authorization matrix: every identity by every path, with the answer it has to get.

Who may decide is looked up with the real resolver (Slack's answers are hand-written), and decided
by the real rules. The paths over real Slack are in `tests/e2e`.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from notifications.people.approvers import SlackPeople
from tests.bot.identities import ADA, GRACE, GRID, IDENTITIES, LINUS, TEAM, Identity
from workflows import rules
from workflows.activities import ElectorateRequest
from workflows.messages.ballot import Ballot
from workflows.messages.decisions import (
    Decision,
    Delegation,
    Outcome,
    Place,
    ReplyKind,
    Snooze,
    Verdict,
    Via,
)
from workflows.messages.policy import Policy, Risk

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
DIGEST = "0123456789abcdef" * 4
CARD = Place(channel="C0GENERAL1", ts="1.000100")
GROUP = "S0FINANCE1"

PATHS: dict[str, dict[str, Any]] = {
    "button": {"via": Via.BUTTON, "place": CARD},
    "modal": {"via": Via.MODAL, "place": CARD},
    "home": {"via": Via.HOME},
    "bulk": {"via": Via.BULK},
    "shortcut": {"via": Via.MODAL},
    "cli": {"via": Via.CLI},
    "e-mail": {"via": Via.EMAIL},
    "update": {"via": Via.API},
}


class FakeSlack(AsyncWebClient):
    """Answers the calls of the resolver about two approvers and the person of the row."""

    def __init__(self, person: dict[str, Any]) -> None:
        super().__init__(token="xoxb-fake")
        self._people = {
            LINUS: {"id": LINUS, "name": "linus", "real_name": "Linus Pauling", "team_id": TEAM},
            person["id"]: person,
        }
        self._member = person["id"]

    async def api_call(self, api_method: str, **said: Any) -> Any:
        asked = said.get("params") or said.get("json") or {}
        match api_method:
            case "auth.test":
                return {"ok": True, "team_id": TEAM, "enterprise_id": GRID}
            case "users.info":
                return {"ok": True, "user": self._people[asked["user"]]}
            case "usergroups.list":
                return {"ok": True, "usergroups": [{"handle": "finance", "id": GROUP}]}
            case "usergroups.users.list":
                return {"ok": True, "users": [self._member]}
        raise LookupError(api_method)


async def ballot_for(row: Identity, **policy: Any) -> Ballot:
    """The request as it would wait for this row's person, raised by Ada."""
    person: dict[str, Any] = {
        "id": row.user,
        "name": "grace",
        "real_name": "Grace Hopper",
        "team_id": TEAM,
        "profile": {"email": "grace@acme.example"},
    } | row.slack
    named = ("@finance",) if row.by_group else (row.user,)
    declared = Policy.model_validate(
        {"approvers": (*(named if row.named else ()), LINUS)} | row.policy | policy
    )
    electorate = await SlackPeople(FakeSlack(person)).resolve_electorate(
        ElectorateRequest(policy=declared, channel=CARD.channel, requester=ADA)
    )
    return Ballot(
        approval_id="t-1.analysis.v1",
        revision=1,
        digest=DIGEST,
        requester=ADA,
        policy=declared,
        phrase="analysis",
        electorate=electorate,
        deadline=NOW + timedelta(hours=1),
        places=(CARD,),
    ).model_copy(update=row.ballot)


def decision_of(row: Identity, path: dict[str, Any], **changed: Any) -> Decision:
    """Everything right but perhaps the person."""
    made: dict[str, Any] = {
        "id": "d",
        "verdict": Verdict.APPROVE,
        "by": row.user,
        "team": row.slack.get("team_id", TEAM),
        "at": NOW,
        "revision": 1,
        "digest": DIGEST[:16],
    }
    return Decision.model_validate(made | path | row.decision | changed)


def test_the_matrix_is_large_enough() -> None:
    """At least 60 identities and situations, each once."""
    names = [row.what for row in IDENTITIES]
    assert len(set(names)) == len(names) >= 60


@pytest.mark.parametrize("row", IDENTITIES, ids=lambda row: row.what)
async def test_every_path_gives_everybody_the_same_answer(row: Identity) -> None:
    """Approve, reject and request changes; only what is accepted counts."""
    ballot = await ballot_for(row)
    for path in PATHS.values():
        for verdict in Verdict:
            comment = "" if verdict is Verdict.APPROVE else "because"
            decision = decision_of(row, path, verdict=verdict, comment=comment)
            after, answer = rules.apply(ballot, decision, NOW)
            assert answer.reply is row.answer, (path, verdict)
            assert bool(after.counted) == answer.accepted
            assert (after.outcome is None) == (answer.reply is not ReplyKind.SETTLED)


@pytest.mark.parametrize("row", IDENTITIES, ids=lambda row: row.what)
async def test_high_risk_lets_nobody_more_through(row: Identity) -> None:
    """With the phrase by form and command line only; without it nobody; never in bulk or by mail."""
    ballot = await ballot_for(row, risk=Risk.HIGH)
    for name, path in PATHS.items():
        for typed in ("", "analysis"):
            _, answer = rules.apply(ballot, decision_of(row, path, confirmation=typed), NOW)
            if row.answer is not ReplyKind.SETTLED:
                assert answer.reply is row.answer
            elif name == "bulk":
                assert answer.reply is ReplyKind.NO_BULK
            elif name == "e-mail":
                assert answer.reply is ReplyKind.NO_EMAIL
            else:
                assert answer.accepted == bool(typed), name


@pytest.mark.parametrize("row", IDENTITIES, ids=lambda row: row.what)
async def test_what_was_not_shown_is_decided_by_nobody(row: Identity) -> None:
    """Another digest, another revision, another message: by no path, whoever it is."""
    ballot = await ballot_for(row)
    for path in PATHS.values():
        for wrong in (
            {"digest": "f" * 16},
            {"digest": DIGEST[:15]},
            {"revision": 2},
            {"place": Place(channel="C0OTHER001", ts=CARD.ts)},
            {"place": Place(channel=CARD.channel, ts="2.000000")},
        ):
            after, answer = rules.apply(ballot, decision_of(row, path, **wrong), NOW)
            assert not answer.accepted
            assert after.counted == ()


ENDED = {
    Outcome.APPROVED: ReplyKind.ALREADY_DECIDED,
    Outcome.REJECTED: ReplyKind.ALREADY_DECIDED,
    Outcome.CHANGES_REQUESTED: ReplyKind.REPLACED,
    Outcome.EXPIRED: ReplyKind.EXPIRED,
    Outcome.WITHDRAWN: ReplyKind.WITHDRAWN,
}


@pytest.mark.parametrize("row", IDENTITIES, ids=lambda row: row.what)
async def test_after_the_end_everybody_hears_of_it(row: Identity) -> None:
    """The same for all, by every path, for every end; and after the deadline."""
    ballot = await ballot_for(replace(row, ballot={}))
    for path in PATHS.values():
        for outcome, reply in ENDED.items():
            ended = ballot.model_copy(update={"outcome": outcome, "settled_at": NOW})
            after, answer = rules.apply(ended, decision_of(row, path), NOW)
            assert (answer.reply, after.outcome) == (reply, outcome)
        _, late = rules.apply(ballot, decision_of(row, path), NOW + timedelta(hours=1))
        assert late.reply is ReplyKind.EXPIRED


@pytest.mark.parametrize("row", IDENTITIES, ids=lambda row: row.what)
async def test_only_who_may_decide_hands_on_and_is_reminded(row: Identity) -> None:
    """Handing on and snoozing ask for the same right; nobody hands on to the requester."""
    ballot = await ballot_for(row)
    decision = decision_of(row, {})
    whence = {"by": decision.by, "team": decision.team, "enterprise": decision.enterprise}
    asks = Snooze(id="s", minutes=30, **whence)
    refused = rules.may_snooze(ballot, asks, NOW)
    assert (refused is None) == (row.answer is ReplyKind.SETTLED)
    hands_on = Delegation(id="h", to=ADA, **whence)
    after, answer = rules.delegate(ballot, hands_on, None, NOW)
    assert answer.reply is not ReplyKind.DELEGATED or after == ballot


async def test_a_refusal_names_who_may_decide() -> None:
    """And nobody who may not: neither the requester nor an editor."""
    row = replace(IDENTITIES[0], what="x", user=ADA)
    ballot = await ballot_for(row)
    for by in (ADA, "U0STRANGER"):
        _, answer = rules.apply(ballot, decision_of(row, PATHS["cli"], by=by), NOW)
        assert answer.approvers == (LINUS,), GRACE
