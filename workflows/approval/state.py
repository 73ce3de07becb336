"""What one approval knows while it waits: shared by its parts, changed by workflow code only."""

from collections.abc import Iterable
from datetime import datetime

from temporalio import workflow

from workflows.activities import PATIENT, CardActivities
from workflows.approval.rungs import Rungs
from workflows.audit_buffer import AuditBuffer
from workflows.background import BackgroundUpdate
from workflows.content.text_change import text_change
from workflows.messages.audit import AuditKind
from workflows.messages.ballot import Ballot
from workflows.messages.decisions import Outcome, Place, Via
from workflows.messages.electorate import Person
from workflows.messages.ladder import DeferredNotice
from workflows.messages.outage import Outage
from workflows.messages.requests import ApprovalRequest, CardView, CarriedApproval
from workflows.messages.results import AgentResult

REMEMBERED = 1_000


class ApprovalState:
    """The state of one approval. `cards` keeps every copy true: touch it after a visible change."""

    def __init__(self, request: ApprovalRequest) -> None:
        carried = request.carried
        self.request = request
        self.ballot: Ballot = carried.ballot if carried else request.ballot()
        before = (*carried.ballot.answers, *carried.taken) if carried else ()
        self._taken: dict[str, None] = dict.fromkeys(before)
        self.raised_at: datetime = carried.raised_at if carried else workflow.now()
        self.posted = bool(carried and carried.posted)
        self.mailed = bool(carried and carried.mailed)
        self.copied: set[str] = set(carried.copied) if carried else set()
        self.snoozed: dict[str, datetime] = dict(carried.snoozed) if carried else {}
        self.later: dict[str, DeferredNotice] = (
            {one.key: one for one in carried.later} if carried else {}
        )
        self.mailed_at: dict[str, datetime] = dict(carried.mailed_at) if carried else {}
        self.outage: Outage | None = carried.outage if carried else None
        self.reminders: tuple[Place, ...] = carried.reminders if carried else ()
        self.rungs = Rungs(carried.plan, carried.rungs_sent) if carried else Rungs()
        self.reason = ""
        self.withdrawn_by = ""
        self.journal = AuditBuffer(request.task_id, request.id, request.revision)
        self.cards = BackgroundUpdate(self._rewrite)
        earlier = request.previous.full_text if request.previous else request.result.full_text
        self._text_change = text_change(earlier, request.result.full_text)

    @property
    def settled(self) -> bool:
        """Whether there is an outcome."""
        return self.ballot.outcome is not None

    def takes(self, gesture_id: str) -> bool:
        """Whether this gesture is new: one that comes again is neither done nor answered again.

        What was kept after a call that timed out may have arrived all the same. One without an id
        is always new.
        """
        if gesture_id in self._taken:
            return not workflow.patched("answered-once")
        if gesture_id:
            self._taken[gesture_id] = None
        return True

    def took(self, gesture_id: str) -> bool:
        """Whether this gesture came; changes nothing, so a query may ask."""
        return gesture_id in self._taken

    def close(self, outcome: Outcome, by: str = "", via: Via = Via.RULE) -> None:
        """End without a decision of the people."""
        self.ballot = self.ballot.model_copy(
            update={"outcome": outcome, "settled_at": workflow.now()}
        )
        self.note_settled(by, via)
        self.cards.touch()

    def note_settled(self, by: str, via: Via) -> None:
        """Into the audit log."""
        self.journal.note(
            AuditKind.SETTLED, by, via, outcome=self.ballot.outcome, reason=self.reason
        )

    def add_places(self, places: Iterable[Place]) -> None:
        """Where copies of the card stand; only clicks from there count."""
        self.ballot = self.ballot.model_copy(update={"places": (*self.ballot.places, *places)})

    async def add_reminder(self, place: Place | None) -> None:
        """A message that says that this waits: it is rewritten at the end, or at once after it."""
        if place is not None:
            self.reminders = (*self.reminders, place)
            if self.settled:
                await self._rewrite()

    def card(self) -> Place | None:
        """The first copy of the card."""
        return next(iter(self.ballot.places), None)

    def waited_for(self) -> tuple[Person, ...]:
        """Whose decision is missing and who does not want to be left alone."""
        if self.settled or self.ballot.electorate is None:
            return ()
        names = self.ballot.missing_people() - set(self._asleep())
        return tuple(person for person in self.ballot.electorate.people if person.id in names)

    def view(self) -> CardView:
        """What is shown, without the full text, which hangs in the thread."""
        request = self.request
        shown = {
            "result": _without_text(request.result),
            "previous": request.previous and _without_text(request.previous),
            "carried": None,
            "asked": "",
        }
        return CardView(
            request=request.model_copy(update=shown),
            ballot=self.ballot.model_copy(update={"answers": {}}),
            raised_at=self.raised_at,
            full_text_characters=len(request.result.full_text),
            text_change=self._text_change,
            reason=self.reason,
            plan=self.rungs.to_come(),
            snoozed=self._asleep(),
            reminders=self.reminders,
            withdrawn_by=self.withdrawn_by,
        )

    def carried(self) -> ApprovalRequest:
        """The same approval, for the next run of its workflow."""
        kept = dict(list(self.ballot.answers.items())[-REMEMBERED:])
        return self.request.model_copy(
            update={
                "carried": CarriedApproval(
                    ballot=self.ballot.model_copy(update={"answers": kept}),
                    raised_at=self.raised_at,
                    posted=self.posted,
                    mailed=self.mailed,
                    copied=tuple(sorted(self.copied)),
                    snoozed=self.snoozed,
                    plan=self.rungs.plan,
                    rungs_sent=tuple(self.rungs.sent),
                    reminders=self.reminders,
                    later=tuple(self.later.values()),
                    mailed_at=self.mailed_at,
                    outage=self.outage,
                    taken=tuple(self._taken)[-REMEMBERED:],
                )
            }
        )

    def _asleep(self) -> tuple[str, ...]:
        return tuple(who for who, until in self.snoozed.items() if until > workflow.now())

    async def _rewrite(self) -> None:
        await workflow.execute_activity_method(CardActivities.update_card, self.view(), **PATIENT)


def _without_text(result: AgentResult) -> AgentResult:
    return result.model_copy(update={"full_text": ""})
