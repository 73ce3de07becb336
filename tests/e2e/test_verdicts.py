"""Every verdict over Slack's protocol: forms, versions, edits, high risk, the full view."""

import pytest

from notifications.cards.buttons import ActionId
from playground.blocks import problems
from playground.testing.person import PersonError
from tests.e2e.conftest import CHANNEL, Office
from tests.e2e.gestures import first_card, more, option, told
from workflows.messages.results import AgentResult

HIGH = pytest.mark.parametrize("office", [{"risk": "high"}], indirect=True)
OPEN = pytest.mark.parametrize("office", [{"open_first": True}], indirect=True)
TWO = pytest.mark.parametrize("office", [{"quorum": 2}], indirect=True)
PRESETS = pytest.mark.parametrize(
    "office", [{"reject_reasons": ["wrong file", "too old"]}], indirect=True
)
ONCE = pytest.mark.parametrize("office", [{"max_revisions": 1}], indirect=True)


async def test_requested_changes_make_a_second_version(office: Office) -> None:
    """A form, a new card with the difference and what was asked; the old one says replaced."""
    thread, card = await first_card(office)
    office.agent.make = lambda _: AgentResult(summary="analysis v2", findings=("with 2024",))
    await office.grace.click(card, ActionId.REQUEST_CHANGES)
    form = await office.grace.wait_for_view()
    assert (await office.grace.submit(form, {}))["errors"]
    await office.grace.submit(form, {"comment": {"comment": "look at 2024, too"}})
    second = await office.card(thread, "analysis", 2)
    shown = str(second["blocks"])
    for part in ("look at 2024, too", "Changes since v1", "with 2024", "'strike': True"):
        assert part in shown
    assert problems(second["blocks"], "message") == []
    first = await office.decided(thread, "analysis", 1)
    assert "replaced by v2" in str(first["blocks"])
    await told(office.grace, "request for changes counts", thread)


async def test_a_click_on_a_replaced_version_is_answered(office: Office) -> None:
    """Linus still sees the old card: Linus is told, and nothing counts."""
    thread, card = await first_card(office)
    await office.grace.click(card, ActionId.REQUEST_CHANGES)
    form = await office.grace.wait_for_view()
    await office.linus.click(card, ActionId.REJECT)
    stale = await office.linus.wait_for_view()
    await office.grace.submit(form, {"comment": {"comment": "again"}})
    await office.card(thread, "analysis", 2)
    await office.linus.submit(stale, {"comment": {"comment": "no"}})
    answer = await told(office.linus, "this version is closed", thread)
    assert f"<@{office.grace.user}>" in answer["text"]
    assert await office.card(thread, "analysis", 2)


@ONCE
async def test_on_the_last_version_changes_are_not_offered(office: Office) -> None:
    """Approve or reject only; the menu has no edits either."""
    _, card = await first_card(office)
    assert ActionId.REQUEST_CHANGES not in str(card["blocks"])
    assert '"c":"edit"' not in str(card["blocks"])


@PRESETS
async def test_a_rejection_may_take_a_preset(office: Office) -> None:
    """One of the policy's reasons, or words; neither is said beside the field."""
    thread, card = await first_card(office)
    await office.grace.click(card, ActionId.REJECT)
    form = await office.grace.wait_for_view()
    errors = (await office.grace.submit(form, {}))["errors"]
    assert "Choose or write a reason" in errors["comment"]
    await office.grace.submit(form, {"reason": {"reason": "too old"}})
    card = await office.decided(thread, "analysis")
    assert "too old" in card["text"]


async def test_an_edit_becomes_a_version_that_somebody_else_approves(office: Office) -> None:
    """Grace edits; the card names her and shows the difference; she may not approve it herself."""
    thread, card = await first_card(office)
    form = await more(office.grace, card, "edit")
    errors = (await office.grace.submit(form))["errors"]
    assert "Nothing changed" in errors["summary"]
    await office.grace.submit(form, {"summary": {"summary": "as Grace wrote it"}})
    second = await office.card(thread, "analysis", 2)
    shown = str(second["blocks"])
    assert "as Grace wrote it" in shown
    assert f"edited by <@{office.grace.user}>" in shown
    first = await office.decided(thread, "analysis", 1)
    assert "*Edited*" in str(first["blocks"])
    await office.grace.click(second, ActionId.APPROVE)
    await told(office.grace, "You wrote or edited this version", thread)
    await office.linus.click(second, ActionId.APPROVE)
    done = await office.decided(thread, "analysis", 2)
    assert "Approved" in done["text"]


