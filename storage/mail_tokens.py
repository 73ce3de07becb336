"""One-time tokens for decisions by e-mail: a secret link, and a short code typed in beside it.

A token is bound to one approval, revision, digest and person. Kept are only hashes: of the token
its sha256, of the code an HMAC under the token, so neither can be found in a copy of the database.

    open -> redeem (claimed) -> settle (used)
                             -> release (open again)

A claim that is neither settled nor released, because the process died in between, lapses after
`LEASE`; the same use number comes with the next redemption, so a decision id made of `decision_id`
stays the same and the decision is not made twice.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import (
    BigInteger,
    Column,
    MetaData,
    Row,
    Table,
    Text,
    delete,
    insert,
    select,
)
from sqlalchemy import update as update_of
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from storage.database import whole
from storage.errors import DatabaseUnavailable
from workflows.messages.base import Frozen

LIFETIME = timedelta(hours=24)
LEASE = timedelta(minutes=2)
MOST_TRIES = 5
CODE_LENGTH = 8
TOKEN_BYTES = 32
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # nothing that looks like something else

MAIL_TOKENS = Table(
    "mail_tokens",
    MetaData(),
    Column("token_hash", Text, primary_key=True),
    *(Column(name, Text) for name in ("code_hash", "approval_id")),
    Column("revision", BigInteger),
    *(Column(name, Text) for name in ("digest", "user_id", "email", "issued_at", "expires_at")),
    *(Column(name, BigInteger) for name in ("tries", "uses")),
    *(Column(name, Text) for name in ("claimed_until", "used_at", "revoked_at")),
)
_T = MAIL_TOKENS.c
_TOKEN = re.compile(rf"[A-Za-z0-9_-]{{{-(-TOKEN_BYTES * 4 // 3)}}}")
_Found = TypeVar("_Found")


class Issued(NamedTuple):
    """What goes into the mail, and nowhere else."""

    token: str
    code: str


class TicketState(StrEnum):
    """Whether a token can still decide."""

    OPEN = "open"
    USED = "used"
    REVOKED = "revoked"
    EXPIRED = "expired"
    LOCKED = "locked"


class Ticket(Frozen):
    """What a token stands for."""

    approval_id: str
    revision: int
    digest: str
    user: str
    email: str
    expires_at: datetime
    state: TicketState = TicketState.OPEN
    tries_left: int = MOST_TRIES


class Redeemed(Frozen):
    """The token was valid and is claimed; `decision_id` makes retries idempotent."""

    ticket: Ticket
    decision_id: str


class TokenProblem(StrEnum):
    """Why a token was not redeemed."""

    UNKNOWN = "unknown"
    EXPIRED = "expired"
    USED = "used"
    REVOKED = "revoked"
    LOCKED = "locked"
    WRONG_CODE = "wrong_code"
    OTHER_CONTENT = "other_content"


class Holder(NamedTuple):
    """Somebody who was sent a link."""

    user: str
    email: str


def _now() -> datetime:
    return datetime.now(UTC)


class MailTokens:
    """Issues, looks at, redeems and revokes. Every method raises `DatabaseUnavailable`."""

    def __init__(self, engine: AsyncEngine, clock: Callable[[], datetime] = _now) -> None:
        self._engine = engine
        self._clock = clock

    async def issue(
        self,
        *,
        approval_id: str,
        revision: int,
        digest: str,
        user: str,
        email: str,
        deadline: datetime,
    ) -> Issued:
        """A new token and its code, valid until `deadline` or for 24 h, whichever is shorter.

        Earlier ones of the same person stay valid: a mail that is sent a second time, because its
        first sending was in doubt, must not kill the link of the first.
        """
        token, now = secrets.token_urlsafe(TOKEN_BYTES), self._clock()
        code = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
        row = {
            "token_hash": _hash(token),
            "code_hash": _code_hash(token, code),
            "approval_id": approval_id,
            "revision": revision,
            "digest": digest,
            "user_id": user,
            "email": email,
            "issued_at": _text(now),
            "expires_at": _text(min(deadline, now + LIFETIME)),
            "tries": 0,
            "uses": 0,
            **dict.fromkeys(("claimed_until", "used_at", "revoked_at"), ""),
        }
        await self._run(lambda connection: connection.execute(insert(MAIL_TOKENS), row))
        return Issued(token, f"{code[:4]}-{code[4:]}")

    async def look(self, token: str) -> Ticket | None:
        """What a token stands for, and its state; None for one never issued. Changes nothing."""
        query = select(MAIL_TOKENS).where(_T.token_hash == _hash(token))
        found = (await self._run(lambda connection: connection.execute(query))).one_or_none()
        return _ticket(found, self._clock()) if found else None

    async def redeem(self, token: str, code: str, *, digest: str) -> Redeemed | TokenProblem:
        """Claim the token for one decision on exactly `digest`, if the code is right.

        A code that cannot be one, such as an empty one, costs no try; a wrong one does, before it
        is compared. Of several redemptions at once one succeeds.
        """
        typed = _typed(code)
        if typed is None:
            return await self._why_not(token) or TokenProblem.WRONG_CODE
        return await self._run(lambda connection: self._redeem(connection, token, typed, digest))

    async def settle(self, token: str) -> None:
        """The decision was taken: the token is used up."""
        await self._mark(token, used_at=_text(self._clock()), claimed_until="")

    async def release(self, token: str, *, undecided: bool) -> None:
        """Open the token again. `undecided`: the decision surely did not count, so the next one
        gets another id; otherwise it might have, and keeps its id."""
        changes: dict[str, Any] = {"claimed_until": ""}
        if undecided:
            changes["uses"] = _T.uses + 1
        await self._mark(token, **changes)

    async def discard(self, token: str) -> None:
        """Forget a token whose mail surely was not sent, so that retries leave no trace."""
        own = delete(MAIL_TOKENS).where(_T.token_hash == _hash(token))
        await self._run(lambda connection: connection.execute(own))

    async def revoke(self, approval_id: str) -> int:
        """End every open token of an approval, and say how many."""
        change = (
            update_of(MAIL_TOKENS)
            .where(_T.approval_id == approval_id, _T.used_at == "", _T.revoked_at == "")
            .values(revoked_at=_text(self._clock()))
        )
        return int((await self._run(lambda connection: connection.execute(change))).rowcount)

    async def holders(self, approval_id: str) -> tuple[Holder, ...]:
        """Everybody who was ever sent a link for it: who has to hear when it is decided."""
        query = select(_T.user_id, _T.email).where(_T.approval_id == approval_id).distinct()
        found = await self._run(lambda connection: connection.execute(query))
        return tuple(sorted(Holder(*row) for row in found.all()))

    async def forget(self, before: datetime) -> int:
        """Delete what expired before this moment, and say how many."""
        old = delete(MAIL_TOKENS).where(_T.expires_at < _text(before))
        return int((await self._run(lambda connection: connection.execute(old))).rowcount)

    async def _redeem(
        self, connection: AsyncConnection, token: str, code: str, digest: str
    ) -> Redeemed | TokenProblem:
        now = self._clock()
        name = _hash(token)
        row = (await connection.execute(_try_again(name, now))).one_or_none()
        if row is None:
            found = select(MAIL_TOKENS).where(_T.token_hash == name)
            return _refusal((await connection.execute(found)).one_or_none(), now)
        if not hmac.compare_digest(row.code_hash, _code_hash(token, code)):
            return TokenProblem.WRONG_CODE
        own = update_of(MAIL_TOKENS).where(_T.token_hash == name)
        await connection.execute(own.values(tries=_T.tries - 1))
        if not hmac.compare_digest(row.digest.encode(), digest.encode("utf-8", "replace")):
            return TokenProblem.OTHER_CONTENT
        await connection.execute(own.values(claimed_until=_text(now + LEASE)))
        return Redeemed(ticket=_ticket(row, now), decision_id=decision_id(token, row.uses))

    async def _why_not(self, token: str) -> TokenProblem | None:
        ticket = await self.look(token)
        if ticket is None:
            return TokenProblem.UNKNOWN
        return None if ticket.state is TicketState.OPEN else TokenProblem(ticket.state.value)

    async def _mark(self, token: str, **changes: Any) -> None:
        change = update_of(MAIL_TOKENS).where(_T.token_hash == _hash(token)).values(**changes)
        await self._run(lambda connection: connection.execute(change))

    @whole
    async def _run(self, work: Callable[[AsyncConnection], Awaitable[_Found]]) -> _Found:
        try:
            async with self._engine.begin() as connection:
                return await work(connection)
        except (SQLAlchemyError, OSError) as error:
            reason = str(getattr(error, "orig", None) or type(error).__name__).splitlines()[0]
            raise DatabaseUnavailable(
                f"The tokens of mailed links cannot be used ({reason}). Check the database."
            ) from None


def could_be_token(text: str) -> bool:
    """Whether it looks like one of ours, so that asking the database makes sense."""
    return _TOKEN.fullmatch(text) is not None


def decision_id(token: str, use: int) -> str:
    """The id of the decision made with a token; it gives nothing of the token away."""
    return f"mail:{_hash('decision:' + token)[:32]}:{use}"


def _try_again(name: str, now: datetime) -> Any:
    """Counts a try of an open token and gives its row, in one statement: it locks the row."""
    moment = _text(now)
    return (
        update_of(MAIL_TOKENS)
        .where(
            _T.token_hash == name,
            _T.tries < MOST_TRIES,
            _T.used_at == "",
            _T.revoked_at == "",
            _T.expires_at > moment,
            _T.claimed_until <= moment,
        )
        .values(tries=_T.tries + 1)
        .returning(MAIL_TOKENS)
    )


def _refusal(row: Row[Any] | None, now: datetime) -> TokenProblem:
    """An open one was released a moment ago: whoever held it is still at work."""
    if row is None:
        return TokenProblem.UNKNOWN
    state = _state(row, now)
    return TokenProblem.USED if state is TicketState.OPEN else TokenProblem(state.value)


def _state(row: Row[Any], now: datetime) -> TicketState:
    """A claimed token counts as used: another redemption has to wait for it."""
    moment = _text(now)
    if row.used_at or row.claimed_until > moment:
        return TicketState.USED
    if row.revoked_at:
        return TicketState.REVOKED
    if row.expires_at <= moment:
        return TicketState.EXPIRED
    return TicketState.LOCKED if row.tries >= MOST_TRIES else TicketState.OPEN


def _ticket(row: Row[Any], now: datetime) -> Ticket:
    return Ticket(
        approval_id=row.approval_id,
        revision=row.revision,
        digest=row.digest,
        user=row.user_id,
        email=row.email,
        expires_at=datetime.fromisoformat(row.expires_at),
        state=_state(row, now),
        tries_left=max(0, MOST_TRIES - row.tries),
    )


def _typed(code: str) -> str | None:
    """What a person typed, as the code was made; None when it cannot be one."""
    plain = code[:64].upper().replace("-", "").replace(" ", "")
    return plain if len(plain) == CODE_LENGTH and set(plain) <= set(ALPHABET) else None


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _code_hash(token: str, code: str) -> str:
    return hmac.new(token.encode(), code.encode(), hashlib.sha256).hexdigest()


def _text(at: datetime) -> str:
    """Sorts as text in the order of time."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")
