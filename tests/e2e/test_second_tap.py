"""Two taps at one spot: the second one meets a card, a line or a list that nobody has read."""

import asyncio

import pytest

from notifications.cards.buttons import ActionId
from playground.blocks import view_problems
from tests.e2e.conftest import CHANNEL, Office
from tests.e2e.gestures import COMMAND, direct, first_card, told
from tests.e2e.test_inbox import home_of, line_block, modal_of

LOW = pytest.mark.parametrize("office", [{"risk": "low"}], indirect=True)
READ = 2.0


@pytest.fixture
def read_seconds() -> float:
    """As it is when nothing is configured."""
    return READ


async def test_the_next_card_is_not_approved_by_the_second_tap(office: Office) -> None:
    """It is asked again, and still waits; whoever has read it approves it."""
    thread, first = await first_card(office)
    await asyncio.sleep(READ)
    await office.grace.click(first, ActionId.APPROVE)
    second = await office.card(thread, "strategy")
    await office.grace.click(second, ActionId.APPROVE)
    answer = await told(office.grace, "only just appeared", thread)
    assert "wasn't recorded" in answer["text"]
    assert "Read it, then decide again" in answer["text"]
    waiting = await office.card(thread, "strategy")
    await asyncio.sleep(READ)
    await office.grace.click(waiting, ActionId.APPROVE)
    await office.decided(thread, "strategy")


async def test_a_line_that_moved_up_in_home_is_not_approved(office: Office) -> None:
    """The card is old, but Home has only just shown it."""
    thread, _ = await first_card(office)
    await asyncio.sleep(READ)
    view = await home_of(office, "analysis of penguins.csv")
    block = line_block(view, ".analysis.")
    await office.grace.click(view, ActionId.APPROVE, block_id=block)
    view = await office.grace.wait_for_home(lambda v: "only just appeared" in str(v["blocks"]))
    await asyncio.sleep(READ)
    await office.grace.click(view, ActionId.APPROVE, block_id=block)
    await office.decided(thread, "analysis")


@LOW
async def test_a_list_of_several_is_read_before_it_is_approved(office: Office) -> None:
    """The button that lists them and the one that approves them are at the same spot."""
    for _ in range(2):
        await office.ada.command(COMMAND, CHANNEL)
    view = await home_of(office, "Approve low-risk (2)")
    await office.grace.click(view, ActionId.BULK)
    form = await office.grace.wait_for_view()
    values = [o["value"] for o in form["blocks"][1]["element"]["options"]]
    confirm = (await office.grace.submit(form, {"group_0": {"group_0": values}}))["view"]
    for _ in range(2):
        confirm = (await office.grace.submit(confirm))["view"]
        assert str(confirm["blocks"]).count("only just appeared") == 1
        assert "You approve these 2" in str(confirm["blocks"])
        assert view_problems(modal_of(confirm)) == []
    await asyncio.sleep(READ)
    await office.grace.submit(confirm)
    await direct(office.grace, "2 of 2 approvals count")


async def test_a_form_that_was_just_opened_is_not_sent(office: Office) -> None:
    """What was typed stays; the same form counts later."""
    thread, card = await first_card(office)
    await office.grace.click(card, ActionId.REJECT)
    form, why = await office.grace.wait_for_view(), {"comment": {"comment": "the wrong file"}}
    sent = await office.grace.submit(form, why)
    assert "only just opened" in str(sent["errors"])
    await asyncio.sleep(READ)
    await office.grace.submit(form, why)
    await office.decided(thread, "analysis")