@HIGH
async def test_high_risk_repeats_the_facts_and_asks_for_the_phrase(office: Office) -> None:
    """Without it the form stays, with what was typed; with it the form is enough."""
    thread, card = await first_card(office)
    with pytest.raises(PersonError):
        await office.grace.click(card, ActionId.APPROVE)
    await office.grace.click(card, ActionId.APPROVE_WITH_CARE)
    form = await office.grace.wait_for_view()
    assert "Approvers" in str(form["blocks"])
    wrong = {"confirmation": {"confirmation": "yes"}, "comment": {"comment": "well done"}}
    slip = await office.grace.submit(form, wrong)
    assert "Type analysis exactly" in slip["errors"]["confirmation"]
    (form,) = await office.grace.views()
    await office.grace.submit(form, {"confirmation": {"confirmation": "Analysis"}})
    assert "Approved" in (await office.decided(thread, "analysis"))["text"]


@OPEN
async def test_the_full_view_opens_first_where_the_policy_asks_for_it(office: Office) -> None:
    """All of the text, and Approve as the form's button."""
    thread, card = await first_card(office)
    await office.grace.click(card, ActionId.APPROVE_WITH_CARE)
    form = await office.grace.wait_for_view()
    assert "All of it" in str(form["blocks"])
    assert form["submit"]["text"] == "Approve"
    await office.grace.submit(form)
    assert "Approved" in (await office.decided(thread, "analysis"))["text"]


@TWO
async def test_progress_stands_on_the_card(office: Office) -> None:
    """The first is counted and told what is missing; counting twice is not possible."""
    thread, card = await first_card(office)
    await office.grace.click(card, ActionId.APPROVE)
    await told(office.grace, "Still needed: 1 of 2", thread)
    await office.ada.wait_for(lambda m: "1 of 2" in str(m.get("blocks")), CHANNEL, thread=thread)
    await office.grace.click(card, ActionId.APPROVE)
    await told(office.grace, "was already counted", thread)
    await office.linus.click(card, ActionId.APPROVE)
    done = await office.decided(thread, "analysis")
    assert f"<@{office.grace.user}>, <@{office.linus.user}>" in str(done["blocks"])


async def test_everything_can_be_seen_by_whoever_sees_the_card(office: Office) -> None:
    """Also by the requester, who may not decide."""
    _, card = await first_card(office)
    seen = await more(office.ada, card, "everything")
    assert "All of it" in str(seen["blocks"])
    assert not seen.get("submit")


async def test_only_the_requester_withdraws(office: Office) -> None:
    """Others are told whose it is before they type anything; the card says withdrawn."""
    thread, card = await first_card(office)
    await office.grace.click(card, "signoff_more", **option(card, "withdraw"))
    await told(office.grace, f"Only <@{office.ada.user}>", thread)
    form = await more(office.ada, card, "withdraw")
    await office.ada.submit(form, {"comment": {"comment": "the wrong month"}})
    ended = await office.decided(thread, "analysis")
    assert "Withdrawn" in ended["text"]
    assert "the wrong month" in ended["text"]


async def test_a_reminder_later_is_promised(office: Office) -> None:
    """Privately, in minutes; somebody who is not asked is told who is."""
    thread, card = await first_card(office)
    form = await more(office.grace, card, "later")
    await office.grace.submit(form, {"minutes": {"minutes": "60"}})
    await told(office.grace, "reminded in 60 minutes", thread)


async def test_handing_on_to_the_wrong_person_is_refused(office: Office) -> None:
    """Oneself, the requester, a guest: each with its reason."""
    _, card = await first_card(office)
    form = await more(office.grace, card, "hand_on")
    own = await office.grace.submit(form, {"person": {"person": office.grace.user}})
    assert "somebody else" in own["errors"]["person"]
    asker = await office.grace.submit(form, {"person": {"person": office.ada.user}})
    assert "asked for this" in asker["errors"]["person"]
    guest = await office.grace.submit(form, {"person": {"person": "U0GUEST001"}})
    assert "may not be an approver" in guest["errors"]["person"]
    assert len(await office.grace.views()) == 1
