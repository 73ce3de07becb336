"""The activities the workflows need: signatures without a body.

The other packages implement them by subclassing and decorating with the same name.
Refusing for good is `ApplicationError(sentence, type=Refusal..., non_retryable=True)`; the
sentence reaches the person. Everything else is retried.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from temporalio import activity
from temporalio.common import Priority, RetryPolicy

from workflows.messages.audit import AuditEntry
from workflows.messages.base import Frozen
from workflows.messages.decisions import Place, Reply, Via
from workflows.messages.electorate import Electorate, Entitlement, Person
from workflows.messages.ladder import PlannedRung
from workflows.messages.policy import Policy
from workflows.messages.requests import CardView
from workflows.messages.results import AgentResult
from workflows.messages.tasks import Source, TaskView
from workflows.messages.turns import InputFile, TurnOutcome, TurnRequest
from workflows.task.receipts import Receipt

# What a busy worker does first. Approvals start as beginnings; once they are looked into, they go
# before those that are not (`bot/activities/prepare_approval.py`).
ANSWERS: Final = Priority(priority_key=1)
CARDS: Final = Priority(priority_key=2)
USUAL: Final = Priority(priority_key=3)
BEGINNINGS: Final = Priority(priority_key=4)

BEAT: Final = timedelta(seconds=8)
"""A worker that was killed is noticed within this; `bot/temporal/activity_heartbeats.py` beats."""

# Delivery and records: tried until they work, because a wait of weeks outlives any outage.
PATIENT: Final[dict[str, Any]] = {
    "priority": USUAL,
    "start_to_close_timeout": timedelta(seconds=60),
    "heartbeat_timeout": BEAT,
    "retry_policy": RetryPolicy(
        initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=20)
    ),
}
# Private answers: worth nothing after a few minutes.
BRIEF: Final[dict[str, Any]] = {
    "start_to_close_timeout": timedelta(seconds=20),
    "heartbeat_timeout": BEAT,
    "priority": ANSWERS,
    "schedule_to_close_timeout": timedelta(minutes=3),
    "retry_policy": RetryPolicy(
        initial_interval=timedelta(milliseconds=500), maximum_interval=timedelta(seconds=20)
    ),
}


# Whether somebody may still decide: they wait for the answer, and no answer is one, too.
PROMPT: Final[dict[str, Any]] = {
    "start_to_close_timeout": timedelta(seconds=5),
    "schedule_to_close_timeout": timedelta(seconds=10),
    "priority": ANSWERS,
    "retry_policy": RetryPolicy(initial_interval=timedelta(milliseconds=200)),
}
# Notices while Slack may be down: given up in time for the e-mail fallback.
HURRIED: Final[dict[str, Any]] = {
    "priority": USUAL,
    "start_to_close_timeout": timedelta(seconds=20),
    "heartbeat_timeout": BEAT,
    "schedule_to_close_timeout": timedelta(seconds=90),
    "retry_policy": RetryPolicy(
        initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=20)
    ),
}


class Refusal(StrEnum):
    """Types of errors that no retry can mend."""

    INPUT = "input"
    APPROVERS = "approvers"


class ReachRequest(Frozen):
    """People who are to get a notice that the ladder wants at `due`."""

    policy: Policy
    people: tuple[Person, ...]
    raised_at: datetime
    due: datetime
    deadline: datetime


class Moments(Frozen):
    """When each person's own hours let a notice out, by person."""

    by_person: dict[str, datetime] = {}


class LadderPlan(Frozen):
    """When the window ends, and every rung before that."""

    deadline: datetime
    rungs: tuple[PlannedRung, ...] = ()


class Why(StrEnum):
    """Why a mail goes out at all."""

    WAITING = "waiting"
    SLACK_DOWN = "slack_down"
    SLACK_DEAF = "slack_deaf"
    NO_ACCOUNT = "no_account"


