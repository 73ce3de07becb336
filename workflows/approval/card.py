"""The card of one approval: posted once, with all of what is decided beside it where it is long."""

from temporalio import workflow

from workflows.activities import (
    CARDS,
    PATIENT,
    Attachment,
    CardActivities,
    ShowActivities,
    ShowRequest,
)
from workflows.approval.state import ApprovalState
from workflows.content.rendering import document, fits_card
from workflows.messages.audit import AuditKind
from workflows.messages.requests import step_of
from workflows.messages.results import AgentResult


async def post(state: ApprovalState) -> None:
    """Post the card; what was raised goes into the audit log with it."""
    journal = state.journal
    request = ShowRequest(
        view=state.view(),
        before=journal.waiting(),
        shown=journal.entry(AuditKind.SHOWN, digest=state.ballot.digest),
    )
    shown = await workflow.execute_activity_method(
        ShowActivities.show, request, **PATIENT | {"priority": CARDS}
    )
    state.add_places(shown.places)
    state.posted = True
    if shown.recorded:
        journal.written(request.before)
    else:
        journal.add(request.told(shown.places, workflow.now()))
        journal.mirror.touch()


async def attach(state: ApprovalState) -> None:
    """All of what is decided, as a file beside the card; nothing where the card shows it all."""
    request, card = state.request, state.card()
    if card is None or not _is_long(request.result):
        return
    attachment = Attachment(
        thread=request.thread if request.thread.ts else card,
        name=f"{step_of(request.id) or request.step or 'result'}-v{request.revision}.md",
        title=request.title,
        text=document(state.view(), request.result),
        card=state.view(),
    )
    await workflow.execute_activity_method(CardActivities.attach, attachment, **PATIENT)


def _is_long(result: AgentResult) -> bool:
    """Whether there is more than a card shows for certain."""
    if result.full_text or result.calls:
        return True
    return not fits_card(result) and workflow.patched("whole-file")
