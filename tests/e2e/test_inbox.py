"""Home, `/approvals`, several at once, deputies and settings, over Slack's protocol."""

import asyncio
from typing import Any

import pytest

from notifications.cards.buttons import ActionId
from playground.blocks import problems, view_problems
from tests.e2e.conftest import CHANNEL, Office
from tests.e2e.gestures import COMMAND, approval_of, direct, first_card, more, option, told
from tests.fakes import GRACE, LINUS

LOW = pytest.mark.parametrize("office", [{"risk": "low"}], indirect=True)
HIGH = pytest.mark.parametrize("office", [{"risk": "high"}], indirect=True)
ALONE = pytest.mark.parametrize("office", [{"approvers": ["grace@acme.example"]}], indirect=True)
Message = dict[str, Any]


async def home_of(office: Office, part: str, without: str = "") -> Message:
    """Grace's Home once it shows this; visibility takes a moment, so it is opened again."""
    for _ in range(40):
        await office.grace.home()
        view = await office.grace.wait_for_home()
        if part in str(view["blocks"]) and (not without or without not in str(view["blocks"])):
            assert view_problems(published(view)) == []
            return view
        await asyncio.sleep(0.1)
    raise TimeoutError(part)


def published(view: Message) -> Message:
    kept = ("type", "blocks", "private_metadata", "callback_id", "external_id")
    return {name: view[name] for name in kept if view.get(name)}


def line_block(view: Message, approval: str = "") -> str:
    """The block id of the first listed approval."""
    return next(
        str(b["block_id"])
        for b in view["blocks"]
        if b.get("block_id", "").startswith("signoff_line_") and approval in b["block_id"]
    )


async def test_home_decides(office: Office) -> None:
    """The approval is listed, Approve counts, Home says so and forgets it; the card ends, too."""
    thread, _ = await first_card(office)
    view = await home_of(office, "analysis of penguins.csv")
    assert "No active requests" in str(view["blocks"])
    await office.grace.click(view, ActionId.APPROVE, block_id=line_block(view, ".analysis."))
    await office.decided(thread, "analysis")
    after = await office.grace.wait_for_home(lambda v: "your approval counts" in str(v["blocks"]))
    assert ".analysis.v1" not in str([b for b in after["blocks"] if b["type"] == "actions"])
    await direct(office.grace, "your approval counts")
    await home_of(office, "Recent decisions")


@HIGH
async def test_home_asks_for_care_where_the_card_does(office: Office) -> None:
    """A form with the phrase; rejecting works from there, too, and comes back to Home."""
    thread, _ = await first_card(office)
    view = await home_of(office, "⚠️ high risk")
    block = line_block(view)
    await office.grace.click(view, ActionId.APPROVE_WITH_CARE, block_id=block)
    form = await office.grace.wait_for_view()
    assert "Type analysis to approve" in str(form["blocks"])
    await office.grace.close(form)
    await office.grace.click(view, ActionId.REJECT, block_id=block)
    form = await office.grace.wait_for_view()
    await office.grace.submit(form, {"comment": {"comment": "not yet"}})
    await office.decided(thread, "analysis")
    await office.grace.wait_for_home(lambda v: "your rejection counts" in str(v["blocks"]))


async def test_filters_stay(office: Office) -> None:
    """Risk and pipeline; what does not fit is not listed; opening Home again keeps them."""
    await first_card(office)
    view = await home_of(office, "analysis of penguins.csv")
    high = {"selected_option": "high", "block_id": "signoff_filters"}
    await office.grace.click(view, ActionId.HOME_RISK, **high)
    await office.grace.wait_for_home(lambda v: "Nothing else fits" in str(v["blocks"]))
    await office.grace.home()
    view = await office.grace.wait_for_home(lambda v: '"risk":"high"' in v["private_metadata"])
    anything = {"selected_option": "any", "block_id": "signoff_filters"}
    await office.grace.click(view, ActionId.HOME_RISK, **anything)
    view = await office.grace.wait_for_home(lambda v: "penguins.csv" in str(v["blocks"]))
    review = {"selected_option": "review", "block_id": "signoff_filters"}
    await office.grace.click(view, ActionId.HOME_PIPELINE, **review)
    view = await office.grace.wait_for_home(lambda v: '"review"' in v["private_metadata"])
    assert "penguins.csv" in str(view["blocks"])


