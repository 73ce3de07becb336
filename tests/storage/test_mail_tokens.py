"""One-time tokens for decisions by mail, over SQLite and PostgreSQL."""

import asyncio
import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from storage.database import create_engine
from storage.errors import DatabaseUnavailable
from storage.mail_tokens import (
    ALPHABET,
    CODE_LENGTH,
    LEASE,
    LIFETIME,
    MOST_TRIES,
    Holder,
    Issued,
    MailTokens,
    Redeemed,
    TicketState,
    TokenProblem,
)

START = datetime(2026, 11, 20, 12, tzinfo=UTC)
DIGEST = "d" * 64
GRACE = {"user": "U0GRACE001", "email": "grace@example.com"}


@dataclass
class Clock:
    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def forward(self, by: timedelta) -> None:
        self.now += by


@dataclass
class House:
    """Tokens with a clock that is set by hand."""

    engine: AsyncEngine
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.tokens = MailTokens(self.engine, self.clock)

    async def issue(
        self, approval: str = "t1.analyse.v1", deadline: timedelta = timedelta(days=7)
    ) -> Issued:
        return await self.tokens.issue(
            approval_id=approval, revision=1, digest=DIGEST, deadline=START + deadline, **GRACE
        )

    async def state(self, issued: Issued) -> tuple[TicketState, int]:
        ticket = await self.tokens.look(issued.token)
        assert ticket is not None
        return ticket.state, ticket.tries_left

    async def rows(self) -> list[tuple[object, ...]]:
        async with self.engine.connect() as connection:
            found = await connection.execute(text("SELECT * FROM mail_tokens ORDER BY token_hash"))
            return [tuple(row) for row in found.all()]

    async def redeem(self, issued: Issued, code: str = "", digest: str = DIGEST) -> object:
        return await self.tokens.redeem(issued.token, code or issued.code, digest=digest)


@pytest.fixture
def house(engine: AsyncEngine) -> House:
    return House(engine)


def wrong(code: str) -> str:
    """A code that could be right, and is not."""
    other = next(letter for letter in ALPHABET if letter != code[0])
    return other + code[1:]


async def test_a_token_and_its_code_redeem_once(house: House) -> None:
    """The first redemption succeeds with everything the token is bound to, the second does not."""
    issued = await house.issue()
    redeemed = await house.redeem(issued)
    assert isinstance(redeemed, Redeemed)
    assert redeemed.ticket.approval_id == "t1.analyse.v1"
    assert (redeemed.ticket.user, redeemed.ticket.email) == (GRACE["user"], GRACE["email"])
    assert (redeemed.ticket.revision, redeemed.ticket.digest) == (1, DIGEST)
    assert await house.redeem(issued) is TokenProblem.USED
    await house.tokens.settle(issued.token)
    house.clock.forward(LEASE * 2)
    assert await house.redeem(issued) is TokenProblem.USED
    assert await house.state(issued) == (TicketState.USED, MOST_TRIES)


@pytest.mark.parametrize("typed", [str.lower, lambda c: c.replace("-", ""), lambda c: f" {c} "])
async def test_codes_are_typed_as_people_type(house: House, typed: object) -> None:
    """Small letters, without the dash, with blanks."""
    issued = await house.issue()
    assert callable(typed)
    assert isinstance(await house.redeem(issued, typed(issued.code)), Redeemed)


def test_the_limits_are_as_promised() -> None:
    """A day, two minutes, five tries, eight characters."""
    assert (timedelta(hours=24), timedelta(minutes=2)) == (LIFETIME, LEASE)
    assert (MOST_TRIES, CODE_LENGTH) == (5, 8)


async def test_one_token_is_no_business_of_another(house: House) -> None:
    """Whatever happens to one, its neighbour of the same approval and person stays as it was."""
    issued, neighbour = await house.issue(), await house.issue()
    assert await house.redeem(neighbour, wrong(neighbour.code)) is TokenProblem.WRONG_CODE
    before = await house.state(neighbour)
    assert before == (TicketState.OPEN, MOST_TRIES - 1)
    await house.redeem(issued, wrong(issued.code))
    await house.redeem(issued, digest="other")
    await house.redeem(issued)
    assert await house.state(neighbour) == before
    await house.tokens.release(issued.token, undecided=True)
    assert await house.state(issued) == (TicketState.OPEN, MOST_TRIES - 1)
    await house.redeem(issued)
    await house.tokens.settle(issued.token)
    assert await house.state(neighbour) == before


async def test_codes_and_tokens_look_as_announced(house: House) -> None:
    """256 bits in the link, 8 unambiguous characters in the code, never the same twice."""
    many = [await house.issue() for _ in range(20)]
    assert all(len(one.token) == 43 for one in many)
    assert all(set(one.code.replace("-", "")) <= set(ALPHABET) for one in many)
    assert len({one.token for one in many}) == len({one.code for one in many}) == 20
    assert not set(ALPHABET) & set("01OIL")


