"""Deciding in the full view: the same rules, the same revision, and nothing by default."""

import pytest

from notifications.cards.buttons import ActionId
from tests.e2e.conftest import Office
from tests.e2e.gestures import first_card, more


async def test_the_full_view_decides_what_is_chosen_there(office: Office) -> None:
    """Nothing chosen is no consent; a rejection needs its reason; then it counts, once."""
    thread, card = await first_card(office)
    form = await more(office.grace, card, "everything")
    assert form["callback_id"] == ActionId.DECIDE_MODAL
    said = {"comment": {"comment": ""}}
    nothing = await office.grace.submit(form, said)
    assert set(nothing["errors"]) == {"verdict"}
    reject = {"verdict": {"verdict": "reject"}}
    wordless = await office.grace.submit(form, reject)
    assert set(wordless["errors"]) == {"comment"}
    await office.grace.submit(form, reject | {"comment": {"comment": "wrong quarter"}})
    decided = await office.decided(thread, "analysis")
    assert "wrong quarter" in str(decided["blocks"])


async def test_whoever_may_not_decide_only_reads(office: Office) -> None:
    """The requester sees everything, and no form."""
    _, card = await first_card(office)
    form = await more(office.ada, card, "everything")
    assert form["callback_id"] == ActionId.READ_MODAL
    assert "input" not in {block["type"] for block in form["blocks"]}


@pytest.mark.parametrize("office", [{"risk": "high"}], indirect=True)
async def test_high_risk_takes_its_phrase_there_too(office: Office) -> None:
    """Approved without it nothing counts, which is said beside the field; rejecting needs none."""
    thread, card = await first_card(office)
    form = await more(office.grace, card, "everything")
    approve = {"verdict": {"verdict": "approve"}}
    assert set((await office.grace.submit(form, approve))["errors"]) == {"confirmation"}
    await office.grace.submit(form, approve | {"confirmation": {"confirmation": "analysis"}})
    decided = await office.decided(thread, "analysis")
    assert "Approved" in decided["text"]
