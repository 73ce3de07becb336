"""What people read after the act: the receipt, the task's message, the requester's own message."""

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifications.cards.card import card
from notifications.cards.details import details
from notifications.cards.runs import before, counted
from notifications.mail.plain_card import plain_card
from notifications.views import words
from notifications.views.receipt import receipt, receipt_file, receipt_text
from notifications.views.task_message import task_message, task_text
from notifications.views.tidings import key, tidings, tidings_text
from playground.blocks import problems
from tests.notifications.card_views import ADA, GRACE, LINUS, NOW, view
from tests.notifications.corpus import TEXTS, Poison
from tests.notifications.slack_reader import hidden_parts, live_parts
from workflows.messages.decisions import Outcome, Place
from workflows.messages.results import DeniedCall, RunStatus, ToolRun
from workflows.messages.tasks import StepState, StepStatus, TaskView, Trouble
from workflows.task.cost import Spent
from workflows.task.receipts import Declined, Receipt

LINK = "https://acme.slack.example/archives/C0GENERAL1/p1"
PAID = ToolRun(
    key="k1",
    tool="order_payment",
    arguments={"to": "Ann Meyer", "amount": 1890.0, "currency": "EUR"},
    response={"order": "PO-1", "to": "Ann Meyer"},
    approved=True,
)
FAILED = PAID.model_copy(update={"key": "k2", "status": RunStatus.FAILED, "response": {}})
UNKNOWN = PAID.model_copy(update={"key": "k3", "status": RunStatus.UNKNOWN, "response": {}})
NO = Declined(
    step="payment",
    tool="order_payment",
    arguments={"to": "Bob"},
    outcome=Outcome.REJECTED,
    by=(GRACE,),
    reason="not him <!here>",
)
LATE = NO.model_copy(update={"outcome": Outcome.EXPIRED, "by": (), "reason": ""})
STEPS = (
    StepStatus(name="analysis", state=StepState.APPROVED, by=(GRACE,), since=NOW),
    StepStatus(name="report", state=StepState.REJECTED, by=(LINUS,), reason="wrong", since=NOW),
    StepStatus(name="mail", state=StepState.NOT_RUN),
)


def told(*ran: ToolRun, declined: tuple[Declined, ...] = (), report: str = "# Paid") -> Receipt:
    return Receipt(
        task_id="t-1",
        pipeline="pay",
        step="payment",
        requester=ADA,
        thread=Place(channel="C1", ts="1.0"),
        ran=ran,
        declined=declined,
        report=report,
    )


def task(status: str = "running", **changed: Any) -> TaskView:
    made: dict[str, Any] = {
        "id": "t-1",
        "pipeline": "review",
        "requester": ADA,
        "sources": ("penguins.csv",),
        "started_at": NOW,
        "steps": STEPS,
        "place": Place(channel="C1", ts="1.0"),
        "status": status,
        "ended_at": None if status in {"running", "stuck"} else NOW + timedelta(hours=1),
    }
    return TaskView.model_validate(made | changed)


def made(poison: Poison) -> str:
    """Without lone surrogates, which no message between processes can hold."""
    text: str = poison.make()[:3_000]
    return text.encode("utf-8", "replace").decode()


def shown(blocks: list[dict[str, Any]]) -> str:
    return "\n".join(_texts(blocks))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("text"), str):
            yield value["text"]
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)


def test_a_receipt_says_what_was_done_and_asks_nothing() -> None:
    """From the recorded calls: what ran with what, what came back, who said no and why."""
    blocks = receipt(told(PAID, FAILED, declined=(NO, LATE)))
    text = shown(blocks)
    assert "1 of 2 actions carried out, 1 failed, 1 rejected, 1 not decided in time" in text
    assert "order_payment: to Ann Meyer, amount 1,890.00, currency EUR → order PO-1" in text
    assert f"Rejected by <@{GRACE}>: order_payment: to Bob" in text
    assert "Not decided in time: order_payment: to Bob" in text
    assert f"<@{ADA}>" in text
    assert not any(block["type"] == "actions" for block in blocks)
    assert problems(blocks, "message") == []


