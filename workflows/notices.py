"""What goes out to people while they are waited for. Where Slack fails, e-mail takes over."""

from collections.abc import Iterable

from temporalio import workflow
from temporalio.exceptions import ActivityError

from workflows.decisions import Place
from workflows.electorate import Person
from workflows.requests import CardView
from workflows.steps import (
    HURRIED,
    PATIENT,
    CardSteps,
    CopyRequest,
    MailRequest,
    MailSteps,
    Why,
    Word,
)


async def remind(view: CardView) -> bool:
    """In the thread; False when Slack did not take it in time."""
    try:
        await workflow.execute_activity_method(CardSteps.remind, view, **HURRIED)
    except ActivityError:
        return False
    return True


async def copy_to(view: CardView, person: Person) -> Place | None:
    """A copy of the card in somebody's direct messages; None when Slack did not take it."""
    request = CopyRequest(view=view, to=person.id)
    try:
        return await workflow.execute_activity_method(CardSteps.post_copy, request, **HURRIED)
    except ActivityError:
        return None


async def mail(view: CardView, people: Iterable[Person], why: Why, rung: str = "") -> bool:
    """A letter to each; True when at least one went out."""
    sent = False
    for person in people:
        request = MailRequest(view=view, to=person, why=why, rung=rung)
        try:
            went = await workflow.execute_activity_method(MailSteps.mail, request, **HURRIED)
        except ActivityError:
            workflow.logger.warning("a letter could not be sent")
        else:
            sent = sent or went
    return sent


async def close_mails(view: CardView) -> None:
    """Whoever got a letter is told that it is over; links stop working."""
    await workflow.execute_activity_method(MailSteps.close_mails, view, **PATIENT)


async def tell(to: str, text: str, about: Place | None) -> None:
    """One sentence to one person, with a link to the card."""
    word = Word(place=Place(channel=""), text=text, to=to, about=about)
    try:
        await workflow.execute_activity_method(CardSteps.say, word, **HURRIED)
    except ActivityError:
        workflow.logger.warning("a sentence could not be delivered")
