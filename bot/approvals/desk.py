"""Approvals that outside programs raise, held by Temporal: the adapter of the agents' port.

A look needs no worker while an approval waits: state, people and deadline come from the search
attributes and the memo. Whose an approval is stands in the memo, too.
"""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator
from time import monotonic

from temporalio.client import (
    Client,
    WorkflowExecution,
    WorkflowExecutionDescription,
    WorkflowExecutionStatus,
    WorkflowFailureError,
    WorkflowHandle,
)
from temporalio.common import (
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from agents.programs.port import ApprovalStanding, Asking, DeskRefused, DeskUnavailable, State
from agents.programs.program import Program
from agents.programs.request import UnfitDraft, policy_of
from workflows.activities import BEGINNINGS
from workflows.approval import search_attributes
from workflows.approval.workflow import ApprovalWorkflow
from workflows.content.proposal import heading
from workflows.messages.content_hash import digest
from workflows.messages.decisions import Outcome, Place, Settlement, Via, Withdrawal
from workflows.messages.policy import Policy, Risk
from workflows.messages.requests import ApprovalRequest, CardView, settlement_of
from workflows.messages.results import AgentResult, AgentVersion

SECONDS = 10.0
FIRST_LOOK = 0.5
SLOWEST_LOOK = 10.0
PROGRAM, CONTENT = "principal", "content"
LAG_SECONDS = 5.0
"""So long a new approval may be missing from Temporal's lists."""
_RUNNING = {WorkflowExecutionStatus.RUNNING, WorkflowExecutionStatus.CONTINUED_AS_NEW}


class TemporalDesk:
    """Implements `ApprovalDesk`; gives up on Temporal after `seconds`."""

    def __init__(self, client: Client, task_queue: str, seconds: float = SECONDS) -> None:
        self._client = client
        self._queue = task_queue
        self._seconds = seconds
        self._begun: defaultdict[str, dict[str, float]] = defaultdict(dict)
        self._one_by_one: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def ask(self, asking: Asking) -> None:
        """Start the approval's workflow; its id makes it one, its content is compared."""
        request = await self._request(asking)
        async with self._one_by_one[asking.program.name]:
            await self._require_room(asking)
            await self._start(asking, request)

    async def twin(self, asking: Asking) -> str:
        """Among those that Temporal lists: two that are asked at the same moment stay two."""
        request, content = await self._request(asking), _content(asking)
        if request.policy.risk is Risk.HIGH:
            return ""
        query = self._running(asking.program.name)
        async with self._reaching():
            async for found in self._client.list_workflows(query):
                if not _over(found) and (await found.memo()).get(CONTENT) == content:
                    return found.id
        return ""

    async def _start(self, asking: Asking, request: ApprovalRequest) -> None:
        name = asking.program.name
        content = _content(asking)
        try:
            async with self._reaching():
                await self._client.start_workflow(
                    ApprovalWorkflow.run,
                    request,
                    id=request.id,
                    task_queue=self._queue,
                    id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                    priority=BEGINNINGS,
                    memo={PROGRAM: name, CONTENT: content},
                    search_attributes=TypedSearchAttributes(
                        [SearchAttributePair(search_attributes.PROGRAM, name)]
                    ),
                )
        except WorkflowAlreadyStartedError:
            known = await self._described(request.id)
            if known is None or await _memo(known, CONTENT) != content:
                raise DeskRefused("This id or key was used with another content.") from None

    async def look(self, approval: str, program: str) -> ApprovalStanding | None:
        """From the server's own state while it waits; from the workflow once it is settled."""
        found = await self._described(approval)
        if found is None or await _memo(found, PROGRAM) != program:
            return None
        if not _over(found):
            return await _waiting(found)
        async with self._reaching():
            return await self._over(found)

    async def settled(self, approval: str) -> None:
        """Whichever says so first: the workflow's end, or its status (its end waits for Slack)."""
        ending = asyncio.ensure_future(self._ended(approval))
        pause = FIRST_LOOK
        try:
            while not ending.done():
                with contextlib.suppress(DeskUnavailable):
                    found = await self._described(approval)
                    if found is None or _over(found):
                        return
                await asyncio.wait({ending}, timeout=pause)
                pause = min(pause * 2, SLOWEST_LOOK)
        finally:
            ending.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await ending

    async def withdraw(self, approval: str, program: Program, reason: str) -> None:
        """As the owner, by a signal: it needs no worker, and the rules decide what it is worth."""
        gesture = Withdrawal(
            id=f"api:{program.name}:{approval}", by=program.owner, reason=reason, via=Via.API
        )
        try:
            async with self._reaching():
                await self._handle(approval).signal(ApprovalWorkflow.withdraw, gesture)
        except _GoneError:
            return

    async def _require_room(self, asking: Asking) -> None:
        """Raises DeskRefused when too many of the program's approvals wait already."""
        name, most = asking.program.name, asking.program.most_open
        now, begun = monotonic(), self._begun[name]
        for id_ in [id_ for id_, at in begun.items() if now - at > LAG_SECONDS]:
            del begun[id_]
        waiting = {*begun, *await self._waiting_for(name, most)} - {asking.id}
        if len(waiting) >= most and await self._described(asking.id) is None:
            raise DeskRefused(
                f"{most} approvals of this program wait already, and it may have no more at once: "
                "wait for decisions, or withdraw some."
            )
        begun[asking.id] = now

    async def _waiting_for(self, name: str, most: int) -> list[str]:
        """The ids of up to `most` approvals of this program that nobody decided yet."""
        try:
            async with self._reaching():
                found = self._client.list_workflows(self._running(name), limit=most + 1)
                return [one.id async for one in found if not _over(one)]
        except _GoneError:
            raise DeskUnavailable(
                "Approvals are not set up completely: 'signoff doctor' says what is missing."
            ) from None

    def _running(self, name: str) -> str:
        program = search_attributes.equals(search_attributes.PROGRAM, name)
        return search_attributes.query("ApprovalWorkflow", program, queue=self._queue)

    async def _request(self, asking: Asking) -> ApprovalRequest:
        program = asking.program
        try:
            policy = policy_of(asking.draft, program)
        except UnfitDraft as error:
            raise DeskRefused(str(error)) from None
        request = ApprovalRequest(
            id=asking.id,
            title=f"{program.shown}: {heading(asking.draft.calls) or asking.draft.title}",
            requester=program.owner,
            result=asking.draft.result(),
            policy=policy,
            thread=Place(channel=program.channel),
            revision=asking.revision,
            sources=(asking.via,),
            version=AgentVersion(name=program.name),
        )
        if not asking.previous:
            return request
        return await self._after(asking, request, policy)

    async def _after(
        self, asking: Asking, request: ApprovalRequest, policy: Policy
    ) -> ApprovalRequest:
        """The next version: what it was before, what was asked, and who had a hand in it."""
        if asking.revision > policy.max_revisions:
            raise DeskRefused(f"All {policy.max_revisions} versions of this are used up.")
        standing = await self.look(asking.previous, asking.program.name)
        if standing is None or standing.outcome is not Outcome.CHANGES_REQUESTED:
            raise DeskRefused("Nobody requested changes of that, so there is no next version.")
        assert standing.settlement is not None
        async with self._reaching():
            view, result = await self._seen(asking.previous)
        editor = standing.settlement.editor
        edited = request.result == standing.edited
        return request.model_copy(
            update={
                "previous": result,
                "feedback": standing.feedback,
                "authors": (*view.request.authors, *((editor,) if editor else ())),
                "edited_by": editor if edited else "",
                "edit_comment": standing.settlement.edit_comment() if edited else "",
            }
        )

    async def _over(self, found: WorkflowExecutionDescription) -> ApprovalStanding:
        """A settled one; where Slack is slow its workflow may still be busy with the cards."""
        if found.status in _RUNNING:
            view, result = await self._seen(found.id)
            request = view.request.model_copy(update={"result": result})
            settlement = settlement_of(request, view.ballot, view.reason, view.withdrawn_by)
            return await _standing(found, settlement, view)
        try:
            settlement = await self._handle(found.id).result()
        except WorkflowFailureError as error:
            return ApprovalStanding(id=found.id, state=State.BROKEN, problem=_problem(error))
        return await _standing(found, settlement, await self._view(found.id))

    async def _view(self, approval: str) -> CardView | None:
        """For the names only, so not worth failing for."""
        try:
            async with asyncio.timeout(self._seconds / 2):
                return await self._handle(approval).query(ApprovalWorkflow.view)
        except (RPCError, TimeoutError):
            return None

    async def _seen(self, approval: str) -> tuple[CardView, AgentResult]:
        handle = self._handle(approval)
        return await asyncio.gather(
            handle.query(ApprovalWorkflow.view), handle.query(ApprovalWorkflow.result)
        )

    async def _ended(self, approval: str) -> None:
        """Until the workflow ends; for ever when Temporal does not say."""
        try:
            await self._handle(approval).result()
        except WorkflowFailureError:
            return
        except RPCError:
            await asyncio.Event().wait()

    async def _described(self, approval: str) -> WorkflowExecutionDescription | None:
        try:
            async with self._reaching():
                return await self._handle(approval).describe()
        except _GoneError:
            return None

    @contextlib.asynccontextmanager
    async def _reaching(self) -> AsyncIterator[None]:
        """In time, or DeskUnavailable; `_GoneError` for what is not there."""
        try:
            async with asyncio.timeout(self._seconds):
                yield
        except RPCError as error:
            if error.status in {RPCStatusCode.NOT_FOUND, RPCStatusCode.INVALID_ARGUMENT}:
                raise _GoneError("There is no such approval any more.") from None
            raise DeskUnavailable(
                "Approvals cannot be reached just now: please try again."
            ) from None
        except TimeoutError:
            raise DeskUnavailable("Approvals do not answer just now: please try again.") from None

    def _handle(self, approval: str) -> WorkflowHandle[ApprovalWorkflow, Settlement]:
        return self._client.get_workflow_handle_for(ApprovalWorkflow.run, approval)


class _GoneError(DeskRefused):
    """There is no such workflow, or it has ended."""


def _over(found: WorkflowExecution) -> bool:
    status = found.typed_search_attributes.get(search_attributes.STATUS)
    return found.status not in _RUNNING or status not in {None, search_attributes.PENDING}


def _content(asking: Asking) -> str:
    """The same for the same draft of the same program."""
    return digest(asking.draft, asking.revision, asking.program.name)


async def _memo(found: WorkflowExecutionDescription, name: str) -> str:
    return str((await found.memo()).get(name, ""))


async def _waiting(found: WorkflowExecutionDescription) -> ApprovalStanding:
    memo = await found.memo()
    return ApprovalStanding(
        id=found.id,
        state=State.PENDING,
        title=str(memo.get("title", "")),
        approvers=tuple(str(name) for name in memo.get("approvers") or ()),
        deadline=found.typed_search_attributes.get(search_attributes.DEADLINE),
    )


async def _standing(
    found: WorkflowExecutionDescription, settlement: Settlement, view: CardView | None
) -> ApprovalStanding:
    people = view.ballot.electorate.people if view and view.ballot.electorate else ()
    return ApprovalStanding(
        id=found.id,
        state=State.SETTLED,
        title=await _memo(found, "title"),
        approvers=tuple(person.name or person.id for person in people),
        settlement=settlement,
        feedback=settlement.changes(),
        names={person.id: person.name for person in people if person.name},
    )


def _problem(error: WorkflowFailureError) -> str:
    cause = error.cause
    said = getattr(cause, "message", "") if getattr(cause, "type", "") else ""
    return said or "It was ended by an operator before anybody decided."