async def test_home_shows_what_i_asked_for(office: Office) -> None:
    """Ada's Home: her approval with who decides, and her running task."""
    await first_card(office)
    for _ in range(40):
        await office.ada.home()
        view = await office.ada.wait_for_home()
        if "waits for grace, linus" in str(view["blocks"]):
            break
        await asyncio.sleep(0.1)
    text = str(view["blocks"])
    assert "waits for grace, linus" in text
    assert "`t-" in text
    assert "You're all caught up." in text


async def test_the_list_decides(office: Office) -> None:
    """`/approvals` is private, lists mine with buttons, and they count."""
    thread, _ = await first_card(office)
    listed = await listing(office, "/approvals", "analysis of penguins.csv")
    assert listed["response"]["response_type"] == "ephemeral"
    assert problems(listed["response"]["blocks"], "message") == []
    shown = await office.grace.wait_for(lambda m: "waiting" in m["text"], CHANNEL)
    block = line_block(shown)
    await office.grace.click(shown, ActionId.APPROVE, block_id=block)
    await office.decided(thread, "analysis")
    after = await office.grace.wait_for(
        lambda m: m["ts"] == shown["ts"] and ".analysis.v1" not in str(m["blocks"]), CHANNEL
    )
    assert after["ephemeral_for"] == GRACE


async def listing(office: Office, text: str, part: str) -> Message:
    """What the command answers, once visibility knows."""
    answer: Message = {}
    for _ in range(40):
        answer = await office.grace.command(text, CHANNEL)
        if part in str(answer["response"]):
            return answer
        await asyncio.sleep(0.1)
    raise TimeoutError(str(answer["response"])[:500])


async def test_lists_of_all_and_of_one(office: Office) -> None:
    """`all` has no buttons; an id shows that one; an unknown one is said."""
    _, card = await first_card(office)
    everything = await listing(office, "/approvals all", "analysis of penguins.csv")
    assert "actions" not in [b["type"] for b in everything["response"]["blocks"]]
    approval = approval_of(card)
    one = await listing(office, f"/approvals {approval}", "Approvers")
    assert problems(one["response"]["blocks"], "message") == []
    await listing(office, "/approvals t-nothing", "There is no approval")


@LOW
async def test_several_at_once(office: Office) -> None:
    """Ticked, listed again, each decided on its own digest; one answer tells of all."""
    for _ in range(2):
        await office.ada.command(COMMAND, CHANNEL)
    view = await home_of(office, "Approve low-risk (2)")
    await office.grace.click(view, ActionId.BULK)
    form = await office.grace.wait_for_view()
    assert view_problems(modal_of(form)) == []
    empty = await office.grace.submit(form)
    assert "Select 1 to 20" in str(empty["errors"])
    values = [o["value"] for o in form["blocks"][1]["element"]["options"]]
    confirm = (await office.grace.submit(form, {"group_0": {"group_0": values}}))["view"]
    assert "You approve these 2" in str(confirm["blocks"])
    await office.grace.submit(confirm)
    await direct(office.grace, "2 of 2 approvals count")
    view = await home_of(office, "Recent decisions")


def modal_of(view: Message) -> Message:
    kept = ("type", "title", "submit", "close", "blocks", "private_metadata", "callback_id")
    return {name: view[name] for name in kept if view.get(name)}


@HIGH
async def test_high_risk_is_not_offered_in_bulk(office: Office) -> None:
    """Not on Home; a button that is pressed all the same says why not."""
    await first_card(office)
    view = await home_of(office, "penguins.csv")
    assert ActionId.BULK not in str([b for b in view["blocks"] if b["type"] == "actions"])


@ALONE
async def test_a_deputy_takes_over_what_waits_and_what_comes(office: Office) -> None:
    """Grace goes away: Linus gets her pending card, and the next one names Linus at once."""
    thread, _ = await first_card(office)
    view = await home_of(office, "analysis of penguins.csv")
    await office.grace.click(view, ActionId.SETTINGS)
    form = await office.grace.wait_for_view()
    wrong = await office.grace.submit(form, {"deputy": {"deputy": "U0GUEST001"}})
    assert "cannot stand in" in wrong["errors"]["deputy"]
    await office.grace.submit(form, {"deputy": {"deputy": LINUS}})
    view = await office.grace.wait_for_home(
        lambda v: "1 pending approval delegated to" in str(v["blocks"])
    )
    assert f"<@{LINUS}> decides in your place" in str(view["blocks"])
    moved = await office.ada.wait_for(
        lambda m: f"<@{GRACE}> delegated to <@{LINUS}>" in str(m.get("blocks")),
        CHANNEL,
        thread=thread,
    )
    news = await direct(
        office.linus, "named you as their delegate: 1 approval was delegated to you"
    )
    assert "analysis of penguins.csv · v1" in news["text"]
    await office.linus.click(moved, ActionId.APPROVE)
    second = await office.card(thread, "strategy")
    assert f"waiting for <@{LINUS}> ·" in str(second["blocks"])
    seen = await more(office.linus, second, "everything")
    assert f"*Approvers*\\n<@{LINUS}>'" in str(seen["blocks"])
    assert "out of office" in str(seen["blocks"])
    await office.grace.click(second, ActionId.APPROVE)
    await told(office.grace, "You are not an approver", thread)


