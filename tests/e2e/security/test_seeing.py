"""A guest in no channel tries everything; a member sees what stands where they are; the terminal."""

import asyncio
import io
import json
from typing import Any

import pytest
from rich.console import Console

from bot.access import onlookers
from bot.commands import ask
from bot.config.errors import BadRequest
from notifications.cards.buttons import ActionId
from playground.testing.person import Person
from tests.e2e.conftest import CHANNEL, Office
from tests.e2e.gestures import COMMAND, approval_of, first_card, option
from tests.e2e.test_answers import click_payload
from tests.e2e.test_inbox import listing
from workflows.messages.decisions import Verdict

GUEST, TITLE = "U0GUEST001", "penguins"
LOW = pytest.mark.parametrize("office", [{"risk": "low"}], indirect=True)
TWO = pytest.mark.parametrize("office", [{"quorum": 2}], indirect=True)
Message = dict[str, Any]


async def own_messages(person: Person) -> str:
    """The guest's conversation with the app, where commands can be typed in no channel."""
    await person.home()
    listed = (await person.state())["channels"]
    return next(str(one["id"]) for one in listed if str(one["id"]).startswith("D"))


async def test_a_guest_in_no_channel_gets_nothing(office: Office) -> None:
    """By no command, no form, no forged click; and starts nothing. Each is answered in a sentence."""
    _, card = await first_card(office)
    await listing(office, "/approvals all", TITLE)  # it is listed by now
    approval = approval_of(card)
    task = approval.partition(".")[0]
    guest = office.person(GUEST)
    here = await own_messages(guest)
    for typed, says in {
        "/approvals all": "Nothing waits for a decision",
        "/approvals": "Nothing waits for your decision",
        f"/approvals {approval}": "There is no approval",
        f"/task status {task}": "There is no task",
        f"/task cancel {task}": "There is no task",
        "/task list": "You have no running task",
        "/task review examples/penguins.csv": "You can't start tasks here",
        "/task nothing": "You can't start tasks here",
    }.items():
        told = str((await guest.command(typed, here))["response"])
        assert says in told, typed
        assert TITLE not in told, typed
        assert "seattle" not in told, typed
    await guest.command("/task", here)
    await guest.wait_for(lambda m: "You can't start tasks here" in m["text"], here)
    await guest.shortcut(ActionId.NEW_TASK)
    assert await guest.views() == []
    for element in (element for block in card["blocks"] for element in block.get("elements") or ()):
        if "action_id" not in element:
            continue
        chosen = option(card, "later") if element["type"] == "overflow" else {}
        payload = click_payload(card, element | chosen, GUEST)
        await office.ada.deliver("interactive", payload)
    view = await guest.home()
    assert TITLE not in str(view)
    assert await guest.views() == []
    assert TITLE not in str(await guest.messages(here))
    assert await office.card(card["thread_ts"], "analysis")
    await guest.close_session()


async def test_lists_are_closed_while_slack_does_not_say_who_may_see(office: Office) -> None:
    """The sentence names the trouble and the way out; approvers still see what is theirs."""
    await first_card(office)
    await listing(office, "/approvals all", TITLE)
    await office.ada.fault("rate_limited", method="users.conversations", retry_after=1)
    member = office.person(GUEST)
    await office.ada.change_user(GUEST, is_restricted=False)
    here = await own_messages(member)
    told = str((await member.command("/approvals all", here))["response"])
    assert onlookers.UNSURE in told
    assert TITLE not in told
    mine = str((await office.linus.command("/approvals", CHANNEL))["response"])
    assert TITLE in mine
    await office.ada.heal()
    await member.close_session()


@TWO
async def test_what_i_have_decided_does_not_wait_for_me(office: Office) -> None:
    """Of two approvals needed Grace has given hers: neither her list nor her Home asks again."""
    _, card = await first_card(office)
    await listing(office, "/approvals", TITLE)
    await office.grace.click(card, ActionId.APPROVE)
    for _ in range(60):
        told = str((await office.grace.command("/approvals", CHANNEL))["response"])
        if TITLE not in told:
            break
        await asyncio.sleep(0.1)
    assert "Nothing waits for your decision" in told
    await office.grace.home()
    await office.grace.wait_for_home(lambda view: "You're all caught up." in str(view["blocks"]))
    assert TITLE in str((await office.linus.command("/approvals", CHANNEL))["response"])


@LOW
async def test_a_list_is_renewed_after_several_were_approved_in_it(office: Office) -> None:
    """The private list loses what was approved."""
    for _ in range(2):
        await office.ada.command(COMMAND, CHANNEL)
    await listing(office, "/approvals", "Approve low-risk (2)")
    shown = await office.grace.wait_for(lambda m: "low-risk (2)" in str(m["blocks"]), CHANNEL)
    await office.grace.click(shown, ActionId.BULK)
    form = await office.grace.wait_for_view()
    values = [one["value"] for one in form["blocks"][1]["element"]["options"]]
    confirm = (await office.grace.submit(form, {"group_0": {"group_0": values}}))["view"]
    await office.grace.submit(confirm)
    await office.grace.wait_for(
        lambda m: m["ts"] == shown["ts"] and "Nothing waits for your decision" in str(m["blocks"]),
        CHANNEL,
        timeout=30,
    )


async def test_the_terminal_shows_whole_ids_and_json(office: Office) -> None:
    """However narrow, piped, in ASCII; and a refusal is the sentence that Slack shows."""
    _, card = await first_card(office)
    await listing(office, "/approvals all", TITLE)
    approval = approval_of(card)
    written = io.StringIO()
    narrow = Console(file=written, width=20, soft_wrap=True, highlight=False)
    await ask.list_pending(office.settings, narrow, "")
    lines = [line.strip() for line in written.getvalue().splitlines()]
    assert approval in lines
    assert approval.partition(".")[0] in lines
    assert written.getvalue().isascii()
    (listed,) = (await as_json(office, ""))["approvals"]
    assert listed["id"] == approval
    shown = await as_json(office, approval)
    assert shown["digest"].startswith(listed["digest"])
    assert shown["outcome"] is None
    task = await as_json(office, shown["task"])
    assert task["steps"][0]["name"] == "analysis"
    with pytest.raises(BadRequest, match=r"someone else must approve: .*grace \(U0"):
        await ask.decide(
            office.settings,
            narrow,
            approval,
            Verdict.APPROVE,
            office.ada.user,
            shown["digest"],
            "",
            "",
        )


async def as_json(office: Office, item: str) -> Message:
    written = io.StringIO()
    say = Console(file=written, width=20, soft_wrap=True, highlight=False)
    if item:
        await ask.show(office.settings, say, item, as_json=True)
    else:
        await ask.list_pending(office.settings, say, "", as_json=True)
    assert written.getvalue().isascii()
    found: Message = json.loads(written.getvalue())
    return found
