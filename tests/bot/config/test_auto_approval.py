"""Who decides without a person: a rule over the result, an open bypass, and otherwise nobody."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.config.auto_approval import Rules, _ruled, holds, rule_problem
from notifications.people.members import Member
from notifications.people.membership import Membership
from storage.bypasses import Bypass, BypassStore
from storage.database import create_engine, migrate
from workflows.activities import PrepareRequest
from workflows.messages.decisions import Via
from workflows.messages.policy import Policy, Risk
from workflows.messages.results import AgentResult, ProposedCall

ADA, GRACE, LINUS = "U0ADA00001", "U0GRACE001", "U0LINUS001"
ADDRESS = "linus@acme.example"
RESULT = AgentResult(summary="fine", findings=("one",), metrics={"rows": 12.0, "score": 0.5})

TRUE = [
    "metrics.rows > 10.0",
    "metrics.rows >= 12.0 && metrics.score < 1.0",
    "size(result.findings) == 1",
    "result.summary == 'fine'",
    "!result.offline",
    "result.findings.all(f, f.size() < 100)",
    "has(metrics.rows) && metrics.rows < 1e6",
]
NOT_TRUE = [
    "metrics.rows > 100.0",
    "metrics.rows",
    "'true'",
    "1",
    "result",
    "has(metrics.columns)",
]
BROKEN = ["metrics.columns > 1.0", "1 / 0 == 1", "nobody.knows", "result.summary > 3"]


@pytest.mark.parametrize("rule", TRUE)
def test_a_rule_that_holds(rule: str) -> None:
    """Over the result and its metrics."""
    assert holds(rule, RESULT)


@pytest.mark.parametrize("rule", NOT_TRUE)
def test_only_a_plain_true_holds(rule: str) -> None:
    """Not a number, not a text, not an object."""
    assert not holds(rule, RESULT)


def test_a_rule_that_does_not_name_calls_decides_none() -> None:
    """A result of calls has neither findings nor figures: nothing bad is said in it by nobody."""
    call = ProposedCall(id="q", tool="pay", arguments={"amount": 5})
    asked = AgentResult(summary="", calls=(call,))
    for rule, decides in (
        ("size(result.findings) == 0", False),
        ("!result.offline", False),
        ("size(result.calls) == 1 && result.calls[0].arguments.amount < 10", True),
    ):
        policy = Policy(approvers=(GRACE,), risk=Risk.LOW, auto_approve=rule)
        request = PrepareRequest(
            policy=policy,
            channel="C1",
            requester=ADA,
            raised_at=datetime.now(UTC),
            result=asked,
            pipeline="",
            step="pay",
        )
        assert holds(rule, asked)
        assert (_ruled(request) is not None) is decides, rule


def test_what_is_no_expression_is_found_at_start() -> None:
    """With the place; nothing is said of a good one."""
    assert rule_problem("metrics.rows >")
    assert "nobody" in rule_problem("nobody.knows > 1")
    assert [rule_problem(rule) for rule in TRUE] == [""] * len(TRUE)


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    made = create_engine(f"sqlite:///{tmp_path / 'signoff.db'}")
    await migrate(made)
    yield made
    await made.dispose()


def bypass(**changed: Any) -> Bypass:
    now = datetime.now(UTC)
    made: dict[str, Any] = {
        "id": "b-1",
        "pipeline": "review",
        "opened_by": LINUS,
        "email": "linus@acme.example",
        "reason": "incident 42",
        "opened_at": now - timedelta(minutes=1),
        "until": now + timedelta(hours=1),
    }
    return Bypass.model_validate(made | changed)


def request(requester: str = ADA, pipeline: str = "review", **policy: Any) -> PrepareRequest:
    return PrepareRequest(
        policy=Policy(approvers=(GRACE,), **policy),
        channel="C0GENERAL1",
        raised_at=datetime.now(UTC),
        result=RESULT,
        pipeline=pipeline,
        step="analysis",
        requester=requester,
    )


class Crew:
    """Linus as Slack knows him now; `away` when it does not say."""

    def __init__(self, standing: Membership = Membership.MEMBER, email: str = ADDRESS) -> None:
        self.linus = Member(LINUS, standing, email)
        self.away = False

    async def of(self, user: str) -> Member:
        assert user == LINUS
        if self.away:
            raise ConnectionError("planted")
        return self.linus


LOW = {"risk": Risk.LOW, "auto_approve": TRUE[0]}


@pytest.mark.parametrize("rule", [*NOT_TRUE, *BROKEN])
async def test_in_doubt_nobody_decides(engine: AsyncEngine, rule: str) -> None:
    """An error is no approval."""
    rules = Rules(BypassStore(engine), Crew())
    assert (await rules.weigh(request(risk=Risk.LOW, auto_approve=rule))).via is None


async def test_a_rule_names_itself(engine: AsyncEngine) -> None:
    """So that card and audit say which one it was."""
    weighed = await Rules(BypassStore(engine), Crew()).weigh(request(**LOW))
    assert (weighed.via, weighed.by) == (Via.RULE, "rule")
    assert TRUE[0] in weighed.reason


STANDING = [
    ("named by id", {}, {"bypassers": (LINUS,)}, ADA, True),
    ("named by address", {}, {"bypassers": ("linus@acme.example",)}, ADA, True),
    ("at high risk", {}, {"bypassers": (LINUS,), "risk": Risk.HIGH}, ADA, False),
    ("at high risk, as the policy says", {}, {"bypassers": (LINUS,), "risk": Risk.HIGH, "bypass_high_risk": True}, ADA, True),
    ("of a quorum", {}, {"bypassers": (LINUS,), "quorum": 2}, ADA, False),
    ("of a group", {}, {"bypassers": (LINUS,), "groups": {"legal": (GRACE,)}}, ADA, False),
    ("of a quorum, as the policy says", {}, {"bypassers": (LINUS,), "quorum": 2, "bypass_quorum": True}, ADA, True),
    ("of a quorum at high risk, with half of it allowed", {}, {"bypassers": (LINUS,), "quorum": 2, "risk": Risk.HIGH, "bypass_quorum": True}, ADA, False),
    ("before the rule", {}, {"bypassers": (LINUS,), **LOW}, ADA, True),
    ("nobody may", {}, {}, ADA, False),
    ("somebody else may", {}, {"bypassers": (GRACE,)}, ADA, False),
    ("their own task", {}, {"bypassers": (LINUS,)}, LINUS, False),
    ("another pipeline", {"pipeline": "audit"}, {"bypassers": (LINUS,)}, ADA, False),
    ("over", {"until": datetime.now(UTC) - timedelta(seconds=1)}, {"bypassers": (LINUS,)}, ADA, False),
    ("not yet", {"opened_at": datetime.now(UTC) + timedelta(minutes=5)}, {"bypassers": (LINUS,)}, ADA, False),
    ("no address is no name", {"email": ""}, {"bypassers": ("",)}, ADA, False),
    ("an address of then", {"email": "linus@old.example"}, {"bypassers": ("linus@old.example",)}, ADA, False),
]  # fmt: skip


@pytest.mark.parametrize(("what", "opened", "policy", "requester", "stands"), STANDING, ids=[s[0] for s in STANDING])  # fmt: skip
async def test_a_bypass(
    engine: AsyncEngine,
    what: str,
    opened: dict[str, Any],
    policy: dict[str, Any],
    requester: str,
    stands: bool,
) -> None:
    """It stands only for whom the policy names, there, then, and never for one's own task."""
    store = BypassStore(engine)
    assert await store.open(bypass(**opened))
    weighed = await Rules(store, Crew()).weigh(request(requester, **policy))
    assert (weighed.via is Via.BYPASS) == stands, what
    if stands:
        assert (weighed.by, weighed.reason) == (LINUS, "incident 42")