async def test_settings_are_kept(office: Office) -> None:
    """Quiet hours and digest, shown in words, filled in the next time."""
    await office.grace.home()
    view = await office.grace.wait_for_home()
    await office.grace.click(view, ActionId.SETTINGS)
    form = await office.grace.wait_for_view()
    half = {"quiet_from": {"quiet_from": "22:00"}}
    assert (await office.grace.submit(form, half))["errors"]["quiet_until"]
    whole = half | {"quiet_until": {"quiet_until": "07:00"}, "digest": {"digest": []}}
    await office.grace.submit(form, whole)
    view = await office.grace.wait_for_home(lambda v: "22:00 to 07:00" in str(v["blocks"]))
    assert "digest: off" in str(view["blocks"])
    await office.grace.click(view, ActionId.SETTINGS)
    form = await office.grace.wait_for_view()
    assert "22:00" in str(form["blocks"])


async def test_menus_of_home_open_forms(office: Office) -> None:
    """The same forms as on the card; what comes of it is said in Home."""
    await first_card(office)
    view = await home_of(office, "penguins.csv")
    chosen = option(view, "later", "signoff_line_")
    await office.grace.click(view, ActionId.MORE, **chosen)
    form = await office.grace.wait_for_view()
    await office.grace.submit(form, {"minutes": {"minutes": "30"}})
    await office.grace.wait_for_home(lambda v: "reminded in 30 minutes" in str(v["blocks"]))


async def test_a_deputy_who_decides_anyway_is_told_once_of_everything(office: Office) -> None:
    """Two approvals wait for Grace and Linus: both are really Linus's, in one message."""
    for _ in range(2):
        await office.ada.command(COMMAND, CHANNEL)
    view = await home_of(office, "analysis of penguins.csv")
    async with asyncio.timeout(30):
        while str(view["blocks"]).count("'block_id': 'signoff_line_") < 2:
            await asyncio.sleep(0.2)
            view = await home_of(office, "analysis of penguins.csv")
    await office.grace.click(view, ActionId.SETTINGS)
    form = await office.grace.wait_for_view()
    await office.grace.submit(form, {"deputy": {"deputy": LINUS}})
    await office.grace.wait_for_home(
        lambda v: f"2 pending approvals delegated to <@{LINUS}>" in str(v["blocks"]), timeout=30
    )
    news = await direct(office.linus, "2 approvals were delegated to you")
    assert news["text"].count("analysis of penguins.csv · v1") == 2
    thread = await office.thread()
    moved = await office.ada.wait_for(
        lambda m: f"<@{GRACE}> delegated to <@{LINUS}>" in str(m.get("blocks")),
        CHANNEL,
        thread=thread,
    )
    await office.grace.click(moved, ActionId.APPROVE)
    await told(office.grace, f"You delegated your decision to <@{LINUS}>", thread)
    await office.linus.click(moved, ActionId.APPROVE)
    assert f"*Approved* by <@{LINUS}>" in str((await office.decided(thread, "analysis"))["blocks"])


@pytest.mark.parametrize("office", [{"quorum": 2}], indirect=True)
async def test_whoever_approved_is_not_named_as_rejecting(office: Office) -> None:
    """Grace approves, Linus rejects: card, task message and Home name Linus only."""
    thread, card = await first_card(office)
    await office.grace.click(card, ActionId.APPROVE)
    await told(office.grace, "Still needed", thread)
    await office.linus.click(card, ActionId.REJECT)
    form = await office.linus.wait_for_view()
    await office.linus.submit(form, {"comment": {"comment": "no"}})
    ended = await office.decided(thread, "analysis")
    assert f"by <@{LINUS}> ·" in str(ended["blocks"])
    task = await office.root(thread, "rejected")
    assert f"rejected by <@{LINUS}>" in str(task["blocks"]).casefold().replace(
        LINUS.casefold(), LINUS
    )
    assert GRACE not in str(task["blocks"])
    home = await home_of(office, "Recent decisions")
    assert f"rejected by <@{LINUS}>" in str(home["blocks"])