async def test_five_wrong_codes_lock_a_token(house: House) -> None:
    """After that the right code does not help any more."""
    issued = await house.issue()
    for left in range(MOST_TRIES, 0, -1):
        ticket = await house.tokens.look(issued.token)
        assert ticket is not None
        assert ticket.tries_left == left
        assert await house.redeem(issued, wrong(issued.code)) is TokenProblem.WRONG_CODE
    assert await house.redeem(issued) is TokenProblem.LOCKED
    assert await house.state(issued) == (TicketState.LOCKED, 0)


@pytest.mark.parametrize("code", ["", "test", "ABCD-EFG", "0OIL-0OIL", "x" * 5_000, "ÄÖÜ-ß\udcff"])
async def test_what_cannot_be_a_code_costs_no_try(house: House, code: str) -> None:
    """A scanner that fills in forms must not lock people out."""
    issued = await house.issue()
    for _ in range(MOST_TRIES + 1):
        assert (
            await house.tokens.redeem(issued.token, code, digest=DIGEST) is TokenProblem.WRONG_CODE
        )
    assert isinstance(await house.redeem(issued), Redeemed)


async def test_concurrent_redemptions_give_one_success(house: House) -> None:
    """Twenty at once, on as many connections as the pool has."""
    issued = await house.issue()
    results = await asyncio.gather(*(house.redeem(issued) for _ in range(20)))
    assert sum(isinstance(result, Redeemed) for result in results) == 1
    assert {result for result in results if not isinstance(result, Redeemed)} == {TokenProblem.USED}


async def test_concurrent_guesses_are_five_at_most(house: House) -> None:
    """Forty wrong codes at once: five are looked at, then the door is locked."""
    issued = await house.issue()
    guesses = [house.redeem(issued, wrong(issued.code)) for _ in range(40)]
    results = await asyncio.gather(*guesses)
    assert results.count(TokenProblem.WRONG_CODE) == MOST_TRIES
    assert results.count(TokenProblem.LOCKED) == 40 - MOST_TRIES
    assert await house.redeem(issued) is TokenProblem.LOCKED


async def test_looking_never_changes_anything(house: House) -> None:
    """Not at open, used or unknown tokens."""
    issued, used = await house.issue(), await house.issue()
    await house.redeem(used)
    before = await house.rows()
    for _ in range(50):
        for token in (issued.token, used.token, "x" * 43, "", "\0", "ü" * 43):
            await house.tokens.look(token)
    assert await house.rows() == before
    assert await house.tokens.look("x" * 43) is None


async def test_tokens_end_with_the_approval_or_after_a_day(house: House) -> None:
    """Whichever comes first."""
    short = await house.issue(deadline=timedelta(hours=2))
    long = await house.issue(deadline=timedelta(days=7))
    house.clock.forward(timedelta(hours=2))
    assert await house.redeem(short) is TokenProblem.EXPIRED
    house.clock.forward(LIFETIME - timedelta(hours=2) - timedelta(seconds=1))
    ticket = await house.tokens.look(long.token)
    assert ticket is not None
    assert ticket.state is TicketState.OPEN
    house.clock.forward(timedelta(seconds=1))
    assert await house.redeem(long) is TokenProblem.EXPIRED


async def test_other_content_is_refused_and_costs_nothing(house: House) -> None:
    """A token decides only what it was issued for."""
    issued = await house.issue()
    for digest in ("e" * 64, "", DIGEST[:-1], DIGEST + "d", "\udcff"):
        assert await house.redeem(issued, digest=digest) is TokenProblem.OTHER_CONTENT
    for _ in range(MOST_TRIES):
        assert await house.redeem(issued, digest="x") is TokenProblem.OTHER_CONTENT
    assert isinstance(await house.redeem(issued), Redeemed)


async def test_a_code_fits_its_own_token_only(house: House) -> None:
    """Codes of other mails are wrong codes."""
    first, second = await house.issue(), await house.issue()
    assert await house.redeem(first, second.code) is TokenProblem.WRONG_CODE
    assert await house.tokens.redeem("x" * 43, first.code, digest=DIGEST) is TokenProblem.UNKNOWN
    assert await house.tokens.redeem("", first.code, digest=DIGEST) is TokenProblem.UNKNOWN
    assert await house.tokens.redeem("x" * 43, "", digest=DIGEST) is TokenProblem.UNKNOWN