class MailRequest(Frozen):
    """A letter to one person; `rung` tells a reminder from the next one.

    `first`: none went to this person before, so it is no reminder to them.
    """

    view: CardView
    to: Person
    why: Why = Why.WAITING
    rung: str = ""
    first: bool = False


class ClosingRequest(Frozen):
    """The letter that tells one person that it is over."""

    view: CardView
    to: Person


class CollectRequest(Frozen):
    """The inputs to fetch, check and keep. Files in Slack only as far as `requester` sees them."""

    task_id: str
    sources: tuple[Source, ...]
    requester: str = ""


class ElectorateRequest(Frozen):
    """The policy whose people are to be looked up; `channel` gives meaning to `channel`."""

    policy: Policy
    channel: str
    requester: str


class EntitlementRequest(Frozen):
    """Somebody who decides now, of whom it is asked whether `policy` still stands for them."""

    person: Person
    policy: Policy
    channel: str


class PrepareRequest(Frozen):
    """The approval that is to be shown, with what a rule may decide over."""

    policy: Policy
    channel: str
    requester: str
    raised_at: datetime
    result: AgentResult
    pipeline: str
    step: str


class Weighing(Frozen):
    """Nobody's decision, or one with whoever (or whatever rule) stands behind it."""

    via: Via | None = None
    by: str = ""
    reason: str = ""


class Preparation(Frozen):
    """Who may decide, by when, and what needs nobody's decision."""

    electorate: Electorate
    plan: LadderPlan
    weighing: Weighing = Weighing()


class ShowRequest(Frozen):
    """The card to post, and what the audit log is told then: `before`, and what `told` gives."""

    view: CardView
    before: tuple[AuditEntry, ...]
    shown: AuditEntry

    def told(self, places: tuple[Place, ...], at: datetime) -> AuditEntry:
        """That the card was shown, where and when."""
        detail = self.shown.detail | {"places": [place.model_dump() for place in places]}
        return self.shown.model_copy(update={"at": at, "detail": detail})


class Shown(Frozen):
    """Where the card stands, and whether the audit log knows."""

    places: tuple[Place, ...]
    recorded: bool = False


class CopyRequest(Frozen):
    """A copy of the card for one person's direct messages."""

    view: CardView
    to: str


class Attachment(Frozen):
    """A text to hang into a thread as a file; onto its card's own message where `card` is set."""

    thread: Place
    name: str
    title: str
    text: str
    card: CardView | None = None


class Notice(Frozen):
    """A private answer to one person, shown where they clicked (`place`), else in his DM."""

    to: str
    answer: Reply
    approval_id: str = ""
    title: str = ""
    place: Place | None = None


class Word(Frozen):
    """A sentence of ours: in a thread, or privately to one person when `to` is set.

    `about` adds a link to that message.
    """

    place: Place
    text: str
    to: str = ""
    mention: tuple[str, ...] = ()
    about: Place | None = None


class AgentActivities:
    """Implemented in `agents/`."""

    @activity.defn(name="run_turn")
    async def run_turn(self, request: TurnRequest) -> TurnOutcome:
        """Run one turn; the same `request.key` again must not do the work twice."""
        raise NotImplementedError


class InputActivities:
    """Implemented in `bot/`."""

    @activity.defn(name="collect_inputs")
    async def collect_inputs(self, request: CollectRequest) -> tuple[InputFile, ...]:
        """Fetch and keep every input; refuse with `Refusal.INPUT` and a sentence."""
        raise NotImplementedError


class PrepareActivities:
    """Implemented in `bot/`."""

    @activity.defn(name="prepare")
    async def prepare(self, request: PrepareRequest) -> Preparation:
        """Look everybody up, work hours and holidays into moments, evaluate the rule."""
        raise NotImplementedError


class ShowActivities:
    """Implemented in `bot/`."""

    @activity.defn(name="show")
    async def show(self, request: ShowRequest) -> Shown:
        """Post the card and record it; without a database only the former."""
        raise NotImplementedError


