"""Hand-written stand-ins for the activities: they keep what they were asked to do."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import datetime

from temporalio import activity
from temporalio.exceptions import ApplicationError

from workflows.activities import (
    AgentActivities,
    Attachment,
    AuditActivities,
    CardActivities,
    ClosingRequest,
    CollectRequest,
    CopyRequest,
    ElectorateRequest,
    EntitlementRequest,
    InputActivities,
    LadderActivities,
    LadderPlan,
    MailActivities,
    MailRequest,
    Moments,
    Notice,
    PeopleActivities,
    PrepareRequest,
    ReachRequest,
    Weighing,
    Word,
)
from workflows.messages.audit import AuditEntry
from workflows.messages.decisions import Place
from workflows.messages.electorate import STILL, Electorate, Entitlement, Person
from workflows.messages.ladder import Act, PlannedRung
from workflows.messages.policy import Policy
from workflows.messages.requests import CardView
from workflows.messages.results import AgentResult, DeniedCall, ExecutionMode, RunStatus, ToolRun
from workflows.messages.tasks import TaskView
from workflows.messages.turns import InputFile, Question, TurnOutcome, TurnRequest
from workflows.task.receipts import Receipt

ADA, GRACE, LINUS = "U0ADA00001", "U0GRACE001", "U0LINUS001"


class FakeAgent(AgentActivities):
    """Answers with a result that names the step and revision; fails as often as told.

    It runs what people approved and says so, as an agent of ours does: `fates` by question, or
    nothing where `silent`. `breaks` fail a turn after it ran that.
    """

    def __init__(self) -> None:
        self.requests: list[TurnRequest] = []
        self.failures: list[ApplicationError] = []
        self.breaks: list[str] = []
        self.fates: dict[str, RunStatus] = {}
        self.silent = False
        self.mode = ExecutionMode.LIVE_AGENT
        self.denied: tuple[DeniedCall, ...] = ()
        self.runs: dict[str, ToolRun] = {}
        self._asked: dict[str, Question] = {}
        self.questions: list[tuple[Question, ...]] = []
        self.make: Callable[[TurnRequest], AgentResult] = lambda request: AgentResult(
            summary=f"{request.step} v{request.revision}",
            findings=(f"{len(request.earlier)} earlier",),
            full_text="# All of it",
        )

    @activity.defn(name="run_turn")
    async def run_turn(self, request: TurnRequest) -> TurnOutcome:
        self.requests.append(request)
        if self.failures:
            raise self.failures.pop(0)
        ran = tuple(self._run(request))
        if self.breaks:
            details = [run.model_dump(mode="json") for run in ran]
            raise ApplicationError(self.breaks.pop(0), *details, non_retryable=True)
        if self.questions:
            asked = self.questions.pop(0)
            self._asked |= {question.id: question for question in asked}
            session = f"turn {len(self.requests)}"
            return TurnOutcome(questions=asked, session=session, ran=ran)
        return TurnOutcome(
            result=self.make(request), ran=ran, execution_mode=self.mode, denied=self.denied
        )

    def _run(self, request: TurnRequest) -> Iterator[ToolRun]:
        """What people approved; a call of the same turn that ran is not run again."""
        for answer in request.answers:
            question = self._asked[answer.question_id]
            if not answer.confirmed or self.silent or not question.tool:
                continue
            given = question.arguments if answer.arguments is None else answer.arguments
            run = ToolRun(
                key=f"{request.turn}/{question.id}",
                tool=question.tool,
                arguments=given,
                status=self.fates.get(question.id, RunStatus.DONE),
                response={"order": f"PO-{len(self.runs) + 1}"},
                approved=True,
                proposed=None if answer.arguments is None else question.arguments,
            )
            yield self.runs.setdefault(run.key, run)


class FakeInputs(InputActivities):
    """Finds every source, unless told what is wrong."""

    def __init__(self) -> None:
        self.problem = ""

    @activity.defn(name="collect_inputs")
    async def collect_inputs(self, request: CollectRequest) -> tuple[InputFile, ...]:
        if self.problem:
            raise ApplicationError(self.problem, type="input", non_retryable=True)
        return tuple(
            InputFile(name=s.name or s.value, media_type="text/csv", size=1, sha256="0" * 64)
            for s in request.sources
        )


class FakePeople(PeopleActivities):
    """Everybody the policy names is a person of that id, and stays one unless `now` says otherwise."""

    def __init__(self) -> None:
        self.now: dict[str, Entitlement] = {}
        self.confirmed: list[str] = []
        self.slow = asyncio.Event()
        self.slow.set()

    @activity.defn(name="resolve_electorate")
    async def resolve_electorate(self, request: ElectorateRequest) -> Electorate:
        policy = request.policy
        names = [*policy.approvers, *(n for g in policy.groups.values() for n in g)]
        return Electorate(
            people=tuple(Person(id=name, name=name.title()) for name in dict.fromkeys(names)),
            groups=dict(policy.groups),
        )

    @activity.defn(name="confirm_decider")
    async def confirm_decider(self, request: EntitlementRequest) -> Entitlement:
        self.confirmed.append(request.person.id)
        await self.slow.wait()
        return self.now.get(request.person.id, STILL)


class FakeLadder(LadderActivities):
    """Plans every rung at its fraction of the window, around the clock."""

    async def plan_ladder(
        self, policy: Policy, electorate: Electorate, raised_at: datetime
    ) -> LadderPlan:
        rungs = []
        for rung in policy.ladder:
            at = raised_at + rung.due(policy.timeout)
            to = rung.to or (policy.escalate_to if rung.act is Act.ESCALATE else ())
            act = rung.act if to or rung.act is not Act.ESCALATE else Act.TELL_REQUESTER
            rungs.append(PlannedRung(name=rung.name, act=act, at=at, due=at, to=to))
        return LadderPlan(deadline=raised_at + policy.timeout, rungs=tuple(rungs))

    @activity.defn(name="moments")
    async def moments(self, request: ReachRequest) -> Moments:
        return Moments(by_person={person.id: request.due for person in request.people})


class FakeMail(MailActivities):
    """A post office that delivers, except to `bad` people."""

    def __init__(self) -> None:
        self.sent: list[MailRequest] = []
        self.closed: list[CardView] = []
        self.closings: list[str] = []
        self.bad: set[str] = set()

    @activity.defn(name="mail")
    async def mail(self, request: MailRequest) -> bool:
        self.sent.append(request)
        return True

    @activity.defn(name="revoke_links")
    async def revoke_links(self, view: CardView) -> tuple[Person, ...]:
        self.closed.append(view)
        return tuple({letter.to.id: letter.to for letter in self.sent}.values())

    @activity.defn(name="close_mail")
    async def close_mail(self, request: ClosingRequest) -> None:
        self.closings.append(request.to.id)
        if request.to.id in self.bad:
            self.bad.discard(request.to.id)
            raise ApplicationError("The mail server put the mail off.")


class FakeRules:
    """Decides what it was told to."""

    def __init__(self) -> None:
        self.weighing = Weighing()

    async def weigh(self, request: PrepareRequest) -> Weighing:
        return self.weighing


class FakeCards(CardActivities):
    """A Slack that keeps the latest state of every message."""

    def __init__(self) -> None:
        self.tasks: dict[str, TaskView] = {}
        self.cards: dict[str, CardView] = {}
        self.copies: list[CopyRequest] = []
        self.attachments: list[Attachment] = []
        self.reminded: list[str] = []
        self.notices: list[Notice] = []
        self.words: list[Word] = []
        self.receipts: list[Receipt] = []
        self.tidings: list[TaskView] = []
        self.outcomes: list[CardView] = []
        self.down = asyncio.Event()
        self.wanted: set[str] = set()
        self._posted = 0

    def _place(self, channel: str) -> Place:
        self._posted += 1
        return Place(channel=channel, ts=f"{self._posted}.000100")

    async def _require_up(self) -> None:
        if self.down.is_set():
            raise ApplicationError("Slack is down")

    @activity.defn(name="show_task")
    async def show_task(self, view: TaskView) -> Place:
        await self._require_up()
        self.tasks[view.id] = view
        return view.place if view.place.ts else self._place(view.place.channel)

    async def post_card(self, view: CardView) -> tuple[Place, ...]:
        self.wanted.add(view.request.id)
        await self._require_up()
        self.cards[view.request.id] = view
        return (self._place(view.request.thread.channel),)

    @activity.defn(name="update_card")
    async def update_card(self, view: CardView) -> None:
        await self._require_up()
        self.cards[view.request.id] = view

    @activity.defn(name="post_copy")
    async def post_copy(self, request: CopyRequest) -> Place:
        await self._require_up()
        self.copies.append(request)
        return self._place(f"D{request.to}")

    @activity.defn(name="attach")
    async def attach(self, attachment: Attachment) -> None:
        self.attachments.append(attachment)

    @activity.defn(name="remind")
    async def remind(self, view: CardView) -> Place:
        await self._require_up()
        self.reminded.append(view.request.id)
        return self._place(view.request.thread.channel)

    @activity.defn(name="post_receipt")
    async def post_receipt(self, receipt: Receipt) -> Place:
        await self._require_up()
        self.receipts.append(receipt)
        return self._place(receipt.thread.channel)

    @activity.defn(name="tell_requester")
    async def tell_requester(self, view: TaskView) -> None:
        await self._require_up()
        self.tidings.append(view)

    @activity.defn(name="tell_outcome")
    async def tell_outcome(self, view: CardView) -> None:
        await self._require_up()
        self.outcomes.append(view)

    @activity.defn(name="answer")
    async def answer(self, notice: Notice) -> None:
        self.notices.append(notice)

    @activity.defn(name="say")
    async def say(self, word: Word) -> Place | None:
        self.words.append(word)
        return self._place(f"D{word.to}") if word.to else self._place(word.place.channel)


class FakeAudit(AuditActivities):
    """Keeps entries by id."""

    def __init__(self) -> None:
        self.entries: dict[str, AuditEntry] = {}
        self.away = asyncio.Event()

    @activity.defn(name="record")
    async def record(self, entries: tuple[AuditEntry, ...]) -> None:
        if self.away.is_set():
            raise OSError("The database is away.")
        for entry in entries:
            self.entries.setdefault(entry.id, entry)

    def kinds(self) -> list[str]:
        """The kinds in order."""
        return [entry.kind.value for entry in self.entries.values()]
