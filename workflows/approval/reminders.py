"""Climbs the ladder of one approval: reminders, copies, letters, escalation, snooze.

What goes to one person (a copy, a letter) waits for that person's hours; what goes into the thread,
and what an outage of Slack makes necessary, does not.
"""

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow

from workflows import rules
from workflows.activities import MailRequest, ReachRequest, Why
from workflows.approval import notices, prepare, visibility
from workflows.approval.state import ApprovalState
from workflows.background import BackgroundUpdate
from workflows.messages.audit import AuditKind
from workflows.messages.electorate import Person
from workflows.messages.ladder import Act, DeferredNotice, PlannedRung
from workflows.messages.outage import CLOSE, RECENT, Outage

SLACK_PATIENCE = timedelta(seconds=60)


class Reminders:
    """Everything that goes out to people while they are waited for."""

    def __init__(self, state: ApprovalState) -> None:
        self._state = state
        self._waking: dict[str, asyncio.Task[None]] = {}
        self._waiting: dict[str, asyncio.Task[None]] = {}
        self._over = False
        self.mirror = BackgroundUpdate(self._climb)
        for user, until in state.snoozed.items():
            self.snooze(user, until)
        for later in state.later.values():
            self._put_off(later)

    def take(self, name: str) -> None:
        """A rung is due; each is taken once, and none after the outcome."""
        if not self._state.settled and self._state.rungs.take(name):
            self.mirror.touch()
            visibility.next_rung(self._state.rungs.plan, self._state.rungs.sent)

    def gathered(self, name: str) -> None:
        """A digest stands for this rung, so nothing more goes out for it."""
        state = self._state
        if not state.settled and state.rungs.skip(name):
            state.journal.note(AuditKind.REMINDED, rung=name, reason="In a digest")
            visibility.next_rung(state.rungs.plan, state.rungs.sent)

    def snooze(self, user: str, until: datetime) -> None:
        """Leave this person alone until then, and then remind them."""
        self._state.snoozed[user] = until
        if (earlier := self._waking.get(user)) is not None:
            earlier.cancel()
        self._waking[user] = asyncio.create_task(self._wake(user, until))

    def bridge(self, outage: Outage) -> None:
        """What is due goes by e-mail, too, for as long as the outage lasts."""
        self._state.outage = outage
        self.mirror.touch()

    async def fall_back(self) -> None:
        """Mail whoever Slack does not know; and everybody, when Slack does not take the card."""
        await asyncio.gather(self._mail_strangers(), self._mail_without_card())

    async def _mail_strangers(self) -> None:
        state = self._state
        strangers = (person for person in state.waited_for() if "@" in person.id)
        await self._mail((p for p in strangers if p.id not in state.mailed_at), Why.NO_ACCOUNT)

    async def _mail_without_card(self) -> None:
        state = self._state
        try:
            await workflow.wait_condition(
                lambda: state.posted or state.settled, timeout=SLACK_PATIENCE
            )
        except TimeoutError:
            await self._mail((p for p in state.waited_for() if "@" not in p.id), Why.SLACK_DOWN)
            state.journal.note(AuditKind.MAILED, reason="Slack did not take the card")

    async def invite(self, people: Iterable[Person]) -> None:
        """A card in each person's direct messages, in their hours, or a letter in its place."""
        visibility.approvers(self._state.ballot)
        await self._reach(people, Act.DM, workflow.now())

    async def finished(self) -> None:
        """Wait for what is under way; nobody is woken any more."""
        self._over = True
        for task in self._waking.values():
            task.cancel()
        tasks = [*self._waking.values(), *self._waiting.values()]
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _climb(self) -> None:
        for rung in self._state.rungs.due():
            if not self._state.settled:
                kind, more = await self._act(rung)
                self._state.journal.note(kind, rung=rung.name, **more)
        await self._bridge()

    async def _act(self, rung: PlannedRung) -> tuple[AuditKind, dict[str, Any]]:
        """Do what a rung says; what Slack does not take in time goes by e-mail."""
        state = self._state
        if rung.act is Act.ESCALATE:
            return AuditKind.ESCALATED, {"to": await self._escalate(rung)}
        if rung.act in (Act.DM, Act.EMAIL):
            await self._reach(state.waited_for(), rung.act, rung.due, rung)
            return AuditKind.MAILED if rung.act is Act.EMAIL else AuditKind.REMINDED, {}
        if rung.act is Act.TELL_REQUESTER:
            text = f"{state.request.title} still waits: nobody has decided yet."
            await notices.tell_waiting(state, state.request.requester, text)
        elif not await notices.remind(state):
            await self._mail(state.waited_for(), Why.SLACK_DOWN, rung.name)
        return AuditKind.REMINDED, {}

    async def _escalate(self, rung: PlannedRung) -> list[str]:
        """Let more people decide, and tell them; gives their ids."""
        state = self._state
        wider = state.request.policy.model_copy(update={"approvers": rung.to, "groups": {}})
        found = await prepare.look_up(state.request, wider)
        before = state.ballot.eligible()
        state.ballot = rules.escalate(state.ballot, found.people)
        new = state.ballot.eligible() - before
        state.cards.touch()
        await self.invite(person for person in found.people if person.id in new)
        return sorted(new)

    # Each in their own hours.

    async def _reach(
        self, people: Iterable[Person], act: Act, due: datetime, rung: PlannedRung | None = None
    ) -> None:
        """Now, or as soon as each person's hours allow."""
        wanted = tuple(people)
        if not wanted:
            return
        name, moments = rung.name if rung else "", await self._moments(wanted, due)
        late = {person.id for person in wanted if self._is_to_come(moments.get(person.id))}
        for person in wanted:
            if person.id in late:
                self._put_off(DeferredNotice(act=act, to=person, at=moments[person.id], rung=name))
        await self._send((p for p in wanted if p.id not in late), act, name, due)

    @staticmethod
    def _is_to_come(moment: datetime | None) -> bool:
        return moment is not None and moment > workflow.now()

    async def _moments(self, people: tuple[Person, ...], due: datetime) -> dict[str, datetime]:
        state = self._state
        assert state.ballot.deadline is not None
        request = ReachRequest(
            policy=state.request.policy,
            people=people,
            raised_at=state.raised_at,
            due=due,
            deadline=state.ballot.deadline,
        )
        return await notices.moments(request)

    def _put_off(self, later: DeferredNotice) -> None:
        self._state.later[later.key] = later
        if later.key not in self._waiting:
            self._waiting[later.key] = asyncio.create_task(self._send_later(later))

    async def _send_later(self, later: DeferredNotice) -> None:
        """One notice in its person's hours, if the decision is still missing then."""
        state = self._state
        try:
            await workflow.wait_condition(
                lambda: self._over or state.settled,
                timeout=max(later.at - workflow.now(), timedelta(0)),
                timeout_summary="a person's hours",
            )
        except TimeoutError:
            del state.later[later.key]
            if later.to.id in {person.id for person in state.waited_for()}:
                await self._send((later.to,), later.act, later.rung, later.at)
                kind = AuditKind.MAILED if later.act is Act.EMAIL else AuditKind.REMINDED
                state.journal.note(kind, rung=later.rung, to=[later.to.id])

    async def _send(self, people: Iterable[Person], act: Act, rung: str, due: datetime) -> None:
        """Copies or letters, side by side; no letter to whoever had one since this was due."""
        state = self._state
        if act is Act.EMAIL:
            told = {user for user, at in state.mailed_at.items() if at >= due}
            await self._mail((p for p in people if p.id not in told), Why.WAITING, rung)
        else:
            await asyncio.gather(*(self._copy(person) for person in people))

    async def _copy(self, person: Person) -> None:
        """The card, or a letter where Slack does not take it."""
        state = self._state
        if person.id in state.copied:
            return
        state.copied.add(person.id)
        place = await notices.copy_to(state.view(), person)
        if place is None:
            await self._mail((person,), Why.SLACK_DOWN)
        else:
            state.add_places((place,))
            state.cards.touch()

    # By e-mail.

    async def _mail(self, people: Iterable[Person], why: Why, rung: str = "") -> None:
        state, known = self._state, self._state.mailed_at
        letters = [
            MailRequest(view=state.view(), to=one, why=why, rung=rung, first=one.id not in known)
            for one in people
        ]
        for user in await notices.mail(letters):
            state.mailed = True
            known[user] = workflow.now()

    async def _bridge(self) -> None:
        """While clicks do not reach us: whoever was not written to since then is, if it is due."""
        state, outage = self._state, self._state.outage
        if outage is None or state.settled or not self._is_due(outage):
            return
        told = {user for user, at in state.mailed_at.items() if outage.covers(at)}
        if cut_off := [person for person in state.waited_for() if person.id not in told]:
            await self._mail(cut_off, Why.SLACK_DEAF, outage.name)
            state.journal.note(AuditKind.MAILED, reason="Nothing comes in from Slack")

    def _is_due(self, outage: Outage) -> bool:
        """A notice was due already, or beginning or end of the wait are near."""
        state, now = self._state, workflow.now()
        assert state.ballot.deadline is not None
        is_near = state.ballot.deadline - now <= CLOSE
        is_new = outage.covers(state.raised_at + RECENT)
        is_due = bool(state.rungs.sent) or is_near or is_new
        return is_due and now < outage.until

    async def _wake(self, user: str, until: datetime) -> None:
        """After a snooze: one private reminder, if the decision is still missing."""
        state = self._state
        await workflow.sleep(max(until - workflow.now(), timedelta(0)))
        if user in state.ballot.missing_people() and not state.settled:
            text = f"You wanted to be reminded: {state.request.title} waits for your decision."
            await notices.tell_waiting(state, user, text)
