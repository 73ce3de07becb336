"""A hand-written desk, and what tests of the approval server share."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from agents.http.signature import SigningKey
from agents.programs.port import ApprovalStanding, Asking, DeskRefused, DeskUnavailable, State
from agents.programs.program import Program, Programs
from agents.programs.server import ApprovalParts, serve
from storage.database import create_engine
from tests.fakes import ADA, GRACE, LINUS
from workflows.messages.content_hash import digest
from workflows.messages.decisions import Decision, Edit, Outcome, Settlement, Verdict
from workflows.messages.policy import Policy

POLICY = Policy(approvers=(GRACE, LINUS))
PEER = Program(
    name="peer",
    token=SecretStr("peer-token-0123456789"),
    owner=ADA,
    channel="C0GENERAL1",
    policy=POLICY,
    title="The peer",
)
OTHER = PEER.model_copy(update={"name": "other", "token": SecretStr("other-token-0123456789")})
PROGRAMS = Programs([PEER, OTHER])
_VERDICTS = {
    Outcome.APPROVED: Verdict.APPROVE,
    Outcome.REJECTED: Verdict.REJECT,
    Outcome.CHANGES_REQUESTED: Verdict.REQUEST_CHANGES,
}


class FakeDesk:
    """People who decide when the test says so."""

    def __init__(self) -> None:
        self.asked: dict[str, Asking] = {}
        self.standings: dict[str, ApprovalStanding] = {}
        self.withdrawn: list[str] = []
        self.down = False
        self._changed = asyncio.Condition()

    async def ask(self, asking: Asking) -> None:
        self._require_up()
        known = self.asked.setdefault(asking.id, asking)
        if known.draft != asking.draft:
            raise DeskRefused("This id or key was used with another content.")
        waiting = ApprovalStanding(id=asking.id, state=State.PENDING, title=asking.draft.title)
        self.standings.setdefault(asking.id, waiting)

    async def twin(self, asking: Asking) -> str:
        self._require_up()
        for known in self.asked.values():
            waits = self.standings[known.id].state is State.PENDING
            if waits and (known.draft, known.program) == (asking.draft, asking.program):
                return known.id
        return ""

    async def look(self, approval: str, program: str) -> ApprovalStanding | None:
        self._require_up()
        asking = self.asked.get(approval)
        if asking is None or asking.program.name != program:
            return None
        return self.standings.get(approval)

    async def settled(self, approval: str) -> None:
        self._require_up()
        async with self._changed:
            await self._changed.wait_for(
                lambda: self.standings[approval].state is not State.PENDING
            )

    async def withdraw(self, approval: str, program: Program, reason: str) -> None:
        self._require_up()
        self.withdrawn.append(approval)
        if self.standings[approval].state is State.PENDING:
            await self.settle(Outcome.WITHDRAWN, reason, approval)

    async def settle(
        self, outcome: Outcome, comment: str = "", approval: str = "", edit: Edit | None = None
    ) -> ApprovalStanding:
        """Grace decides the newest one, or the one named."""
        approval = approval or next(reversed(self.asked))
        asking = self.asked[approval]
        result, now = asking.draft.result(), datetime.now(UTC)
        decisions: tuple[Decision, ...] = ()
        if outcome in _VERDICTS:
            decisions = (
                Decision(
                    id="d",
                    verdict=_VERDICTS[outcome],
                    by=GRACE,
                    at=now,
                    revision=asking.revision,
                    digest="d" * 64,
                    comment=comment,
                ),
            )
        edited = edit.applied(result) if edit else None
        settlement = Settlement(
            approval_id=approval,
            outcome=outcome,
            revision=asking.revision,
            digest="d" * 64,
            result_digest=digest(edited or result),
            at=now,
            decisions=decisions,
            reason=comment,
            result=edited,
            editor=GRACE if edit else "",
        )
        return await self.put(
            ApprovalStanding(
                id=approval,
                state=State.SETTLED,
                title=asking.draft.title,
                settlement=settlement,
                feedback=comment if outcome is Outcome.CHANGES_REQUESTED else "",
                names={GRACE: "Grace"},
            )
        )

    async def put(self, standing: ApprovalStanding) -> ApprovalStanding:
        """Whatever this is, it is how it stands."""
        async with self._changed:
            self.standings[standing.id] = standing
            self._changed.notify_all()
        return standing

    def _require_up(self) -> None:
        if self.down:
            raise DeskUnavailable("Approvals cannot be reached just now: please try again.")


def kept(folder: Path) -> AsyncEngine:
    """A database as production has it."""
    return create_engine(f"sqlite:///{folder / 'tasks.db'}")


@asynccontextmanager
async def approval_server(parts: ApprovalParts, port: int) -> AsyncIterator[str]:
    """A real server on loopback; yields its address."""
    stop, started = asyncio.Event(), asyncio.Event()
    serving = asyncio.create_task(
        serve(parts, host="127.0.0.1", port=port, stop=stop, started=started)
    )
    ready = asyncio.create_task(started.wait())
    await asyncio.wait({ready, serving}, return_when=asyncio.FIRST_COMPLETED)
    if serving.done():
        ready.cancel()
        serving.result()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        stop.set()
        await serving


def new_key() -> SigningKey:
    return SigningKey.fresh()