async def test_revoking_ends_every_open_token_of_an_approval(house: House) -> None:
    """And says how many; those of other approvals live on; used ones stay used."""
    open_one, used = await house.issue(), await house.issue()
    other = await house.issue("t2.analyse.v1")
    await house.redeem(used)
    await house.tokens.settle(used.token)
    assert await house.tokens.revoke("t1.analyse.v1") == 1
    assert await house.tokens.revoke("t1.analyse.v1") == 0
    assert await house.redeem(open_one) is TokenProblem.REVOKED
    assert await house.tokens.redeem(open_one.token, "", digest=DIGEST) is TokenProblem.REVOKED
    assert await house.redeem(used) is TokenProblem.USED
    assert isinstance(await house.redeem(other), Redeemed)


async def test_earlier_tokens_outlive_a_second_mail(house: House) -> None:
    """A mail whose sending was in doubt may arrive twice: either link works."""
    first, second = await house.issue(), await house.issue()
    assert isinstance(await house.redeem(first), Redeemed)
    assert isinstance(await house.redeem(second), Redeemed)


async def test_a_claim_of_a_dead_process_lapses(house: House) -> None:
    """The same decision id comes again, so the decision is not made twice."""
    issued = await house.issue()
    first = await house.redeem(issued)
    house.clock.forward(LEASE - timedelta(seconds=1))
    assert await house.redeem(issued) is TokenProblem.USED
    house.clock.forward(timedelta(seconds=1))
    assert await house.state(issued) == (TicketState.OPEN, MOST_TRIES)
    second = await house.redeem(issued)
    assert isinstance(first, Redeemed)
    assert isinstance(second, Redeemed)
    assert first.decision_id == second.decision_id


async def test_releasing_opens_the_token_again(house: House) -> None:
    """With the same decision id when the decision is in doubt, with another when it is not."""
    issued = await house.issue()
    ids = []
    for undecided in (False, True, False):
        redeemed = await house.redeem(issued)
        assert isinstance(redeemed, Redeemed)
        ids.append(redeemed.decision_id)
        await house.tokens.release(issued.token, undecided=undecided)
    assert ids[0] == ids[1] != ids[2]
    assert [name[-2:] for name in ids] == [":0", ":0", ":1"]


async def test_the_database_holds_no_secret(house: House) -> None:
    """Neither token nor code, nor the hash of the bare code; the decision id neither."""
    issued = await house.issue()
    redeemed = await house.redeem(issued)
    assert isinstance(redeemed, Redeemed)
    kept = repr(await house.rows()) + redeemed.decision_id
    plain = issued.code.replace("-", "")
    for secret in (issued.token, issued.code, plain, hashlib.sha256(plain.encode()).hexdigest()):
        assert secret not in kept
    assert hmac.new(b"", plain.encode(), hashlib.sha256).hexdigest() not in kept
    assert hmac.new(issued.token.encode(), plain.encode(), hashlib.sha256).hexdigest() in kept
    assert hashlib.sha256(issued.token.encode()).hexdigest() in kept
    assert hashlib.sha256(issued.token.encode()).hexdigest() not in redeemed.decision_id


async def test_holders_are_remembered_for_the_closing_letter(house: House) -> None:
    """Also after revoking, so that a retry finds them; each once."""
    await house.issue()
    await house.issue()
    await house.tokens.revoke("t1.analyse.v1")
    assert await house.tokens.holders("t1.analyse.v1") == (Holder(**GRACE),)
    assert await house.tokens.holders("t9") == ()


async def test_a_token_that_was_never_sent_is_discarded(house: House) -> None:
    """Attempts at a dead mail server leave neither rows nor people to send a closing letter to."""
    sent, unsent = await house.issue(), await house.issue("t2.analyse.v1")
    await house.tokens.discard(unsent.token)
    assert await house.tokens.look(unsent.token) is None
    assert await house.tokens.holders("t2.analyse.v1") == ()
    assert isinstance(await house.redeem(sent), Redeemed)


async def test_old_tokens_are_forgotten(house: House) -> None:
    """Only what expired before the given moment."""
    old = await house.issue(deadline=timedelta(hours=1))
    new = await house.issue()
    assert await house.tokens.forget(START + timedelta(hours=1)) == 0
    assert await house.tokens.forget(START + timedelta(hours=2)) == 1
    assert await house.tokens.look(old.token) is None
    assert await house.tokens.look(new.token) is not None


async def test_a_database_that_is_away_is_a_sentence() -> None:
    """Without the password, and without the token."""
    engine = create_engine("postgresql://signoff:secret@127.0.0.1:1/signoff")
    tokens = MailTokens(engine)
    with pytest.raises(DatabaseUnavailable, match="Check the database") as raised:
        await tokens.look("t" * 43)
    assert "secret" not in str(raised.value)
    assert "ttt" not in str(raised.value)
    await engine.dispose()