class PeopleActivities:
    """Implemented in `notifications/`."""

    @activity.defn(name="resolve_electorate")
    async def resolve_electorate(self, request: ElectorateRequest) -> Electorate:
        """Look up everybody the policy names; who may not count is in `excluded`, with why."""
        raise NotImplementedError

    @activity.defn(name="confirm_decider")
    async def confirm_decider(self, request: EntitlementRequest) -> Entitlement:
        """Whether this person may still decide; unknown where it cannot be found out in time."""
        raise NotImplementedError


class LadderActivities:
    """Implemented in `notifications/`."""

    @activity.defn(name="moments")
    async def moments(self, request: ReachRequest) -> Moments:
        """When each of these people may be written to; at the latest before the deadline."""
        raise NotImplementedError


class MailActivities:
    """Implemented in `bot/`."""

    @activity.defn(name="mail")
    async def mail(self, request: MailRequest) -> bool:
        """Send a letter with a way to decide; False when there is no mail server or address."""
        raise NotImplementedError

    @activity.defn(name="revoke_links")
    async def revoke_links(self, view: CardView) -> tuple[Person, ...]:
        """No mailed link of this approval decides any more; gives whoever got one."""
        raise NotImplementedError

    @activity.defn(name="close_mail")
    async def close_mail(self, request: ClosingRequest) -> None:
        """Tell one person who got a letter that it is over."""
        raise NotImplementedError


class CardActivities:
    """Implemented in `notifications/`."""

    @activity.defn(name="show_task")
    async def show_task(self, view: TaskView) -> Place:
        """Post the task's message (when `view.place.ts` is empty) or rewrite it."""
        raise NotImplementedError

    async def post_card(self, view: CardView) -> tuple[Place, ...]:
        """Post the card and give every place it stands in; a retry finds what it posted before."""
        raise NotImplementedError

    @activity.defn(name="update_card")
    async def update_card(self, view: CardView) -> None:
        """Rewrite every copy (`view.ballot.places`)."""
        raise NotImplementedError

    @activity.defn(name="post_copy")
    async def post_copy(self, request: CopyRequest) -> Place:
        """Post a copy into somebody's direct messages; a retry finds what it posted before."""
        raise NotImplementedError

    @activity.defn(name="attach")
    async def attach(self, attachment: Attachment) -> None:
        """Upload a text file: onto the card, else into the thread."""
        raise NotImplementedError

    @activity.defn(name="remind")
    async def remind(self, view: CardView) -> Place | None:
        """Remind, in the card's thread, the people whose decision is missing; gives where."""
        raise NotImplementedError

    @activity.defn(name="post_receipt")
    async def post_receipt(self, receipt: Receipt) -> Place:
        """Post what was done, with the agent's report as a file; a retry posts nothing twice."""
        raise NotImplementedError

    @activity.defn(name="tell_requester")
    async def tell_requester(self, view: TaskView) -> None:
        """Tell the requester of the end, or of the failure that waits; a retry tells once."""
        raise NotImplementedError

    @activity.defn(name="tell_outcome")
    async def tell_outcome(self, view: CardView) -> None:
        """Tell whoever asked for this approval how it ended; a retry tells once."""
        raise NotImplementedError

    @activity.defn(name="answer")
    async def answer(self, notice: Notice) -> None:
        """Answer one person privately."""
        raise NotImplementedError

    @activity.defn(name="say")
    async def say(self, word: Word) -> Place | None:
        """Say one sentence; gives where it stands, if it can be rewritten."""
        raise NotImplementedError


class AuditActivities:
    """Implemented in `storage/`."""

    @activity.defn(name="record")
    async def record(self, entries: tuple[AuditEntry, ...]) -> None:
        """Append the entries to the audit log; ids already there are skipped."""
        raise NotImplementedError