@pytest.mark.parametrize("field", ["to", "amount", "currency"])
def test_each_argument_that_ran_is_on_the_receipt_and_in_its_file(field: str) -> None:
    """Changing any of them changes what people read."""
    other = PAID.model_copy(update={"arguments": {**PAID.arguments, field: "4711"}})
    for render in (lambda one: shown(receipt(one)), receipt_file):
        assert "4711" in render(told(other))
        assert "4711" not in render(told(PAID))


EDITED = PAID.model_copy(
    update={
        "arguments": {**PAID.arguments, "amount": 1980.5},
        "proposed": PAID.arguments,
        "edited_by": (GRACE,),
        "approved_by": (LINUS,),
    }
)


def test_an_edit_stands_above_what_the_agent_says_of_it() -> None:
    """The file corrects the agent before the agent is read; without an edit nothing is said."""
    change = "order_payment: amount 1,890.00 → 1,980.50"
    text = receipt_file(told(EDITED, report="Paid 1,890.00, as I proposed."))
    assert "1 call ran as people edited it: " + change in text
    assert text.index(change) < text.index("as I proposed")
    assert "as people edited" not in receipt_file(told(PAID))


def test_edits_and_their_people_are_told_everywhere() -> None:
    """To the channel, to the requester, and on the receipt: who edited what, and who approved."""
    who = f"Edited by <@{GRACE}>, approved by <@{LINUS}>"
    ended = task("completed", ran=(EDITED,))
    for blocks in (task_message(ended), tidings(ended, LINK), receipt(told(EDITED))):
        assert "amount 1,890.00 → 1,980.50" in shown(blocks)
        assert who in shown(blocks)
        assert problems(blocks, "message") == []


def test_changes_requested_is_not_told_as_a_rejection() -> None:
    """By whom, and that the agent gave up; on the receipt as well."""
    state = StepState.CHANGES_REQUESTED
    steps = (StepStatus(name="payment", state=state, by=(GRACE,), reason="half"),)
    back = NO.model_copy(update={"outcome": Outcome.CHANGES_REQUESTED})
    ended = task("changes_requested_at_payment", steps=steps, declined=(back,), reason="half")
    for blocks in (task_message(ended), tidings(ended, LINK)):
        text = shown(blocks)
        assert f"by <@{GRACE}>" in text
        assert "hanges requested at payment" in text
        assert "The agent proposed nothing else" in text
        assert "ejected" not in text
    text = shown(receipt(told(declined=(back,))))
    assert "1 sent back for changes" in text
    assert "ejected" not in text


def test_a_part_that_failed_is_no_plain_success() -> None:
    """A sign, the counts, and the call that failed by name; the step's line says so, too."""
    failed = FAILED.model_copy(update={"arguments": {"to": "Catering", "amount": 12.5}})
    steps = (StepStatus(name="payment", state=StepState.PARTLY_DONE),)
    ended = task("completed_with_failures", steps=steps, ran=(PAID, PAID, failed))
    for blocks in (task_message(ended), tidings(ended, LINK)):
        text = shown(blocks)
        assert text.startswith("⚠️")
        assert "2 of 3 actions carried out, 1 failed. Failed: order_payment: to Catering" in text
        assert "✅" not in text
    assert "Done in part" in shown(task_message(ended))
    assert shown(receipt(told(PAID, failed))).startswith("*⚠️")


def test_what_is_not_known_is_said_loudly() -> None:
    """On the receipt, in its file, on the task's message, in the requester's, on a later card."""
    said = "It is not known whether an action ran."
    assert said in shown(receipt(told(UNKNOWN)))
    assert receipt_text(told(UNKNOWN)).startswith("⚠️ 1 not known to have run")
    assert said in receipt_file(told(UNKNOWN))
    ended = task("completed", ran=(UNKNOWN,))
    assert said in shown(task_message(ended))
    assert said in shown(tidings(ended, LINK))
    assert said in shown(card(view(ran=(UNKNOWN,))))
    assert said in str(plain_card(view(ran=(UNKNOWN,)), NOW).facts)
    assert "not known" not in shown(receipt(told(PAID)))


