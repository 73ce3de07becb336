"""One approval: shows a card, waits for signals as long as it takes, ends with an outcome.

The state lives in `@workflow.init`, so a click that arrives before the first workflow task meets
a closed door and not an open one. Handlers only change state; `run` does the work. What people
see (cards), what is kept (audit) and what they are told (answers) happens beside the decision:
the waiting task goes on at once.
"""

import asyncio
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ApplicationError, FailureError

with workflow.unsafe.imports_passed_through():
    from workflows import rules
    from workflows.activities import (
        CARDS,
        PATIENT,
        Attachment,
        CardSteps,
        Refusal,
        ShowingSteps,
        ShowRequest,
        Weighing,
    )
    from workflows.approval import notices, prepare, visibility
    from workflows.approval.reminders import Climber
    from workflows.approval.replies import Answers
    from workflows.approval.rungs import Rungs
    from workflows.approval.state import Matter
    from workflows.background import Mirror
    from workflows.content.fit import fit
    from workflows.content.rendering import document, fits_card
    from workflows.messages.audit import AuditKind
    from workflows.messages.decisions import (
        Answer,
        Decision,
        Delegation,
        Edit,
        Outcome,
        Reply,
        Settlement,
        Snooze,
        Verdict,
        Via,
        Withdrawal,
    )
    from workflows.messages.outage import Outage
    from workflows.messages.policy import OnTimeout
    from workflows.messages.requests import (
        ApprovalParent,
        ApprovalRequest,
        CardView,
        Look,
        settlement_of,
        step_of,
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
        self._matter = Matter(request)
        self._early: list[Decision] = []
        self._delegations: list[Delegation] = []
        self._handed_on: dict[str, Answer] = {}
        self._finishing = False
        self._handing_on = Mirror(self._hand_on)
        self._climber = Climber(self._matter)
        self._answers = Answers(request)

    @workflow.run
    async def run(self, request: ApprovalRequest) -> Settlement:
        """Raise, show, wait, settle; return once every copy and every record is true."""
        matter = self._matter
        if request.carried is None:
            await self._raise()
        journal = asyncio.create_task(matter.journal.mirror.keep())
        beside = [
            asyncio.create_task(self._show()),
            asyncio.create_task(self._climber.mirror.keep()),
            asyncio.create_task(self._climber.fall_back()),
            asyncio.create_task(self._handing_on.keep()),
        ]
        await self._decide()
        if matter.ballot.outcome is not None:
            ballot, outcome = matter.ballot, matter.ballot.outcome
            visibility.settled(outcome, ballot.settled_by(), edited=ballot.edited())
            settlement = settlement_of(request, matter.ballot, matter.reason, matter.withdrawn_by)
            await self._tell_parent(settlement)
        await self._finish(beside)
        if self._is_news() and workflow.patched("ends-told"):
            await notices.tell_outcome(matter.view())
        matter.journal.mirror.close()
        await journal
        await self._answers.finished()
        await workflow.wait_condition(workflow.all_handlers_finished)
        if not matter.settled:
            workflow.continue_as_new(matter.carried())
        return settlement

    # What comes in.

    @workflow.signal
    def decide(self, decision: Decision) -> None:
        """Take a click. It is answered privately, whatever it meets."""
        if self._too_early(decision):
            self._early.append(decision)
        else:
            self._take(decision)

    @workflow.update
    def decide_now(self, decision: Decision) -> Answer:
        """Take a decision and give the answer to the caller, who waits for it."""
        return self._apply(decision)

    @workflow.signal
    def withdraw(self, withdrawal: Withdrawal) -> None:
        """End without a decision, if whoever wants that may."""
        refusal = rules.may_withdraw(self._matter.ballot, withdrawal)
        if refusal is None:
            self._matter.reason, self._matter.withdrawn_by = withdrawal.reason, withdrawal.by
            self._matter.close(Outcome.WITHDRAWN, withdrawal.by, withdrawal.via)
        if withdrawal.place is not None:
            answer = refusal or Answer(reply=Reply.DONE, detail="The request is withdrawn.")
            self._answers.give(withdrawal.by, withdrawal.place, answer)

    @workflow.signal
    def delegate(self, delegation: Delegation) -> None:
        """Hand somebody's decision on to another person, who is looked up first."""
        self._delegations.append(delegation)
        self._handing_on.touch()

    @workflow.update
    async def delegate_now(self, delegation: Delegation) -> Answer:
        """The same, with the answer for the caller, who waits for it."""
        self.delegate(delegation)
        await workflow.wait_condition(lambda: delegation.id in self._handed_on or self._finishing)
        if (answer := self._handed_on.get(delegation.id)) is not None:
            return answer
        settled = self._matter.settled
        return (
            rules.closed_answer(self._matter.ballot) if settled else Answer(reply=Reply.NOT_READY)
        )

    @workflow.signal
    def snooze(self, snooze: Snooze) -> None:
        """No reminder for this person for a while, then one."""
        answer = rules.may_snooze(self._matter.ballot, snooze, workflow.now())
        if answer is None:
            self._climber.snooze(snooze.by, workflow.now() + timedelta(minutes=snooze.minutes))
            visibility.left_alone(self._matter.ballot, self._matter.snoozed)
            detail = f"You will be reminded in {snooze.minutes} minutes."
            answer = Answer(reply=Reply.DONE, detail=detail)
        self._answers.give(snooze.by, snooze.place, answer)

    @workflow.signal
    def remind(self, name: str) -> None:
        """Send this rung, unless it was sent or is not needed any more."""
        self._climber.take(name)

    @workflow.signal
    def gathered(self, name: str) -> None:
        """A digest stands for this rung."""
        self._climber.gathered(name)

    @workflow.signal
    def bridge(self, outage: Outage) -> None:
        """Slack's clicks do not reach us: what is due goes by e-mail until that is over."""
        self._climber.bridge(outage)

    @workflow.query
    def view(self) -> CardView:
        """What the card shows; answered after the end, too."""
        return self._matter.view()

    @workflow.query
    def look(self) -> Look:
        """Both in one: a query is a replay."""
        return Look(view=self.view(), result=self._request.result)

    @workflow.query
    def result(self) -> AgentResult:
        """The whole result, full text included."""
        return self._request.result

    @workflow.query
    def reply_to(self, decision: Decision) -> Answer:
        """What this decision met, or would meet: how a click on a closed approval is answered."""
        known = fit(decision.edit, self._request.result)
        return rules.apply(self._matter.ballot, decision, workflow.now(), known)[1]

    # Raising.

    async def _raise(self) -> None:
        request, matter = self._request, self._matter
        prepared = await prepare.prepare(request, matter.raised_at)
        electorate, plan = prepared.electorate, prepared.plan
        matter.rungs = Rungs(plan.rungs)
        matter.ballot = matter.ballot.model_copy(
            update={
                "electorate": electorate,
                "digest": request.digest(electorate),
                "deadline": plan.deadline,
            }
        )
        if problem := matter.ballot.why_unreachable():
            await self._tell_requester(problem)
            raise ApplicationError(problem, type=Refusal.APPROVERS, non_retryable=True)
        visibility.pending(request, matter.ballot, matter.rungs.plan)
        prepare.note(matter)
        self._settle_alone(prepared.weighing)

    async def _tell_requester(self, problem: str) -> None:
        """A task shows its trouble itself; whoever asked without one is told."""
        if not self._request.parent:
            text = f"{self._request.title} was not shown to anybody. {problem}"
            await notices.tell(self._request.requester, text, None)

    def _settle_alone(self, weighing: Weighing) -> None:
        matter = self._matter
        decision = prepare.decision_of(weighing, matter)
        if decision is None:
            return
        matter.ballot = rules.settle_by_rule(matter.ballot, decision, workflow.now())
        if matter.settled:
            matter.reason = decision.comment
            kind = AuditKind.BYPASSED if decision.via is Via.BYPASS else AuditKind.DECIDED
            matter.journal.note(kind, decision.by, decision.via, reason=decision.comment)
            matter.note_settled(decision.by, decision.via)

    # Waiting.

    async def _decide(self) -> None:
        """Until there is an outcome, or the history has grown so long that it has to be renewed."""
        matter = self._matter
        assert matter.ballot.deadline is not None
        while not matter.settled and not self._should_renew():
            wake = matter.rungs.next_moment(matter.ballot.deadline)
            try:
                await workflow.wait_condition(
                    lambda: matter.settled or self._should_renew(),
                    timeout=max(wake - workflow.now(), timedelta(0)),
                    timeout_summary="deadline or escalation",
                )
            except TimeoutError:
                self._wake_up()
            except asyncio.CancelledError:
                self.withdraw(Withdrawal(by="", reason="Cancelled by an operator.", via=Via.CLI))

    def _wake_up(self) -> None:
        """The deadline is over, or an escalation is due."""
        matter = self._matter
        rung = matter.rungs.next_escalation()
        assert matter.ballot.deadline is not None
        if rung is not None and rung.at < matter.ballot.deadline:
            self._climber.take(rung.name)
        elif not matter.settled:
            matter.reason = "Nobody decided in time."
            matter.close(_TIMEOUT_OUTCOMES[self._request.policy.on_timeout])

    def _should_renew(self) -> bool:
        return self._matter.posted and workflow.info().is_continue_as_new_suggested()

    def _too_early(self, decision: Decision) -> bool:
        """Slack shows a card before we know its timestamp: such a click waits for that."""
        matter = self._matter
        return not matter.posted and decision.place is not None and not matter.settled

    def _take(self, decision: Decision) -> None:
        answer = self._apply(decision)
        if decision.via is not Via.BULK:  # answered once for all of them, by who sent them
            self._answers.give(decision.by, decision.place, answer)

    def _apply(self, decision: Decision) -> Answer:
        matter = self._matter
        repeated = decision.id in matter.ballot.answers
        known = fit(decision.edit, self._request.result)
        matter.ballot, answer = rules.apply(matter.ballot, decision, workflow.now(), known)
        if repeated:
            return answer
        if answer.accepted:
            matter.reason = decision.comment
            matter.cards.touch()
            if not matter.settled:
                visibility.left_alone(matter.ballot, matter.snoozed)
        self._journal_decision(decision, answer)
        return answer

    def _journal_decision(self, decision: Decision, answer: Answer) -> None:
        kind = AuditKind.DECIDED if answer.accepted else AuditKind.REFUSED
        said = decision.model_dump(mode="json", exclude={"by", "via"}, exclude_defaults=True)
        if answer.accepted and decision.edit is not None:
            said["edited_result"] = _recorded(decision.edit, self._request.result)
        self._matter.journal.note(kind, decision.by, decision.via, **said, reply=answer.reply)
        if answer.reply is Reply.SETTLED:
            self._matter.note_settled(decision.by, decision.via)

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
        request, ballot = self._request, self._matter.ballot
        if not self._matter.settled or request.parent or request.version is not None:
            return False
        by = {d.by for d in ballot.counted} | {self._matter.withdrawn_by} - {""}
        return by != {request.requester}

    async def _finish(self, beside: list[asyncio.Task[None]]) -> None:
        matter = self._matter
        self._finishing = True
        for mirror in (matter.cards, self._climber.mirror, self._handing_on):
            mirror.close()
        if matter.settled:
            self._take_early()
        await asyncio.gather(*beside)
        await self._climber.finished()
        if matter.mailed and matter.settled:
            await notices.close_mails(matter.view())
        await self._answers.finished()

    # Beside the decision.

    async def _show(self) -> None:
        matter = self._matter
        if not matter.posted:
            await self._post()
            self._take_early()
            await self._attach()
        await matter.cards.keep()

    async def _post(self) -> None:
        """Post the card; what was raised goes into the audit log with it."""
        matter = self._matter
        journal = matter.journal
        request = ShowRequest(
            view=matter.view(),
            before=journal.waiting(),
            shown=journal.entry(AuditKind.SHOWN, digest=matter.ballot.digest),
        )
        shown = await workflow.execute_activity_method(
            ShowingSteps.show, request, **PATIENT | {"priority": CARDS}
        )
        matter.add_places(shown.places)
        matter.posted = True
        if shown.recorded:
            journal.written(request.before)
        else:
            journal.add(request.told(shown.places, workflow.now()))
            journal.mirror.touch()

    def _take_early(self) -> None:
        early, self._early = self._early, []
        for decision in early:
            self._take(decision)

    async def _attach(self) -> None:
        """All of what is decided, as a file beside the card."""
        request, card = self._request, self._matter.card()
        if card is None or not self._is_long():
            return
        attachment = Attachment(
            thread=request.thread if request.thread.ts else card,
            name=f"{step_of(request.id) or request.step or 'result'}-v{request.revision}.md",
            title=request.title,
            text=document(self._matter.view(), request.result),
        )
        await workflow.execute_activity_method(CardSteps.attach, attachment, **PATIENT)

    def _is_long(self) -> bool:
        """Whether there is more than a card shows for certain."""
        result = self._request.result
        if result.full_text or result.calls:
            return True
        return not fits_card(result) and workflow.patched("whole-file")

    async def _hand_on(self) -> None:
        waiting, self._delegations = self._delegations, []
        for delegation in waiting:
            answer = await self._delegate(delegation)
            self._handed_on[delegation.id] = answer
            if not delegation.quiet:
                self._answers.give(delegation.by, delegation.place, answer)

    async def _delegate(self, delegation: Delegation) -> Answer:
        matter = self._matter
        by_name = self._request.policy.model_copy(
            update={"approvers": (delegation.to,), "groups": {}}
        )
        found = (await prepare.look_up(self._request, by_name)).find(delegation.to)
        matter.ballot, answer = rules.delegate(matter.ballot, delegation, found, workflow.now())
        if answer.reply is Reply.DELEGATED and found is not None:
            matter.journal.note(
                AuditKind.DELEGATED, delegation.by, to=delegation.to, reason=delegation.reason
            )
            matter.cards.touch()
            if delegation.deputy:
                visibility.approvers(matter.ballot)  # told once for all of them
            else:
                await self._climber.invite((found,))
        return answer


def _recorded(edit: Edit, result: AgentResult) -> dict[str, object]:
    """The result as edited, for the audit log; a full text only where that is what was edited."""
    edited = edit.applied(result)
    unchanged = {"full_text"} if edited.full_text == result.full_text else set()
    return edited.model_dump(mode="json", exclude=unchanged)


def changes(settlement: Settlement) -> str:
    """The feedback that a `changes_requested` outcome carries."""
    wanted = [d.comment for d in settlement.decisions if d.verdict is Verdict.REQUEST_CHANGES]
    return "\n".join(wanted)
