"""Whoever decides is looked up again: the group, the account and the guest list have moved on.

Only a decision that would count is worth a look-up. Decisions count in the order they came, by the
moment they came: nobody is late because Slack is slow.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime

from temporalio import workflow
from temporalio.exceptions import ActivityError

from workflows.activities import PROMPT, EntitlementRequest, PeopleActivities
from workflows.approval.state import ApprovalState
from workflows.messages.base import Frozen
from workflows.messages.decisions import Decision, Reply
from workflows.messages.electorate import STILL, Entitled, Entitlement

UNKNOWN = Entitlement(entitled=Entitled.UNKNOWN)

Settle = Callable[[Decision, datetime, Entitlement], Reply]
"""Lets a decision meet the ballot, by its moment and by what is known of whoever decides."""


class Arrival(Frozen):
    """A decision and the moment it came."""

    decision: Decision
    at: datetime


class Deciders:
    """The decisions whose people are being looked up."""

    def __init__(self, state: ApprovalState, settle: Settle) -> None:
        self._state = state
        self._settle = settle
        self._waiting: list[Arrival] = []
        self._running: set[asyncio.Task[Reply]] = set()

    @property
    def busy(self) -> bool:
        """Whether a decision has come that does not count yet."""
        return bool(self._waiting)

    def awaits(self, decision_id: str) -> bool:
        """Whether this one is still being looked up."""
        return any(one.decision.id == decision_id for one in self._waiting)

    async def decide(self, decision: Decision) -> Reply:
        """Look up whoever decides, then let the decision meet the ballot."""
        if self.awaits(decision.id):
            await workflow.wait_condition(lambda: not self.awaits(decision.id))
            return self._settle(decision, workflow.now(), UNKNOWN)  # answered before
        arrival = Arrival(decision=decision, at=workflow.now())
        self._waiting.append(arrival)
        try:
            found = await entitlement(self._state, decision.by)
            await workflow.wait_condition(lambda: self._waiting[0] is arrival)
            return self._settle(decision, arrival.at, found)
        finally:
            self._waiting.remove(arrival)

    def beside(self, decision: Decision, answer: Callable[[Decision, Reply], None]) -> None:
        """The same beside the workflow's own path; `answer` gets what it came to."""
        task = asyncio.create_task(self.decide(decision))
        self._running.add(task)

        def told(done: asyncio.Task[Reply]) -> None:
            self._running.discard(done)
            if not done.cancelled():
                answer(decision, done.result())

        task.add_done_callback(told)

    async def finished(self) -> None:
        """Wait until every decision that came has met the ballot."""
        if self.busy or self._running:
            await workflow.wait_condition(lambda: not self.busy and not self._running)


async def entitlement(state: ApprovalState, user: str) -> Entitlement:
    """Whether somebody of the electorate may still decide; unknown when nobody says in time."""
    electorate, request = state.ballot.electorate, state.request
    person = electorate.find(user) if electorate else None
    if person is None:
        return STILL  # the rules refuse strangers
    try:
        return await workflow.execute_activity_method(
            PeopleActivities.confirm_decider,
            EntitlementRequest(
                person=person, policy=request.policy, channel=request.thread.channel
            ),
            **PROMPT,
        )
    except ActivityError:
        workflow.logger.warning("whoever decides could not be looked up")
        return UNKNOWN