def test_the_file_has_everything_and_the_agents_words_apart() -> None:
    """Hidden characters of the agent are visible there; ids of people are no mentions."""
    many = [PAID.model_copy(update={"key": str(n), "tool": f"tool_{n}"}) for n in range(60)]
    one = told(*many, declined=(NO,), report="Paid\u202e all")
    text = receipt_file(one)
    assert all(f"tool_{number}:" in text for number in range(60))
    assert text.index("What the agent of payment wrote") < text.index("Paid[U+202E] all")
    assert "<@" not in text
    assert "and 36 more, all listed in the file" in shown(receipt(one))


def test_nothing_done_is_said() -> None:
    """A receipt of rejected calls alone says that nothing was carried out."""
    assert "0 actions carried out, 1 rejected" in receipt_text(told(declined=(NO,)))
    assert "Nothing was carried out" in receipt_text(told())


def test_counts_read_well() -> None:
    """One and many; nothing at all is no sentence."""
    assert counted(()) == ""
    assert counted((PAID, PAID, FAILED)) == "2 of 3 actions carried out, 1 failed"
    assert counted((FAILED,)) == "1 failed"
    assert before((PAID,)) == "1 action was carried out before"
    assert (
        before((PAID, PAID, UNKNOWN)) == "2 actions were carried out before, 1 action may have run"
    )
    assert before((FAILED,)) == ""


ENDS = {
    "completed": ("✅", "Completed", "5 actions carried out"),
    "completed_with_failures": ("⚠️", "Completed, not without failures", "5 actions"),
    "changes_requested_at_report": ("✏️", "Changes requested at report", "5 actions were carried"),
    "completed_with_fallback": ("☑️", "Completed, partly without a live agent", "5 actions"),
    "rejected_at_report": ("❌", "Rejected at report", "5 actions were carried out before"),
    "expired_at_report": ("⌛", "Expired at report", "5 actions were carried out before"),
    "withdrawn_at_report": ("↩️", "Withdrawn at report", "5 actions were carried out before"),
    "failed_at_report": ("⚠️", "Failed at report", "5 actions were carried out before"),
    "cancelled": ("↩️", "Cancelled", "5 actions were carried out before"),
}


@pytest.mark.parametrize("status", ENDS)
def test_every_end_is_told_with_what_was_done(status: str) -> None:
    """The outcome first, at most 120 characters, then what was done, why, and a link."""
    sign, word, did = ENDS[status]
    ended = task(status, ran=(PAID,) * 5, reason="the reason")
    text = tidings_text(ended)
    assert text.startswith(f"{sign} {word}: review of penguins.csv")
    assert len(text) <= 120
    blocks = tidings(ended, LINK)
    assert did in shown(blocks)
    assert "the reason" in shown(blocks)
    assert f"<{LINK}|Open the result>" in shown(blocks)
    assert "|Open" not in shown(tidings(ended, ""))
    head = shown(task_message(ended)).splitlines()[0]
    assert head.startswith(sign)
    assert did in head
    assert word.lower() in task_text(ended).lower()


def test_an_ended_task_waits_for_nothing() -> None:
    """No step is to come, nothing needs help, no button is left."""
    text = shown(task_message(task("cancelled", ended_by=GRACE, problem="")))
    assert "Not run" in text
    assert f"cancelled by <@{GRACE}>" in text
    for stale in ("to come", "Not started", "needs help", "Retry", "Waiting"):
        assert stale not in text


def test_every_state_and_status_has_words() -> None:
    """Signs of what nobody did wrong are no red cross."""
    assert set(words.STEP) == set(StepState)
    assert words.task("withdrawn_at_report") == ("↩️", "Withdrawn at report")
    assert words.task("expired_at_report")[0] == "⌛"
    assert words.task("stuck")[1].startswith("Failed")
    assert words.task("something else") == ("▫️", "something else")
    assert all(said[0].isupper() for _, said in words.STEP.values())


@pytest.mark.parametrize("trouble", Trouble)
def test_a_failure_is_told_with_what_to_do(trouble: Trouble) -> None:
    """What failed, in the agent's words made inert, and the way to Retry."""
    steps = (StepStatus(name="analysis", state=StepState.STUCK), STEPS[2])
    stuck = task("stuck", steps=steps, problem="Asleep <!here>", problem_number=2, trouble=trouble)
    text = shown(tidings(stuck, LINK))
    assert f"*{words.TROUBLE[trouble]} at analysis*: review of `penguins.csv`" in text
    assert "Asleep < !here>" in text
    assert f"<{LINK}|on its message>" in text
    assert tidings_text(stuck).startswith(f"⚠️ {words.TROUBLE[trouble]} at analysis")
    assert key(stuck) != key(stuck.model_copy(update={"problem_number": 3}))
    assert key(stuck) != key(task("completed"))


