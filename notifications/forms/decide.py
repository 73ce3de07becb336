"""The forms of one approval: a verdict with words, handing on, a reminder, taking it back."""

from collections.abc import Sequence
from datetime import UTC, datetime

from notifications.cards.buttons import ActionId, ModalValue
from notifications.cards.details import body, details
from notifications.forms.inputs import modal, person_select, radio, select, text_input
from notifications.text.sanitize import clip, inert, visible
from notifications.views.blocks import Block, context, header, plain
from notifications.views.format import code
from notifications.views.full_text import full_text
from workflows.content.rendering import figures
from workflows.messages.decisions import Verdict
from workflows.messages.policy import Risk
from workflows.messages.requests import CardView
from workflows.messages.results import AgentResult

COMMENT = "comment"
VERDICT = "verdict"
REASON = "reason"
CONFIRMATION = "confirmation"
PERSON = "person"
MINUTES = "minutes"
MOST_BLOCKS = 100

_TITLES = {
    Verdict.APPROVE: "Approve",
    Verdict.REJECT: "Reject",
    Verdict.REQUEST_CHANGES: "Request changes",
}
_QUESTIONS = {
    Verdict.APPROVE: "Comment",
    Verdict.REJECT: "Reason",
    Verdict.REQUEST_CHANGES: "What should change?",
}


def words_modal(
    value: ModalValue, title: str, *, required: bool = True, presets: Sequence[str] = ()
) -> Block:
    """Asks for the words that a rejection or a request for changes needs."""
    blocks: list[Block] = [_head(title)]
    if presets and value.verdict is Verdict.REJECT:
        named = [(text, clip(text, 150).shown) for text in presets]
        blocks.append(select(REASON, "Reason", named, optional=True))
        value = value.model_copy(update={"required": required})
        required = False
    question = _QUESTIONS[value.verdict]
    blocks.append(text_input(COMMENT, question, multiline=True, optional=not required))
    name = _TITLES[value.verdict]
    return modal(
        ActionId.DECIDE_MODAL,
        name,
        blocks,
        submit=name,
        close="Cancel",
        metadata=value.model_dump_json(),
    )


def care_modal(value: ModalValue, view: CardView, result: AgentResult) -> Block:
    """Approve with care: the facts of the card again, all of the text, what high risk has to type.

    Which of these depends on the policy alone, so nobody is asked for more than it wants.
    """
    policy = view.request.policy
    blocks = body(view)
    last = [text_input(COMMENT, "Comment", multiline=True, optional=True)]
    if policy.risk is Risk.HIGH:
        last.insert(0, confirmation(view))
    if policy.open_first:
        blocks += full_text(result, MOST_BLOCKS - len(blocks) - len(last), blocks, names(view))
    return modal(
        ActionId.DECIDE_MODAL,
        "Approve",
        [*blocks, *last],
        submit="Approve",
        close="Cancel",
        metadata=value.model_dump_json(),
    )


def confirmation(view: CardView, *, optional: bool = False, edited: bool = False) -> Block:
    """What has to be typed before a high risk is approved; of `edited` calls it is new."""
    what = "what is written above" if view.request.result.calls else "the name"
    label = f"Type {view.ballot.phrase} to approve"
    hint = f"This is high risk. Typing {what} shows that you mean this one."
    if edited:
        label = "Type the total or the payee after your edits"
        hint = f"This is high risk. As it was, it would be {view.ballot.phrase}."
    return text_input(CONFIRMATION, label, hint=hint, optional=optional)


def hand_on_modal(value: ModalValue, title: str) -> Block:
    """Who decides in my place?"""
    blocks = [
        _head(title),
        person_select(PERSON, "Who decides for you?"),
        text_input(COMMENT, "Why?", optional=True, most=300),
    ]
    return modal(
        ActionId.HAND_ON_MODAL,
        "Delegate",
        blocks,
        submit="Delegate",
        close="Cancel",
        metadata=value.model_dump_json(),
    )


def later_modal(value: ModalValue, title: str) -> Block:
    """When do I want to be reminded?"""
    times = [(f"in {minutes} minutes", str(minutes)) for minutes in (30, 60, 90)]
    return modal(
        ActionId.LATER_MODAL,
        "Remind me later",
        [_head(title), radio(MINUTES, "Remind me", times)],
        submit="Remind me",
        close="Cancel",
        metadata=value.model_dump_json(),
    )


def withdraw_modal(value: ModalValue, title: str) -> Block:
    """Does the requester really take it back?"""
    return modal(
        ActionId.WITHDRAW_MODAL,
        "Withdraw",
        [_head(title), text_input(COMMENT, "Why?", optional=True, most=300)],
        submit="Withdraw",
        close="Cancel",
        metadata=value.model_dump_json(),
    )


def everything_modal(
    value: ModalValue, view: CardView, result: AgentResult, verdicts: Sequence[Verdict] = ()
) -> Block:
    """All there is to see, each thing once; and the decision, for whoever has these `verdicts`."""
    blocks = details(view, datetime.now(UTC))
    last = _decision(view, verdicts)
    if result.metrics:
        last.insert(0, context(f"Figures: {code(clip(figures(result), 1_500, visible).shown)}"))
    blocks += full_text(result, MOST_BLOCKS - len(blocks) - len(last), blocks, names(view))
    if not verdicts:
        return modal(ActionId.READ_MODAL, "Details", [*blocks, *last], close="Close")
    value = value.model_copy(update={"required": view.request.policy.reason_required})
    return modal(
        ActionId.DECIDE_MODAL,
        "Details",
        [*blocks, *last],
        submit="Send decision",
        close="Close",
        metadata=value.model_dump_json(),
    )


def _decision(view: CardView, verdicts: Sequence[Verdict]) -> list[Block]:
    """Nothing is chosen beforehand: what is sent in was decided."""
    if not verdicts:
        return []
    choices = [(_TITLES[verdict], verdict.value) for verdict in verdicts]
    asked = [
        radio(VERDICT, "Your decision", choices, chosen=False),
        text_input(COMMENT, "Comment, or the reason", multiline=True, optional=True),
    ]
    if view.request.policy.risk is Risk.HIGH and Verdict.APPROVE in verdicts:
        asked.append(confirmation(view, optional=True))
    return asked


def names(view: CardView) -> dict[str, str]:
    """The names that are known here, by id."""
    electorate = view.ballot.electorate
    return {person.id: person.name for person in electorate.people} if electorate else {}


def _head(title: str) -> Block:
    if len(title) <= 150:
        return header(clip(title, 150, inert).shown)
    return {"type": "section", "text": plain(clip(title, 2_900, inert).shown)}
