"""What an answer says was done, held against what the step's tool calls did."""

import pytest

from workflows.content import claimed_acts
from workflows.content.claimed_acts import unfounded
from workflows.messages.results import AgentResult, RunStatus, ToolRun

PAID = ToolRun(key="1", tool="order_payment", arguments={"to": "Ann"})
CLAIMS = {
    "I have ordered three laptops.": ("ordered",),
    "We've already paid Ann and sent her a message.": ("paid",),
    "The e-mail to Ann has now been sent.": ("sent",),
    "Successfully deleted the old records.": ("deleted",),
    "* Invoice 17: both payments have been transferred": ("transferred",),
    "The service was restarted successfully? Restarted successfully.": ("restarted",),
    "I ordered it, and the booking has been cancelled.": ("cancelled", "ordered"),
}
NONE = (
    "Orders were cancelled in May, and units ordered fell by 10 %.",
    "I have not ordered anything.",
    "Nothing was done: no payment has been sent.",
    "If I had ordered it, it would be here.",
    "Customers who paid late are in the north.",
    "Ten rows; the column created_at has been read.",
    "",
)


@pytest.mark.parametrize("text", CLAIMS)
def test_a_claim_without_a_call(text: str) -> None:
    """Wherever it stands in the result."""
    for result in (
        AgentResult(summary=text),
        AgentResult(summary="Done.", findings=(text,)),
        AgentResult(summary="Done.", full_text=f"# All\n\n{text}"),
    ):
        assert unfounded(result, ()) == CLAIMS[text]


@pytest.mark.parametrize("text", NONE)
def test_no_claim(text: str) -> None:
    """What the data tell, and what was not done."""
    assert not unfounded(AgentResult(summary=text), ())


def test_a_call_that_did_it() -> None:
    """Or may have; one that failed did not, and another kind of act is another one."""
    ordered = AgentResult(summary="I have ordered and successfully transferred it.")
    assert not unfounded(ordered, (PAID,))
    assert not unfounded(ordered, (PAID.model_copy(update={"status": RunStatus.UNKNOWN}),))
    failed = PAID.model_copy(update={"status": RunStatus.FAILED})
    assert unfounded(ordered, (failed,)) == ("ordered", "transferred")
    assert unfounded(AgentResult(summary="I have deleted it."), (PAID,)) == ("deleted",)
    anything = ToolRun(key="2", tool="do_it")
    assert not unfounded(AgentResult(summary="I have deleted it."), (anything,))


def test_a_long_text_takes_no_time() -> None:
    """Two million characters, of which most might begin a claim."""
    text = "the order and I have already " * 70_000
    assert not unfounded(AgentResult(summary="x", full_text=text), ())


def test_a_text_of_millions_of_characters_holds_nobody_up() -> None:
    """A verb is looked at in so many places and no more; a claim before them is found."""
    hostile = "paid " * 1_000_000
    assert len(list(claimed_acts._claims(hostile, "paid"))) == claimed_acts._PLACES
    result = AgentResult(summary="I have paid.", full_text=hostile)
    assert unfounded(result, ()) == ("paid",)