def test_a_card_says_what_ran_before() -> None:
    """No decision takes it back; without runs nothing is said of them."""
    text = shown(card(view(ran=(PAID.brief(),))))
    assert "Ran already, whatever you decide:" in text
    assert "to Ann Meyer, amount 1,890.00, currency EUR" in text
    assert "Ran already" not in shown(card(view()))


STOPPED = DeniedCall(tool="delete_backup", arguments={"name": "db-1"}, reason="never in March")


def test_a_card_says_what_a_policy_stopped() -> None:
    """On the card, in its details, in the mail; of many the first, and how many more."""
    asked = view(denied=(STOPPED,))
    for text in (shown(card(asked)), shown(details(asked, NOW)), str(plain_card(asked, NOW).facts)):
        assert "Denied by policy" in text
        assert "delete_backup: name db-1" in text
        assert "never in March" in text
    assert "Denied by policy" not in shown(card(view()))
    assert "and 8 more" in shown(card(view(denied=(STOPPED,) * 10)))


@pytest.mark.parametrize("poison", TEXTS[:120], ids=lambda poison: poison.name)
def test_what_was_stopped_stays_inert(poison: Poison) -> None:
    """Its tool, its arguments and the reason are data."""
    text = made(poison)
    one = DeniedCall(tool=text, arguments={text: text}, reason=text)
    lines = [b for b in card(view(denied=(one,))) if "Denied by policy" in str(b)]
    assert problems(lines, "message") == []
    source = lines[0]["elements"][0]["text"].removeprefix("🚫 *Denied by policy:* ")
    assert [part for part in live_parts(source) if not part.startswith("style")] == []


@settings(max_examples=60, deadline=None)
@given(
    text=st.one_of(st.sampled_from(TEXTS).map(made), st.text(max_size=400)),
    count=st.integers(1, 70),
)
def test_hostile_words_stay_inert(text: str, count: int) -> None:
    """Tools, arguments, responses, reasons, names: valid blocks, nothing live, nothing hidden."""
    run = ToolRun(key="k", tool=text, arguments={text: text}, response={text: [text]})
    no = NO.model_copy(update={"tool": text, "arguments": {text: {text: 1}}, "reason": text})
    one = told(*[run] * count, declined=(no,) * 3, report=text)
    steps = tuple(s.model_copy(update={"reason": text, "since": None}) for s in STEPS)
    ended = task("rejected_at_report", ran=(run,), reason=text, sources=(text,), steps=steps)
    for blocks in (receipt(one), tidings(ended, LINK), task_message(ended)):
        assert problems(blocks, "message") == []
        for block in blocks:
            if block["type"] == "section":
                source = block["text"]["text"]
                for ours in (
                    f"<@{ADA}>",
                    f"<@{GRACE}>",
                    f"<@{LINUS}>",
                    f"<{LINK}|Open the result>",
                ):
                    source = source.replace(ours, "")
                source = re.sub(r"`[^`\n]+`", "", source)  # Slack links nothing in code
                assert [p for p in live_parts(source) if not p.startswith(("style", "code"))] == []
                assert not list(hidden_parts(unescape(source)))
    assert len(tidings_text(ended)) <= 120
    assert len(receipt_text(one)) <= 120


def test_the_receipt_says_what_it_cost() -> None:
    """In the grey line and in the file, with money where prices are known, as on the card."""
    spent = Spent(calls=3, tokens=3_667, money=0.42)
    receipt_of = told(PAID).model_copy(update={"spent": spent})
    cost = "3 calls of a model, 3,667 tokens, 0.42 by the price table"
    assert cost == spent.words()
    assert f"for <@{ADA}> · {cost}" in receipt(receipt_of)[-1]["elements"][0]["text"]
    assert f"The step took {cost}." in receipt_file(receipt_of)
    assert "of a model" not in str(receipt(told(PAID))) + receipt_file(told(PAID))
