"""One approval: shows a card, waits for signals as long as it takes, ends with an outcome.

The state lives in `@workflow.init`, so a click that arrives before the first workflow task meets
a closed door and not an open one. Handlers only change state; `run` does the work. What people
see (cards), what is kept (audit) and what they are told (answers) happens beside the decision:
the waiting task goes on at once.
"""

import asyncio
from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import SearchAttributeUpdate
from temporalio.exceptions import ActivityError, ApplicationError, FailureError

with workflow.unsafe.imports_passed_through():
    from workflows import attributes, policy
    from workflows.audit import AuditKind
    from workflows.decisions import Answer, Decision, Outcome, Place, Reply, Settlement, Verdict
    from workflows.digest import PREFIX, digest
    from workflows.electorate import Electorate
    from workflows.journal import Journal
    from workflows.mirror import Mirror
    from workflows.policy import Ballot, OnTimeout, Rung
    from workflows.requests import (
        ApprovalParent,
        ApprovalRequest,
        CardView,
        CarriedApproval,
        Withdrawal,
    )
    from workflows.steps import (
        BRIEF,
        PATIENT,
        Attachment,
        CardSteps,
        ElectorateRequest,
        Notice,
        PeopleSteps,
        Refusal,
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
        self._answering: set[asyncio.Task[None]] = set()
        self._reason = ""
        self._journal = Journal(request.task_id, request.id, request.revision)
        self._cards = Mirror(self._update_cards)
        self._reminders = Mirror(self._remind)

    @workflow.run
    async def run(self, request: ApprovalRequest) -> Settlement:
        """Raise, show, wait, settle; return once every copy and every record is true."""
        if request.carried is None:
            await self._raise()
        beside = [
            asyncio.create_task(self._show()),
            asyncio.create_task(self._journal.mirror.keep()),
            asyncio.create_task(self._reminders.keep()),
        ]
        await self._decide()
        if self._ballot.outcome is not None:
            settlement = self._settle()
            await self._tell_parent(settlement)
        await self._finish(beside)
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
            self._answer(decision, self._apply(decision))

    @workflow.update
    def decide_now(self, decision: Decision) -> Answer:
        """Take a decision and give the answer to the caller, who waits for it."""
        return self._apply(decision)

    @workflow.signal
    def withdraw(self, withdrawal: Withdrawal) -> None:
        """End without a decision; nothing happens when it is decided already."""
        if self._ballot.outcome is None:
            self._reason = withdrawal.reason
            self._close(Outcome.WITHDRAWN)
            self._journal.note(
                AuditKind.SETTLED, withdrawal.by, withdrawal.via, outcome="withdrawn"
            )

    @workflow.signal
    def remind(self, name: str) -> None:
        """Send this rung's reminder, unless it was sent or is not needed any more."""
        rung = next((r for r in self._request.policy.ladder if r.name == name), None)
        if rung is not None and name not in self._rungs and self._ballot.outcome is None:
            self._rungs.append(name)
            self._due.append(rung)
            self._reminders.touch()
            self._list_next_rung()

    @workflow.query
    def view(self) -> CardView:
        """What the card shows; answered after the end, too."""
        return self._view()

    @workflow.query
    def reply_to(self, decision: Decision) -> Answer:
        """What this decision met, or would meet: how a click on a closed approval is answered."""
        return policy.apply(self._ballot, decision, workflow.now())[1]

    # Raising.

    async def _raise(self) -> None:
        request = self._request
        electorate = await workflow.execute_activity_method(
            PeopleSteps.resolve_electorate,
            ElectorateRequest(
                policy=request.policy, channel=request.thread.channel, requester=request.requester
            ),
            **PATIENT,
        )
        self._ballot = self._ballot.model_copy(
            update={
                "electorate": electorate,
                "digest": request.digest(electorate),
                "deadline": self._raised_at + request.policy.timeout,
            }
        )
        if problem := policy.why_unreachable(self._ballot):
            raise ApplicationError(problem, type=Refusal.APPROVERS, non_retryable=True)
        self._list(electorate)
        self._journal.note(
            AuditKind.RAISED,
            request.requester,
            digest=self._ballot.digest,
            result_digest=digest(request.result),
            policy=request.policy.model_dump(mode="json"),
            electorate=electorate.model_dump(mode="json"),
            execution_mode=request.execution_mode,
            version=request.version.model_dump(mode="json") if request.version else None,
            previous_digest=digest(request.previous) if request.previous else "",
        )

    def _list(self, electorate: Electorate) -> None:
        assert self._ballot.deadline is not None
        workflow.upsert_search_attributes(
            [
                attributes.STATUS.value_set(attributes.PENDING),
                attributes.REQUESTER.value_set(self._request.requester),
                attributes.APPROVERS.value_set(sorted(policy.eligible(self._ballot))),
                attributes.DEADLINE.value_set(self._ballot.deadline),
                attributes.TASK.value_set(self._request.task_id),
                attributes.RISK.value_set(self._request.policy.risk),
                *self._next_rung(),
            ]
        )
        workflow.upsert_memo(
            {
                "title": self._request.title,
                "summary": self._request.result.summary,
                "channel": self._request.thread.channel,
                "revision": self._request.revision,
                "digest": self._ballot.digest[:PREFIX],
                "approvers": [p.name or p.id for p in electorate.people],
            }
        )

    def _next_rung(self) -> list[SearchAttributeUpdate[Any]]:
        ladder = sorted(self._request.policy.ladder, key=lambda rung: rung.at)
        rung = next((r for r in ladder if r.name not in self._rungs), None)
        if rung is None:
            return [attributes.NEXT_RUNG.value_unset(), attributes.RUNG.value_unset()]
        due = self._raised_at + self._request.policy.timeout * rung.at
        return [attributes.NEXT_RUNG.value_set(due), attributes.RUNG.value_set(rung.name)]

    def _list_next_rung(self) -> None:
        workflow.upsert_search_attributes(self._next_rung())

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
            self.withdraw(Withdrawal(by="", reason="cancelled", via="temporal"))

    def _should_renew(self) -> bool:
        return self._posted and workflow.info().is_continue_as_new_suggested()

    def _time_out(self) -> None:
        if self._ballot.outcome is None:
            self._reason = "Nobody decided in time."
            outcome = _TIMEOUT_OUTCOMES[self._request.policy.on_timeout]
            self._close(outcome)
            self._journal.note(AuditKind.SETTLED, outcome=outcome, reason="deadline")

    def _close(self, outcome: Outcome) -> None:
        self._ballot = self._ballot.model_copy(
            update={"outcome": outcome, "settled_at": workflow.now()}
        )
        self._cards.touch()

    def _too_early(self, decision: Decision) -> bool:
        """Slack shows a card before we know its timestamp: such a click waits for that."""
        return not self._posted and decision.place is not None and self._ballot.outcome is None

    def _apply(self, decision: Decision) -> Answer:
        repeated = decision.id in self._ballot.answers
        self._ballot, answer = policy.apply(self._ballot, decision, workflow.now())
        if repeated:
            return answer
        self._journal_decision(decision, answer)
        if answer.accepted:
            self._reason = decision.comment
            self._cards.touch()
        return answer

    def _journal_decision(self, decision: Decision, answer: Answer) -> None:
        kind = AuditKind.DECIDED if answer.accepted else AuditKind.REFUSED
        self._journal.note(
            kind,
            decision.by,
            decision.via,
            decision=decision.model_dump(mode="json", exclude={"edit"}),
            edit=digest(decision.edit) if decision.edit else "",
            reply=answer.reply,
        )
        if answer.reply is Reply.SETTLED:
            self._journal.note(
                AuditKind.SETTLED, decision.by, decision.via, outcome=self._ballot.outcome
            )

    # Settling.

    def _settle(self) -> Settlement:
        ballot = self._ballot
        assert ballot.outcome is not None
        assert ballot.settled_at is not None
        workflow.upsert_search_attributes(
            [
                attributes.STATUS.value_set(ballot.outcome),
                attributes.NEXT_RUNG.value_unset(),
                attributes.RUNG.value_unset(),
            ]
        )
        edited = next((d for d in ballot.counted if d.edit is not None), None)
        result = edited.edit if edited else None
        return Settlement(
            approval_id=self._request.id,
            outcome=ballot.outcome,
            revision=ballot.revision,
            digest=ballot.digest,
            result_digest=digest(result or self._request.result),
            at=ballot.settled_at,
            decisions=tuple(d.model_copy(update={"edit": None}) for d in ballot.counted),
            reason=self._reason,
            result=result,
            editor=edited.by if edited else "",
        )

    async def _tell_parent(self, settlement: Settlement) -> None:
        if not self._request.parent:
            return
        parent = workflow.get_external_workflow_handle(self._request.parent)
        try:
            await parent.signal(ApprovalParent.settled, settlement)
        except FailureError:
            workflow.logger.info("nobody waits for this approval any more")

    async def _finish(self, beside: list[asyncio.Task[None]]) -> None:
        self._cards.close()
        self._reminders.close()
        if self._ballot.outcome is not None:
            self._take_early()
        await asyncio.gather(*beside[:1], *beside[2:])
        await workflow.wait_condition(lambda: not self._answering)
        self._journal.mirror.close()
        await beside[1]
        await workflow.wait_condition(workflow.all_handlers_finished)

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
            self._answer(decision, self._apply(decision))

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
        for rung in self._take_due():
            if self._ballot.outcome is None:
                await workflow.execute_activity_method(CardSteps.remind, self._view(), **PATIENT)
                self._journal.note(AuditKind.REMINDED, rung=rung.name)

    def _take_due(self) -> list[Rung]:
        due, self._due = self._due, []
        return due

    def _answer(self, decision: Decision, answer: Answer) -> None:
        task = asyncio.create_task(self._send_answer(decision, answer))
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    async def _send_answer(self, decision: Decision, answer: Answer) -> None:
        electorate = self._ballot.electorate
        people = electorate.people if electorate else ()
        notice = Notice(
            to=decision.by,
            answer=answer,
            approval_id=self._request.id,
            title=self._request.title,
            verdict=decision.verdict,
            place=self._near(decision.place),
            names={p.id: p.name or p.id for p in people},
        )
        try:
            await workflow.execute_activity_method(CardSteps.answer, notice, **BRIEF)
        except ActivityError:
            workflow.logger.warning("a private answer could not be delivered")

    def _near(self, place: Place | None) -> Place | None:
        """Where a private answer is seen by whoever clicked there: the thread, or the channel."""
        thread = self._request.thread
        if place is None or place.channel == thread.channel:
            return place and thread
        return Place(channel=place.channel)

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
        )


def changes(settlement: Settlement) -> str:
    """The feedback that a `changes_requested` outcome carries."""
    wanted = [d.comment for d in settlement.decisions if d.verdict is Verdict.REQUEST_CHANGES]
    return "\n".join(wanted)
