"""Every click is answered: privately, soon, by whoever knows; and a forged one counts nothing."""

import time

import pytest

from bot.processes import bootstrap
from notifications.cards.buttons import ActionId, ButtonValue, ModalValue, Target
from tests.e2e.conftest import CHANNEL, Office
from tests.e2e.gestures import Message, buttons, first_card, more, told
from tests.fakes import GRACE
from workflows.messages.decisions import Decision, Place, Verdict, Via

ALONE = pytest.mark.parametrize("office", [{"approvers": ["grace@acme.example"]}], indirect=True)
TWO = pytest.mark.parametrize("office", [{"quorum": 2}], indirect=True)
SHORT = pytest.mark.parametrize("office", [{"timeout": "3s"}], indirect=True)


async def test_an_accepted_click_is_answered_within_a_second(office: Office) -> None:
    """Who clicked is told that it counts."""
    thread, card = await first_card(office)
    started = time.monotonic()
    await office.grace.click(card, ActionId.APPROVE)
    await told(office.grace, "your approval counts", thread)
    assert time.monotonic() - started < 3  # shared machine; alone it takes a tenth of it


async def test_after_the_decision_everybody_is_told_by_whom_and_when(office: Office) -> None:
    """Every button of the old card: the click, the form, and the menu."""
    thread, card = await first_card(office)
    await office.grace.click(card, ActionId.APPROVE)
    await office.decided(thread, "analysis")
    for action in (ActionId.APPROVE, ActionId.REJECT, ActionId.REQUEST_CHANGES):
        await redelivered(office, card, action)
        answer = await told(office.linus, "already approved", thread)
        assert f"<@{GRACE}>" in answer["text"]
        assert "<!date^" in answer["text"]
        await forget(office, answer)
    assert not await office.linus.views()


async def redelivered(office: Office, card: Message, action: str, **changed: str) -> None:
    """Linus clicks on a card as it was: the client had not heard of the decision."""
    element = next(
        e
        for b in card["blocks"]
        if b["type"] == "actions"
        for e in b["elements"]
        if e["action_id"] == action
    )
    payload = click_payload(card, element, office.linus.user, **changed)
    await office.ada.deliver("interactive", payload)


def click_payload(
    card: Message,
    element: Message,
    user: str,
    *,
    channel: str = CHANNEL,
    ts: str = "",
    team: str = "T0ACME0001",
) -> Message:
    """A block_actions payload, forged or late."""
    ts = ts or card["ts"]
    return {
        "type": "block_actions",
        "team": {"id": team, "domain": "acme"},
        "user": {"id": user, "username": "x", "name": "x", "team_id": team},
        "api_app_id": "A0BOT00001",
        "trigger_id": "1.2.3",
        "container": {
            "type": "message",
            "message_ts": ts,
            "channel_id": channel,
            "is_ephemeral": False,
            "thread_ts": card["thread_ts"],
        },
        "channel": {"id": channel, "name": "general"},
        "message": card,
        "actions": [{**element, "block_id": "signoff_decision", "action_ts": f"{time.time():.6f}"}],
    }


async def forget(office: Office, answer: Message) -> None:
    """So that the next answer is seen to be another one."""
    office.workspace.workspace.remove_ephemeral(CHANNEL, answer["ts"])


FORGED = [
    ("another message", {"ts": "1.000001"}, "isn't the card Signoff posted"),
    ("another channel", {"channel": "C0FINANCE1"}, "isn't the card Signoff posted"),
    ("another workspace", {"team": "T0OTHER001"}, "You decided from another workspace"),
]


@pytest.mark.parametrize(("what", "changed", "says"), FORGED, ids=[f[0] for f in FORGED])
async def test_a_click_from_somewhere_else_counts_nothing(
    office: Office, what: str, changed: dict[str, str], says: str
) -> None:
    """A forwarded card, a foreign workspace: refused and said; the card still waits."""
    thread, card = await first_card(office)
    await redelivered(office, card, ActionId.APPROVE, **changed)
    channel = changed.get("channel", CHANNEL)
    answer = await office.linus.wait_for(
        lambda m: says in m["text"] and m.get("ephemeral_for"),
        channel,
        thread=thread if channel == CHANNEL else None,
    )
    assert answer["ephemeral_for"] == office.linus.user, what
    assert await office.card(thread, "analysis")


