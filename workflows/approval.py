"""One approval: shows a card, waits for signals as long as it takes, ends with an outcome.

The state lives in `@workflow.init`, so a click that arrives before the first workflow task meets
a closed door and not an open one. Handlers only change state; `run` does the work. What people
see (cards), what is kept (audit) and what they are told (answers) happens beside the decision:
the waiting task goes on at once.
"""

import asyncio
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ApplicationError, FailureError

with workflow.unsafe.imports_passed_through():
    from workflows import listing, raising, rules
    from workflows.answers import Answers
    from workflows.audit import AuditKind
    from workflows.ballot import Ballot
    from workflows.decisions import (
        Answer,
        Decision,
        Delegation,
        Outcome,
        Place,
        Reply,
        Settlement,
        Snooze,
        Verdict,
        Via,
        Withdrawal,
    )
    from workflows.digest import digest
    from workflows.electorate import Electorate
    from workflows.journal import Journal
    from workflows.mirror import Mirror
    from workflows.policy import OnTimeout, Rung
    from workflows.requests import (
        ApprovalParent,
        ApprovalRequest,
        CardView,
        CarriedApproval,
        settlement_of,
    )
    from workflows.results import AgentResult
    from workflows.steps import (
        PATIENT,
        Attachment,
        CardSteps,
        CopyRequest,
        Refusal,
        Word,
    )

REMEMBERED = 1_000
_TIMEOUT_OUTCOMES = {
    OnTimeout.EXPIRE: Outcome.EXPIRED,
    OnTimeout.REJECT: Outcome.REJECTED,
    OnTimeout.APPROVE: Outcome.APPROVED,
}


