"""Climbs the ladder of one approval: reminders, copies, letters, escalation, snooze."""

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow

from workflows import listing, notices, raising, rules
from workflows.audit import AuditKind
from workflows.electorate import Person
from workflows.ladder import Act, PlannedRung
from workflows.matter import Matter
from workflows.mirror import Mirror
from workflows.steps import Why

SLACK_PATIENCE = timedelta(seconds=60)


class Climber:
    """Everything that goes out to people while they are waited for."""

    def __init__(self, matter: Matter) -> None:
        self._matter = matter
        self._waking: dict[str, asyncio.Task[None]] = {}
        self.mirror = Mirror(self._climb)
        for user, until in matter.snoozed.items():
            self.snooze(user, until)

    def take(self, name: str) -> None:
        """A rung is due; each is taken once, and none after the outcome."""
        if not self._matter.settled and self._matter.rungs.take(name):
            self.mirror.touch()
            listing.next_rung(self._matter.rungs.plan, self._matter.rungs.sent)

    def snooze(self, user: str, until: datetime) -> None:
        """Leave this person alone until then, and then remind him."""
        self._matter.snoozed[user] = until
        if (earlier := self._waking.get(user)) is not None:
            earlier.cancel()
        self._waking[user] = asyncio.create_task(self._wake(user, until))

    async def fall_back(self) -> None:
        """Mail whoever Slack does not know; and everybody, when Slack does not take the card."""
        matter = self._matter
        await self._mail((p for p in matter.waited_for() if "@" in p.id), Why.NO_ACCOUNT)
        try:
            await workflow.wait_condition(
                lambda: matter.posted or matter.settled, timeout=SLACK_PATIENCE
            )
        except TimeoutError:
            await self._mail((p for p in matter.waited_for() if "@" not in p.id), Why.SLACK_DOWN)
            matter.journal.note(AuditKind.MAILED, reason="Slack did not take the card")

    async def invite(self, people: Iterable[Person]) -> None:
        """A card in each person's direct messages, or a letter where Slack does not take it."""
        matter = self._matter
        listing.approvers(matter.ballot)
        for person in people:
            if person.id in matter.copied:
                continue
            matter.copied.add(person.id)
            place = await notices.copy_to(matter.view(), person)
            if place is None:
                await self._mail((person,), Why.SLACK_DOWN)
            else:
                matter.add_places((place,))
                matter.cards.touch()

    async def finished(self) -> None:
        """Wait for what is under way; nobody is woken any more."""
        for task in self._waking.values():
            task.cancel()
        await asyncio.gather(*self._waking.values(), return_exceptions=True)

    async def _climb(self) -> None:
        for rung in self._matter.rungs.due():
            if not self._matter.settled:
                kind, more = await self._act(rung)
                self._matter.journal.note(kind, rung=rung.name, **more)

    async def _act(self, rung: PlannedRung) -> tuple[AuditKind, dict[str, Any]]:
        """Do what a rung says; what Slack does not take in time goes by e-mail."""
        matter = self._matter
        if rung.act is Act.ESCALATE:
            return AuditKind.ESCALATED, {"to": await self._escalate(rung)}
        if rung.act is Act.EMAIL:
            await self._mail(matter.waited_for(), Why.WAITING, rung.name)
            return AuditKind.MAILED, {}
        if rung.act is Act.TELL_REQUESTER:
            text = f"{matter.request.title} still waits: nobody has decided yet."
            await notices.tell(matter.request.requester, text, matter.card())
        elif rung.act is Act.DM:
            await self.invite(matter.waited_for())
        elif not await notices.remind(matter.view()):
            await self._mail(matter.waited_for(), Why.SLACK_DOWN, rung.name)
        return AuditKind.REMINDED, {}

    async def _escalate(self, rung: PlannedRung) -> list[str]:
        """Let more people decide, and tell them; gives their ids."""
        matter = self._matter
        wider = matter.request.policy.model_copy(update={"approvers": rung.to, "groups": {}})
        found = await raising.look_up(matter.request, wider)
        before = matter.ballot.eligible()
        matter.ballot = rules.escalate(matter.ballot, found.people)
        new = matter.ballot.eligible() - before
        matter.cards.touch()
        await self.invite(person for person in found.people if person.id in new)
        return sorted(new)

    async def _mail(self, people: Iterable[Person], why: Why, rung: str = "") -> None:
        matter = self._matter
        matter.mailed = await notices.mail(matter.view(), people, why, rung) or matter.mailed

    async def _wake(self, user: str, until: datetime) -> None:
        """After a snooze: one private reminder, if the decision is still missing."""
        matter = self._matter
        await workflow.sleep(max(until - workflow.now(), timedelta(0)))
        if user in matter.ballot.missing_people() and not matter.settled:
            text = f"You wanted to be reminded: {matter.request.title} waits for your decision."
            await notices.tell(user, text, matter.card())