async def test_a_value_nobody_wrote_is_answered(office: Office) -> None:
    """Broken JSON, another digest, an approval that never was."""
    thread, card = await first_card(office)
    approve = buttons(card)[0]
    wrong = ButtonValue(approval="t-nothing.x.v1", revision=1, digest="f" * 16, verdict="approve")
    for value, says in {
        "{broken": "not known here any more",
        wrong.text(): "not known here any more",
        approve["value"].replace('"d":"', '"d":"0')[: len(approve["value"]) + 1]: "older version",
    }.items():
        payload = click_payload(card, approve | {"value": value}, office.linus.user)
        await office.ada.deliver("interactive", payload)
        await forget(office, await told(office.linus, says, thread))
    assert await office.card(thread, "analysis")


@ALONE
async def test_who_is_no_approver_is_told_who_is(office: Office) -> None:
    """By click, and before they type anything into a form."""
    thread, card = await first_card(office)
    for action in (ActionId.APPROVE, ActionId.REJECT):
        await office.linus.click(card, action)
        answer = await told(office.linus, "You are not an approver", thread)
        assert f"<@{GRACE}>" in answer["text"]
        await forget(office, answer)
    assert not await office.linus.views()


@ALONE
async def test_handing_on_gives_the_other_one_a_card_and_the_right(office: Office) -> None:
    """Linus decides on a private copy; both cards end, and say who handed on."""
    thread, card = await first_card(office)
    form = await more(office.grace, card, "hand_on")
    await office.grace.submit(form, {"person": {"person": office.linus.user}})
    await told(office.grace, f"delegated your decision to <@{office.linus.user}>", thread)
    await office.linus.home()
    channel = next(
        c["id"] for c in (await office.linus.state())["channels"] if c["id"].startswith("D")
    )
    copy_of = await office.linus.wait_for(lambda m: m["text"].startswith("Approve "), channel)
    await office.linus.click(copy_of, ActionId.APPROVE)
    done = await office.decided(thread, "analysis")
    details = await more(office.ada, done, "everything")
    assert f"<@{GRACE}> delegated to <@{office.linus.user}>" in str(details)
    ended = await office.linus.wait_for(lambda m: "Approved" in m["text"], channel)
    assert not any(block["type"] == "actions" for block in ended["blocks"])


@SHORT
async def test_after_the_time_is_over_that_is_said(office: Office) -> None:
    """The card says expired, and so does a late click."""
    thread, card = await first_card(office)
    await office.decided(thread, "analysis")
    await redelivered(office, card, ActionId.APPROVE)
    await told(office.linus, "The time to decide is over", thread)


async def test_a_cancelled_task_is_said(office: Office) -> None:
    """Its approval is withdrawn, the card too, and a late click hears of it."""
    thread, card = await first_card(office)
    task = buttons(card)[0]["value"].split('"a":"')[1].split(".")[0]
    await office.ada.command(f"/task cancel {task}", CHANNEL)
    ended = await office.decided(thread, "analysis")
    assert "Withdrawn" in ended["text"]
    await redelivered(office, card, ActionId.APPROVE)
    await told(office.linus, "withdrawn", thread)


@TWO
async def test_a_decision_from_elsewhere_reaches_the_card(office: Office) -> None:
    """By the command line's path: the card shows it, and a click hears of it."""
    thread, card = await first_card(office)
    value = ButtonValue.model_validate_json(buttons(card)[0]["value"])
    desk = await bootstrap.desk(office.settings)
    view = await desk.approvals.view(value.approval)
    decision = Decision(
        id="cli:1",
        verdict=Verdict.REJECT,
        by=GRACE,
        at=view.raised_at,
        revision=1,
        digest=value.digest,
        via=Via.CLI,
        comment="no",
    )
    assert (await desk.approvals.decide(value.approval, decision)).accepted
    assert "Rejected" in (await office.decided(thread, "analysis"))["text"]
    await redelivered(office, card, ActionId.APPROVE)
    await told(office.linus, "already rejected", thread)


async def test_a_form_of_an_approval_that_is_gone_is_answered(office: Office) -> None:
    """Submitted long after, or with metadata that is not ours."""
    thread, card = await first_card(office)
    await office.linus.click(card, ActionId.REJECT)
    form = await office.linus.wait_for_view()
    target = Target(approval="t-gone.x.v1", revision=1, digest="f" * 16)
    place = Place(channel=CHANNEL, ts=card["ts"])
    for metadata in (
        "{broken",
        ModalValue(target=target, place=place, thread=thread).model_dump_json(),
    ):
        view = form | {"private_metadata": metadata}
        view["state"] = {"values": {"comment": {"comment": {"value": "no"}}}}
        payload = click_payload(card, {}, office.linus.user) | {
            "type": "view_submission",
            "view": view,
        }
        answer = await office.ada.deliver("interactive", payload, wants_reply=True)
        assert answer
    await told(office.linus, "not known here any more", thread)
