"""Who could decide a while ago stands in for an hour, while Slack is away; never for a refusal."""

from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from temporalio.exceptions import ApplicationError

from notifications.people.last_known import GOOD_FOR, PATIENCE, KnownElectorates
from workflows.activities import ElectorateRequest
from workflows.messages.electorate import Electorate, Person
from workflows.messages.policy import Policy

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
FOUND = Electorate(people=(Person(id="U0GRACE001"),))
LONG = PATIENCE + timedelta(seconds=1)
AWAY = ApplicationError("Slack refused: internal_error", type="internal_error")


def request(channel: str = "C0GENERAL1", *approvers: str) -> ElectorateRequest:
    """Of one policy in one channel."""
    policy = Policy(approvers=approvers or ("U0GRACE001",))
    return ElectorateRequest(policy=policy, channel=channel, requester="U0ADA00001")


class Clock:
    """Stands still until moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now.timestamp()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def known(clock: Clock) -> KnownElectorates:
    """Knows one answer."""
    built = KnownElectorates(clock)
    built.keep(request(), FOUND)
    return built


@pytest.mark.parametrize(
    "error",
    [
        AWAY,
        ApplicationError("Slack refused: ", type=""),
        ApplicationError("Slack refused: ratelimited", type="ratelimited"),
        aiohttp.ServerDisconnectedError(),
        TimeoutError(),
    ],
    ids=["internal error", "no JSON", "429", "cut off", "hangs"],
)
def test_an_outage_that_lasts_is_bridged(known: KnownElectorates, error: Exception) -> None:
    """Slack is asked again first."""
    assert known.stands_in(request(), error, timedelta(seconds=1)) is None
    assert known.stands_in(request(), error, LONG) == FOUND


def test_a_long_pause_that_slack_asks_for_need_not_be_waited_for(known: KnownElectorates) -> None:
    """It would be longer than our patience."""
    storm = ApplicationError("429", type="ratelimited", next_retry_delay=timedelta(minutes=5))
    assert known.stands_in(request(), storm, timedelta(0)) == FOUND


@pytest.mark.parametrize(
    "code", ["invalid_auth", "token_revoked", "missing_scope", "account_inactive", "not_in_channel"]
)
def test_a_refusal_is_no_outage(known: KnownElectorates, code: str) -> None:
    """Then the people have to be looked up again, however long that takes."""
    refused = ApplicationError(f"Slack refused: {code}", type=code)
    assert known.stands_in(request(), refused, LONG) is None


def test_only_the_same_question_has_this_answer(known: KnownElectorates) -> None:
    """Another channel, other approvers: nobody is known."""
    assert known.stands_in(request("C0FINANCE1"), AWAY, LONG) is None
    assert known.stands_in(request("C0GENERAL1", "U0LINUS001"), AWAY, LONG) is None


def test_after_an_hour_it_is_too_old(known: KnownElectorates, clock: Clock) -> None:
    """Somebody may have been removed; a new answer replaces it."""
    clock.now = NOW + GOOD_FOR + timedelta(seconds=1)
    assert known.stands_in(request(), AWAY, LONG) is None
    known.keep(request(), Electorate())
    assert known.stands_in(request(), AWAY, LONG) == Electorate()
