"""Decisions handed on to other people, who are looked up beside the approval's own path."""

from temporalio import workflow

from workflows import rules
from workflows.approval import prepare, visibility
from workflows.approval.deciders import entitlement
from workflows.approval.reminders import Reminders
from workflows.approval.replies import Replies
from workflows.approval.state import ApprovalState
from workflows.background import BackgroundUpdate
from workflows.messages.audit import AuditKind
from workflows.messages.decisions import Delegation, Reply, ReplyKind
from workflows.messages.electorate import STILL, Person


class Delegations:
    """Takes them one after the other; `mirror` runs beside the decision, as that of reminders."""

    def __init__(self, state: ApprovalState, reminders: Reminders, replies: Replies) -> None:
        self._state = state
        self._reminders = reminders
        self._replies = replies
        self._waiting: list[Delegation] = []
        self._answered: dict[str, Reply] = {}
        self._over = False
        self.mirror = BackgroundUpdate(self._hand_on)

    def take(self, delegation: Delegation) -> None:
        """Hand somebody's decision on, as soon as the other person was looked up."""
        self._waiting.append(delegation)
        self.mirror.touch()

    async def answer(self, delegation: Delegation) -> Reply:
        """Wait for what became of one that was taken, or for the end of the approval."""
        await workflow.wait_condition(lambda: delegation.id in self._answered or self._over)
        if (answer := self._answered.get(delegation.id)) is not None:
            return answer
        settled = self._state.settled
        return (
            rules.closed_answer(self._state.ballot) if settled else Reply(reply=ReplyKind.NOT_READY)
        )

    def close(self) -> None:
        """No further one will be taken; whoever waits for an answer waits no more."""
        self._over = True
        self.mirror.close()

    async def _hand_on(self) -> None:
        waiting, self._waiting = self._waiting, []
        for delegation in waiting:
            answer, to = await self._delegate(delegation)
            self._answered[delegation.id] = answer
            if to is None and workflow.patched("refused-delegations-noted"):
                self._note_refused(delegation, answer)
            if not delegation.quiet:
                self._replies.give(delegation.by, delegation.place, answer)

    async def _delegate(self, delegation: Delegation) -> tuple[Reply, Person | None]:
        """The answer, and whoever has the seat now; None when it stays where it is."""
        state = self._state
        refusal = rules.may_delegate(state.ballot, delegation, workflow.now())
        if refusal is not None and workflow.patched("entitled-first"):
            return refusal, None  # nobody is looked up for somebody who may not hand it on
        still = STILL
        if workflow.patched("delegators-looked-up"):
            still = await entitlement(state, delegation.by)
        by_name = state.request.policy.model_copy(
            update={"approvers": (delegation.to,), "groups": {}}
        )
        found = (await prepare.look_up(state.request, by_name)).find(delegation.to)
        now = workflow.now()
        after, answer = rules.delegate(state.ballot, delegation, found, now, still)
        if after is state.ballot or found is None:
            return answer, None
        state.ballot = after
        state.journal.note(
            AuditKind.DELEGATED, delegation.by, to=delegation.to, reason=delegation.reason
        )
        state.cards.touch()
        if delegation.deputy:
            visibility.approvers(state.ballot)  # told once for all of them
        else:
            await self._reminders.invite((found,))
        return answer, found

    def _note_refused(self, delegation: Delegation, answer: Reply) -> None:
        self._state.journal.note(
            AuditKind.REFUSED,
            delegation.by,
            delegated_to=delegation.to,
            reason=delegation.reason,
            reply=answer.reply,
            why=answer.detail,
        )