@pytest.mark.parametrize("standing", set(Membership) - {Membership.MEMBER})
async def test_a_bypass_ends_when_its_opener_leaves(
    engine: AsyncEngine, standing: Membership
) -> None:
    """Deactivated, a guest, of another workspace, without a confirmed address, or not known."""
    store = BypassStore(engine)
    await store.open(bypass())
    weighed = await Rules(store, Crew(standing)).weigh(request(bypassers=(LINUS,)))
    assert weighed.via is None


async def test_a_bypass_does_not_hold_while_slack_is_away(engine: AsyncEngine) -> None:
    """Then people are asked."""
    store, crew = BypassStore(engine), Crew()
    await store.open(bypass())
    crew.away = True
    assert (await Rules(store, crew).weigh(request(bypassers=(LINUS,)))).via is None


async def test_a_bypass_can_be_ended(engine: AsyncEngine) -> None:
    """At once, and of its pipeline only."""
    store, now = BypassStore(engine), datetime.now(UTC)
    await store.open(bypass())
    await store.open(bypass(id="b-2", pipeline="audit"))
    assert await store.end("review", now) == ("b-1",)
    assert await store.end("review", now) == ()
    assert await store.standing("review", now) == []
    assert [one.id for one in await store.standing("audit", now)] == ["b-2"]


async def test_the_same_bypass_is_opened_once(engine: AsyncEngine) -> None:
    """A command delivered twice."""
    store = BypassStore(engine)
    assert await store.open(bypass())
    assert not await store.open(bypass())
    assert len(await store.standing("review", datetime.now(UTC))) == 1