@workflow.defn
class ApprovalWorkflow:
    """Waits for people to decide one revision; its id is the approval's id."""

    @workflow.init
    def __init__(self, request: ApprovalRequest) -> None:
        carried = request.carried
        self._request = request
        self._ballot: Ballot = carried.ballot if carried else request.ballot()
        self._raised_at: datetime = carried.raised_at if carried else workflow.now()
        self._posted: bool = bool(carried and carried.posted)
        self._rungs: list[str] = list(carried.rungs_sent) if carried else []
        self._due: list[Rung] = []
        self._early: list[Decision] = []
        self._delegations: list[Delegation] = []
        self._snoozed: dict[str, datetime] = {}
        self._reason = ""
        self._journal = Journal(request.task_id, request.id, request.revision)
        self._cards = Mirror(self._update_cards)
        self._reminders = Mirror(self._remind)
        self._handing_on = Mirror(self._hand_on)
        self._answers = Answers(request)

    @workflow.run
    async def run(self, request: ApprovalRequest) -> Settlement:
        """Raise, show, wait, settle; return once every copy and every record is true."""
        if request.carried is None:
            await self._raise()
        journal = asyncio.create_task(self._journal.mirror.keep())
        beside = [
            asyncio.create_task(self._show()),
            asyncio.create_task(self._reminders.keep()),
            asyncio.create_task(self._handing_on.keep()),
        ]
        await self._decide()
        if self._ballot.outcome is not None:
            listing.settled(self._ballot.outcome)
            settlement = settlement_of(self._request, self._ballot, self._reason)
            await self._tell_parent(settlement)
        await self._finish(beside)
        self._journal.mirror.close()
        await journal
        await workflow.wait_condition(workflow.all_handlers_finished)
        if self._ballot.outcome is None:
            workflow.continue_as_new(self._carried())
        return settlement

    # What comes in.

    @workflow.signal
    def decide(self, decision: Decision) -> None:
        """Take a click. It is answered privately, whatever it meets."""
        if self._too_early(decision):
            self._early.append(decision)
        else:
            self._answers.give(decision.by, decision.place, self._apply(decision))

    @workflow.update
    def decide_now(self, decision: Decision) -> Answer:
        """Take a decision and give the answer to the caller, who waits for it."""
        return self._apply(decision)

    @workflow.signal
    def withdraw(self, withdrawal: Withdrawal) -> None:
        """End without a decision, if whoever wants that may."""
        refusal = rules.may_withdraw(self._ballot, withdrawal)
        if refusal is None:
            self._reason = withdrawal.reason
            self._close(Outcome.WITHDRAWN, withdrawal.by, withdrawal.via)
        if withdrawal.place is not None:
            answer = refusal or Answer(reply=Reply.DONE, detail="The request is withdrawn.")
            self._answers.give(withdrawal.by, withdrawal.place, answer)

    @workflow.signal
    def delegate(self, delegation: Delegation) -> None:
        """Hand somebody's decision on to another person, who is looked up first."""
        self._delegations.append(delegation)
        self._handing_on.touch()

    @workflow.signal
    def snooze(self, snooze: Snooze) -> None:
        """No reminder for this person for a while, then one."""
        if self._ballot.outcome is None and snooze.by in self._ballot.eligible():
            until = workflow.now() + timedelta(minutes=snooze.minutes)
            self._snoozed[snooze.by] = until
            self._answers.beside(self._wake(snooze.by, until))
            detail = f"You will be reminded in {snooze.minutes} minutes."
            self._answers.give(snooze.by, snooze.place, Answer(reply=Reply.DONE, detail=detail))

    @workflow.signal
    def remind(self, name: str) -> None:
        """Send this rung's reminder, unless it was sent or is not needed any more."""
        rung = next((r for r in self._request.policy.ladder if r.name == name), None)
        if rung is not None and name not in self._rungs and self._ballot.outcome is None:
            self._rungs.append(name)
            self._due.append(rung)
            self._reminders.touch()
            listing.next_rung(self._request.policy, self._raised_at, self._rungs)

    @workflow.query
    def view(self) -> CardView:
        """What the card shows; answered after the end, too."""
        return self._view()

    @workflow.query
    def result(self) -> AgentResult:
        """The whole result, full text included."""
        return self._request.result

    @workflow.query
    def reply_to(self, decision: Decision) -> Answer:
        """What this decision met, or would meet: how a click on a closed approval is answered."""
        return rules.apply(self._ballot, decision, workflow.now())[1]

    # Raising.

    async def _raise(self) -> None:
        request = self._request
        electorate = await raising.look_up(request, request.policy)
        self._ballot = self._ballot.model_copy(
            update={
                "electorate": electorate,
                "digest": request.digest(electorate),
                "deadline": self._raised_at + request.policy.timeout,
            }
        )
        if problem := self._ballot.why_unreachable():
            raise ApplicationError(problem, type=Refusal.APPROVERS, non_retryable=True)
        listing.pending(request, self._ballot)
        listing.next_rung(request.policy, self._raised_at, self._rungs)
        self._note_raised(electorate)
        if request.policy.decides_alone():
            await self._weigh()

    async def _weigh(self) -> None:
        decision = await raising.weigh(self._request, self._ballot.digest)
        if decision is None:
            return
        self._ballot = rules.settle_by_rule(self._ballot, decision, workflow.now())
        if self._ballot.outcome is not None:
            self._reason = decision.comment
            kind = AuditKind.BYPASSED if decision.via is Via.BYPASS else AuditKind.DECIDED
            self._journal.note(kind, decision.by, decision.via, reason=decision.comment)
            self._note_settled(decision.by, decision.via)

    def _note_raised(self, electorate: Electorate) -> None:
        request = self._request
        self._journal.note(
            AuditKind.RAISED,
            request.requester,
            step=request.step,
            agent=request.version.name if request.version else request.step,
            input=list(request.sources),
            result=request.result.model_dump(mode="json", exclude={"full_text"}),
            digest=self._ballot.digest,
            result_digest=digest(request.result),
            policy=request.policy.model_dump(mode="json"),
            electorate=electorate.model_dump(mode="json"),
            execution_mode=request.execution_mode,
            version=request.version.model_dump(mode="json") if request.version else None,
            previous_digest=digest(request.previous) if request.previous else "",
        )

    # Waiting.

    async def _decide(self) -> None:
        """Until there is an outcome, or the history has grown so long that it has to be renewed."""
        assert self._ballot.deadline is not None
        try:
            await workflow.wait_condition(
                lambda: self._ballot.outcome is not None or self._should_renew(),
                timeout=max(self._ballot.deadline - workflow.now(), timedelta(0)),
                timeout_summary="deadline",
            )
        except TimeoutError:
            self._time_out()
        except asyncio.CancelledError:
            self.withdraw(Withdrawal(by="", reason="Cancelled by an operator.", via=Via.CLI))

    def _should_renew(self) -> bool:
        return self._posted and workflow.info().is_continue_as_new_suggested()

    def _time_out(self) -> None:
        if self._ballot.outcome is None:
            self._reason = "Nobody decided in time."
            self._close(_TIMEOUT_OUTCOMES[self._request.policy.on_timeout], via=Via.RULE)

    def _close(self, outcome: Outcome, by: str = "", via: Via = Via.RULE) -> None:
        self._ballot = self._ballot.model_copy(
            update={"outcome": outcome, "settled_at": workflow.now()}
        )
        self._note_settled(by, via)
        self._cards.touch()

    def _note_settled(self, by: str, via: Via) -> None:
        self._journal.note(
            AuditKind.SETTLED, by, via, outcome=self._ballot.outcome, reason=self._reason
        )

    def _too_early(self, decision: Decision) -> bool:
        """Slack shows a card before we know its timestamp: such a click waits for that."""
        return not self._posted and decision.place is not None and self._ballot.outcome is None

    def _apply(self, decision: Decision) -> Answer:
        repeated = decision.id in self._ballot.answers
        self._ballot, answer = rules.apply(self._ballot, decision, workflow.now())
        if repeated:
            return answer
        if answer.accepted:
            self._reason = decision.comment
            self._cards.touch()
        self._journal_decision(decision, answer)
        return answer

    def _journal_decision(self, decision: Decision, answer: Answer) -> None:
        kind = AuditKind.DECIDED if answer.accepted else AuditKind.REFUSED
        said = decision.model_dump(mode="json", exclude={"by", "via"}, exclude_defaults=True)
        self._journal.note(kind, decision.by, decision.via, **said, reply=answer.reply)
        if answer.reply is Reply.SETTLED:
            self._note_settled(decision.by, decision.via)

    # Settling.

    async def _tell_parent(self, settlement: Settlement) -> None:
        if not self._request.parent:
            return
        parent = workflow.get_external_workflow_handle(self._request.parent)
        try:
            await parent.signal(ApprovalParent.settled, settlement)
        except FailureError:
            workflow.logger.info("nobody waits for this approval any more")

    async def _finish(self, beside: list[asyncio.Task[None]]) -> None:
        for mirror in (self._cards, self._reminders, self._handing_on):
            mirror.close()
        if self._ballot.outcome is not None:
            self._take_early()
        await asyncio.gather(*beside)
        await self._answers.finished()

    def _carried(self) -> ApprovalRequest:
        kept = dict(list(self._ballot.answers.items())[-REMEMBERED:])
        return self._request.model_copy(
            update={
                "carried": CarriedApproval(
                    ballot=self._ballot.model_copy(update={"answers": kept}),
                    raised_at=self._raised_at,
                    posted=self._posted,
                    rungs_sent=tuple(self._rungs),
                )
            }
        )

    # Beside the decision.

    async def _show(self) -> None:
        if not self._posted:
            places = await workflow.execute_activity_method(
                CardSteps.post_card, self._view(), **PATIENT
            )
            self._ballot = self._ballot.model_copy(update={"places": places})
            self._posted = True
            self._journal.note(
                AuditKind.SHOWN, places=[p.model_dump() for p in places], digest=self._ballot.digest
            )
            self._take_early()
            await self._attach()
        await self._cards.keep()

    def _take_early(self) -> None:
        early, self._early = self._early, []
        for decision in early:
            self._answers.give(decision.by, decision.place, self._apply(decision))

    async def _attach(self) -> None:
        request = self._request
        if not request.result.full_text or not self._ballot.places:
            return
        name = f"{request.step or 'result'}-v{request.revision}.md"
        thread = request.thread if request.thread.ts else self._ballot.places[0]
        await workflow.execute_activity_method(
            CardSteps.attach,
            Attachment(
                thread=thread, name=name, title=request.title, text=request.result.full_text
            ),
            **PATIENT,
        )

    async def _update_cards(self) -> None:
        await workflow.execute_activity_method(CardSteps.update_card, self._view(), **PATIENT)

    async def _remind(self) -> None:
        due, self._due = self._due, []
        for rung in due:
            if self._ballot.outcome is None:
                await workflow.execute_activity_method(CardSteps.remind, self._view(), **PATIENT)
                self._journal.note(AuditKind.REMINDED, rung=rung.name)

    async def _hand_on(self) -> None:
        waiting, self._delegations = self._delegations, []
        for delegation in waiting:
            by_name = self._request.policy.model_copy(
                update={"approvers": (delegation.to,), "groups": {}}
            )
            found = (await raising.look_up(self._request, by_name)).find(delegation.to)
            self._ballot, answer = rules.delegate(self._ballot, delegation, found, workflow.now())
            if answer.reply is Reply.DELEGATED:
                await self._invite(delegation)
            self._answers.give(delegation.by, delegation.place, answer)

    async def _invite(self, delegation: Delegation) -> None:
        """The new approver gets a copy of the card of his own."""
        listing.approvers(self._ballot)
        self._journal.note(
            AuditKind.DELEGATED, delegation.by, to=delegation.to, reason=delegation.reason
        )
        self._cards.touch()
        copy = await workflow.execute_activity_method(
            CardSteps.post_copy, CopyRequest(view=self._view(), to=delegation.to), **PATIENT
        )
        self._ballot = self._ballot.model_copy(update={"places": (*self._ballot.places, copy)})
        self._cards.touch()

    async def _wake(self, user: str, until: datetime) -> None:
        """After a snooze: one private reminder, if the decision is still missing."""
        try:
            await workflow.wait_condition(
                lambda: self._ballot.outcome is not None, timeout=until - workflow.now()
            )
        except TimeoutError:
            if user in self._ballot.missing_people():
                place = next(iter(self._ballot.places), None)
                text = f"You wanted to be reminded: {self._request.title} waits for your decision."
                word = Word(place=Place(channel=""), text=text, to=user, about=place)
                await workflow.execute_activity_method(CardSteps.say, word, **PATIENT)

    def _view(self) -> CardView:
        """What is shown, without the full text once it hangs in the thread."""
        request, ballot = self._request, self._ballot
        shown = request.result.model_copy(update={"full_text": ""})
        return CardView(
            request=request.model_copy(update={"result": shown, "carried": None}),
            ballot=ballot.model_copy(update={"answers": {}}),
            raised_at=self._raised_at,
            full_text_characters=len(request.result.full_text),
            reason=self._reason,
            snoozed=tuple(who for who, until in self._snoozed.items() if until > workflow.now()),
        )


def changes(settlement: Settlement) -> str:
    """The feedback that a `changes_requested` outcome carries."""
    wanted = [d.comment for d in settlement.decisions if d.verdict is Verdict.REQUEST_CHANGES]
    return "\n".join(wanted)
