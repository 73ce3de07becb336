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
    from workflows import rules
    from workflows.activities import Refusal, Weighing
    from workflows.approval import card, notices, prepare, visibility
    from workflows.approval.deciders import Deciders
    from workflows.approval.delegations import Delegations
    from workflows.approval.reminders import Reminders
    from workflows.approval.replies import Replies
    from workflows.approval.rungs import Rungs
    from workflows.approval.state import ApprovalState
    from workflows.content.fit import fit
    from workflows.messages.audit import AuditKind
    from workflows.messages.decisions import (
        Decision,
        Delegation,
        Edit,
        Outcome,
        Reply,
        ReplyKind,
        Settlement,
        Snooze,
        Via,
        Withdrawal,
    )
    from workflows.messages.electorate import STILL, Entitlement
    from workflows.messages.outage import Outage
    from workflows.messages.policy import OnTimeout
    from workflows.messages.requests import (
        ApprovalParent,
        ApprovalRequest,
        CardView,
        Look,
        settlement_of,
    )
    from workflows.messages.results import AgentResult

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
        self._request = request
        self._state = ApprovalState(request)
        self._early: list[Decision] = []
        self._reminders = Reminders(self._state)
        self._answers = Replies(request)
        self._delegations = Delegations(self._state, self._reminders, self._answers)
        self._deciders = Deciders(self._state, self._apply)

    @workflow.run
    async def run(self, request: ApprovalRequest) -> Settlement:
        """Raise, show, wait, settle; return once every copy and every record is true."""
        state = self._state
        if request.carried is None:
            await self._raise()
        journal = asyncio.create_task(state.journal.mirror.keep())
        beside = [
            asyncio.create_task(self._show()),
            asyncio.create_task(self._reminders.mirror.keep()),
            asyncio.create_task(self._reminders.fall_back()),
            asyncio.create_task(self._delegations.mirror.keep()),
        ]
        await self._decide()
        settlement: Settlement | None = None
        if state.ballot.outcome is not None:
            ballot, outcome = state.ballot, state.ballot.outcome
            visibility.settled(outcome, ballot.settled_by(), edited=ballot.edited())
            settlement = settlement_of(request, state.ballot, state.reason, state.withdrawn_by)
            await self._tell_parent(settlement)
        await self._finish(beside)
        if self._is_news() and workflow.patched("ends-told"):
            await notices.tell_outcome(state.view())
        state.journal.mirror.close()
        await journal
        await self._answers.finished()
        await workflow.wait_condition(workflow.all_handlers_finished)
        if settlement is None:  # also when it was settled while it was being renewed
            await self._deciders.finished()
            await state.journal.flush()
            await self._answers.finished()
            workflow.continue_as_new(state.carried())
        return settlement

    # What comes in.

    @workflow.signal
    def decide(self, decision: Decision) -> None:
        """Take a click. It is answered privately, once, whatever it meets."""
        if not self._state.takes(decision.id):
            return
        if self._too_early(decision):
            self._early.append(decision)
        else:
            self._take(decision)

    @workflow.update
    async def decide_now(self, decision: Decision) -> Reply:
        """Take a decision and give the answer to the caller, who waits for it."""
        if self._looks_up(decision):
            return await self._deciders.decide(decision)
        return self._apply(decision, workflow.now())

    @workflow.signal
    def withdraw(self, withdrawal: Withdrawal) -> None:
        """End without a decision, if whoever wants that may."""
        if not self._state.takes(withdrawal.id):
            return
        refusal = rules.may_withdraw(self._state.ballot, withdrawal)
        if refusal is None:
            self._state.reason, self._state.withdrawn_by = withdrawal.reason, withdrawal.by
            self._state.close(Outcome.WITHDRAWN, withdrawal.by, withdrawal.via)
        if withdrawal.place is not None:
            answer = refusal or Reply(reply=ReplyKind.DONE, detail="The request is withdrawn.")
            self._answers.give(withdrawal.by, withdrawal.place, answer)

    @workflow.signal
    def delegate(self, delegation: Delegation) -> None:
        """Hand somebody's decision on to another person, who is looked up first."""
        if self._state.takes(delegation.id):
            self._delegations.take(delegation)

    @workflow.update
    async def delegate_now(self, delegation: Delegation) -> Reply:
        """The same, with the answer for the caller, who waits for it."""
        self._delegations.take(delegation)
        return await self._delegations.answer(delegation)

    @workflow.signal
    def snooze(self, snooze: Snooze) -> None:
        """No reminder for this person for a while, then one."""
        if not self._state.takes(snooze.id):
            return
        answer = rules.may_snooze(self._state.ballot, snooze, workflow.now())
        if answer is None:
            self._reminders.snooze(snooze.by, workflow.now() + timedelta(minutes=snooze.minutes))
            visibility.left_alone(self._state.ballot, self._state.snoozed)
            detail = f"You will be reminded in {snooze.minutes} minutes."
            answer = Reply(reply=ReplyKind.DONE, detail=detail)
        self._answers.give(snooze.by, snooze.place, answer)

    @workflow.signal
    def remind(self, name: str) -> None:
        """Send this rung, unless it was sent or is not needed any more."""
        self._reminders.take(name)

    @workflow.signal
    def gathered(self, name: str) -> None:
        """A digest stands for this rung."""
        self._reminders.gathered(name)

    @workflow.signal
    def bridge(self, outage: Outage) -> None:
        """Slack's clicks do not reach us: what is due goes by e-mail until that is over."""
        self._reminders.bridge(outage)

    @workflow.query
    def view(self) -> CardView:
        """What the card shows; answered after the end, too."""
        return self._state.view()

    @workflow.query
    def look(self) -> Look:
        """Both in one: a query is a replay."""
        return Look(view=self.view(), result=self._request.result)

    @workflow.query
    def result(self) -> AgentResult:
        """The whole result, full text included."""
        return self._request.result

    @workflow.query
    def reply_to(self, decision: Decision) -> Reply:
        """What this decision met, or would meet: how a click on a closed approval is answered."""
        known = fit(decision.edit, self._request.result)
        answer = rules.apply(self._state.ballot, decision, workflow.now(), known)[1]
        told = decision.via is not Via.BULK and self._state.took(decision.id)
        pending = self._deciders.awaits(decision.id)
        return answer.model_copy(update={"told": told, "pending": pending})

    # Raising.

    async def _raise(self) -> None:
        request, state = self._request, self._state
        prepared = await prepare.prepare(request, state.raised_at)
        electorate, plan = prepared.electorate, prepared.plan
        state.rungs = Rungs(plan.rungs)
        state.ballot = state.ballot.model_copy(
            update={
                "electorate": electorate,
                "digest": request.digest(electorate),
                "deadline": plan.deadline,
            }
        )
        if problem := state.ballot.why_unreachable():
            await self._tell_requester(problem)
            raise ApplicationError(problem, type=Refusal.APPROVERS, non_retryable=True)
        visibility.pending(request, state.ballot, state.rungs.plan)
        prepare.note(state)
        self._settle_alone(prepared.weighing)

    async def _tell_requester(self, problem: str) -> None:
        """A task shows its trouble itself; whoever asked without one is told."""
        if not self._request.parent:
            text = f"{self._request.title} was not shown to anybody. {problem}"
            await notices.tell(self._request.requester, text, None)

    def _settle_alone(self, weighing: Weighing) -> None:
        state = self._state
        decision = prepare.decision_of(weighing, state)
        if decision is None:
            return
        is_bypass = decision.via is Via.BYPASS
        too_far = is_bypass and not self._request.policy.bypass_covers()
        if too_far and workflow.patched("bypasses-covered"):
            return
        state.ballot = rules.settle_by_rule(state.ballot, decision, workflow.now())
        if state.settled:
            state.reason = decision.comment
            kind = AuditKind.BYPASSED if is_bypass else AuditKind.DECIDED
            state.journal.note(kind, decision.by, decision.via, reason=decision.comment)
            state.note_settled(decision.by, decision.via)

    # Waiting.

    async def _decide(self) -> None:
        """Until there is an outcome, or the history has grown so long that it has to be renewed."""
        state = self._state
        assert state.ballot.deadline is not None
        while not state.settled and not self._should_renew():
            wake = state.rungs.next_moment(state.ballot.deadline)
            try:
                if workflow.now() >= state.ballot.deadline and self._deciders.busy:
                    await self._deciders.finished()  # what came in time counts
                    continue
                await workflow.wait_condition(
                    lambda: state.settled or self._should_renew(),
                    timeout=max(wake - workflow.now(), timedelta(0)),
                    timeout_summary="deadline or escalation",
                )
            except TimeoutError:
                self._wake_up()
            except asyncio.CancelledError:
                self.withdraw(Withdrawal(by="", reason="Cancelled by an operator.", via=Via.CLI))

    def _wake_up(self) -> None:
        """The deadline is over, or an escalation is due."""
        state = self._state
        rung = state.rungs.next_escalation()
        assert state.ballot.deadline is not None
        if rung is not None and rung.at < state.ballot.deadline:
            self._reminders.take(rung.name)
        elif not state.settled and not self._deciders.busy:
            state.reason = "Nobody decided in time."
            state.close(_TIMEOUT_OUTCOMES[self._request.policy.on_timeout])

    def _should_renew(self) -> bool:
        renewed = workflow.info().is_continue_as_new_suggested()
        return self._state.posted and renewed and not self._deciders.busy

    def _too_early(self, decision: Decision) -> bool:
        """Slack shows a card before we know its timestamp: such a click waits for that."""
        state = self._state
        return not state.posted and decision.place is not None and not state.settled

    def _take(self, decision: Decision) -> None:
        if self._looks_up(decision):
            self._deciders.beside(decision, self._answer)
        else:
            self._answer(decision, self._apply(decision, workflow.now()))

    def _answer(self, decision: Decision, answer: Reply) -> None:
        if decision.via is not Via.BULK:  # answered once for all of them, by who sent them
            self._answers.give(decision.by, decision.place, answer)

    def _looks_up(self, decision: Decision) -> bool:
        """Whether it depends on who they are now: what is refused anyway does not."""
        ballot, known = self._state.ballot, fit(decision.edit, self._request.result)
        if decision.id in ballot.answers:
            return False
        if rules.refuse(ballot, decision, workflow.now(), known) is not None:
            return False
        return workflow.patched("deciders-looked-up")

    def _apply(self, decision: Decision, at: datetime, entitlement: Entitlement = STILL) -> Reply:
        state = self._state
        repeated = decision.id in state.ballot.answers
        known = fit(decision.edit, self._request.result)
        state.ballot, answer = rules.apply(state.ballot, decision, at, known, entitlement)
        if repeated:
            return answer
        if answer.accepted:
            state.reason = decision.comment
            state.cards.touch()
            if not state.settled:
                visibility.left_alone(state.ballot, state.snoozed)
        self._journal_decision(decision, answer, entitlement)
        return answer

    def _journal_decision(
        self, decision: Decision, answer: Reply, entitlement: Entitlement
    ) -> None:
        kind = AuditKind.DECIDED if answer.accepted else AuditKind.REFUSED
        said = decision.model_dump(mode="json", exclude={"by", "via"}, exclude_defaults=True)
        if entitlement != STILL:
            said["entitlement"] = entitlement.model_dump(mode="json")
        if answer.accepted and decision.edit is not None:
            said["edited_result"] = _recorded(decision.edit, self._request.result)
        self._state.journal.note(kind, decision.by, decision.via, **said, reply=answer.reply)
        if answer.reply is ReplyKind.SETTLED:
            self._state.note_settled(decision.by, decision.via)

    # Settling.

    async def _tell_parent(self, settlement: Settlement) -> None:
        if not self._request.parent:
            return
        parent = workflow.get_external_workflow_handle(self._request.parent)
        try:
            await parent.signal(ApprovalParent.settled, settlement)
        except FailureError:
            workflow.logger.info("nobody waits for this approval any more")

    def _is_news(self) -> bool:
        """Whether whoever asked without a task or a program has to hear of the outcome."""
        request, ballot = self._request, self._state.ballot
        if not self._state.settled or request.parent or request.version is not None:
            return False
        by = {d.by for d in ballot.counted} | {self._state.withdrawn_by} - {""}
        return by != {request.requester}

    async def _finish(self, beside: list[asyncio.Task[None]]) -> None:
        state = self._state
        for closing in (state.cards, self._reminders.mirror, self._delegations):
            closing.close()
        if state.settled:
            self._take_early()
        await asyncio.gather(*beside)
        await self._reminders.finished()
        if state.mailed and state.settled:
            await notices.close_mails(state.view())
        await self._answers.finished()

    # Beside the decision.

    async def _show(self) -> None:
        state = self._state
        if not state.posted:
            await card.post(state)
            self._take_early()
            await card.attach(state)
        await state.cards.keep()

    def _take_early(self) -> None:
        early, self._early = self._early, []
        for decision in early:
            self._take(decision)


def _recorded(edit: Edit, result: AgentResult) -> dict[str, object]:
    """The result as edited, for the audit log; a full text only where that is what was edited."""
    edited = edit.applied(result)
    unchanged = {"full_text"} if edited.full_text == result.full_text else set()
    return edited.model_dump(mode="json", exclude=unchanged)
