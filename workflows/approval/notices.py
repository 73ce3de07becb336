"""What goes out to people while they are waited for. Where Slack fails, e-mail takes over."""

import asyncio
from collections.abc import Iterable
from datetime import datetime

from temporalio import workflow
from temporalio.exceptions import ActivityError

from workflows.activities import (
    HURRIED,
    PATIENT,
    CardActivities,
    ClosingRequest,
    CopyRequest,
    LadderActivities,
    MailActivities,
    MailRequest,
    Moments,
    ReachRequest,
    Word,
)
from workflows.approval.state import ApprovalState
from workflows.messages.decisions import Place, Via
from workflows.messages.electorate import Person
from workflows.messages.requests import CardView


async def moments(request: ReachRequest) -> dict[str, datetime]:
    """When each person's hours let a notice out; nobody's when that cannot be found out now."""
    try:
        found: Moments = await workflow.execute_activity_method(
            LadderActivities.moments, request, **HURRIED
        )
    except ActivityError:
        return {}
    return found.by_person


async def remind(state: ApprovalState) -> bool:
    """In the thread; False when Slack did not take it in time."""
    try:
        place = await workflow.execute_activity_method(
            CardActivities.remind, state.view(), **HURRIED
        )
    except ActivityError:
        return False
    await state.add_reminder(place)
    return True


async def copy_to(view: CardView, person: Person) -> Place | None:
    """A copy of the card in somebody's direct messages; None when Slack did not take it."""
    request = CopyRequest(view=view, to=person.id)
    try:
        return await workflow.execute_activity_method(CardActivities.post_copy, request, **HURRIED)
    except ActivityError:
        return None


async def mail(requests: Iterable[MailRequest]) -> list[str]:
    """Each by itself, side by side, so that one bad address holds up nobody; who got a letter."""
    wanted = list(requests)
    went = await asyncio.gather(*map(_mail, wanted))
    return [request.to.id for request, gone in zip(wanted, went, strict=True) if gone]


async def _mail(request: MailRequest) -> bool:
    try:
        return await workflow.execute_activity_method(MailActivities.mail, request, **HURRIED)
    except ActivityError:
        workflow.logger.warning("a letter could not be sent")
        return False


async def close_mails(view: CardView) -> None:
    """Links stop working; then whoever got a letter is told that it is over, each alone.

    Not whoever ended it by their own letter: the page told them.
    """
    people = await workflow.execute_activity_method(MailActivities.revoke_links, view, **PATIENT)
    last = view.ballot.counted[-1] if view.ballot.counted else None
    knows = last.by if last and last.via is Via.EMAIL else ""
    letters = [ClosingRequest(view=view, to=one) for one in people if one.id != knows]
    await asyncio.gather(*map(_close, letters))


async def _close(request: ClosingRequest) -> None:
    await workflow.execute_activity_method(MailActivities.close_mail, request, **PATIENT)


async def tell(to: str, text: str, about: Place | None) -> Place | None:
    """One sentence to one person, with a link to the card; gives where it stands."""
    word = Word(place=Place(channel=""), text=text, to=to, about=about)
    try:
        return await workflow.execute_activity_method(CardActivities.say, word, **HURRIED)
    except ActivityError:
        workflow.logger.warning("a sentence could not be delivered")
    return None


async def tell_outcome(view: CardView) -> None:
    """To whoever asked, however long Slack takes."""
    await workflow.execute_activity_method(CardActivities.tell_outcome, view, **PATIENT)


async def tell_waiting(state: ApprovalState, to: str, text: str) -> None:
    """That the decision is missing, for as long as that is true."""
    await state.add_reminder(await tell(to, text, state.card()))
