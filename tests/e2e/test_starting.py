"""What starts an approval: a message sent for approval, the generated form; and what needs nobody."""

import asyncio
from typing import Any

import pytest

from notifications.cards.buttons import ActionId
from notifications.forms.task import FieldKind, FormField
from playground.blocks import view_problems
from tests.e2e.conftest import CHANNEL, Office
from tests.e2e.gestures import COMMAND, more, told
from tests.e2e.test_inbox import modal_of
from tests.fakes import ADA, GRACE, LINUS

BYPASS = pytest.mark.parametrize("office", [{"bypassers": [LINUS, ADA]}], indirect=True)
RULE = pytest.mark.parametrize(
    "office", [{"risk": "low", "auto_approve": "size(result.findings) == 1"}], indirect=True
)
BROKEN_RULE = pytest.mark.parametrize(
    "office", [{"risk": "low", "auto_approve": "metrics.rows > 1.0"}], indirect=True
)
Message = dict[str, Any]
WHERE = {"channel": {"channel": CHANNEL}}


async def send_form(office: Office, message: Message) -> Message:
    await office.ada.shortcut(ActionId.SEND, message)
    form = await office.ada.wait_for_view()
    assert view_problems(modal_of(form)) == []
    return form


def draft(*approvers: str, **typed: Any) -> Message:
    values = {"approvers": list(approvers)} | typed
    return {name: {name: value} for name, value in values.items()}


async def test_a_message_becomes_an_approval(office: Office) -> None:
    """In its own thread, with whoever was chosen; its author may not decide it."""
    text = "Shall we buy 12 licences? <https://shop.example|Here> @here"
    message = await office.linus.say(CHANNEL, text)
    form = await send_form(office, message | {"channel": CHANNEL})
    alone = await office.ada.submit(form, draft(ADA, LINUS))
    assert "neither wrote nor sends" in alone["errors"]["approvers"]
    await office.ada.submit(form, draft(GRACE, LINUS, reason="the budget is there"))
    card = await office.grace.wait_for(
        lambda m: m["text"].startswith("Approve "), CHANNEL, thread=message["ts"]
    )
    shown = str(card["blocks"])
    assert "12 licences" in shown
    details = str(await more(office.grace, card, "everything"))
    for part in ("12 licences", "the budget is there", f"<@{LINUS}>", "Written by"):
        assert part in details
    assert "https://" not in shown
    assert ActionId.REQUEST_CHANGES not in shown
    await office.linus.click(card, ActionId.APPROVE)
    await told(office.linus, "You wrote or edited this version", message["ts"])
    await office.grace.click(card, ActionId.APPROVE)
    done = await office.grace.wait_for(
        lambda m: "Approved" in m["text"] and m["ts"] == card["ts"], CHANNEL, thread=message["ts"]
    )
    assert f"by <@{GRACE}>" in done["text"]


async def test_a_file_becomes_an_approval(office: Office) -> None:
    """Named by id and size; all of several people have to approve it when that was chosen."""
    message = await office.ada.upload(CHANNEL, "offer.pdf", b"%PDF-1.4 offer", "the offer")
    form = await send_form(office, message | {"channel": CHANNEL})
    await office.ada.submit(form, draft(GRACE, LINUS, quorum="all"))
    card = await office.grace.wait_for(
        lambda m: m["text"].startswith("Approve "), CHANNEL, thread=message["ts"]
    )
    assert "offer.pdf (F" in str(card["blocks"])
    assert "2 approvals" in str(card["blocks"])


async def test_a_choice_of_nobody_who_may_is_said(office: Office) -> None:
    """A guest is no approver: that is said in the form, which keeps the rest; nothing is sent."""
    message = await office.linus.say(CHANNEL, "Please approve")
    form = await send_form(office, message | {"channel": CHANNEL})
    refused = await office.ada.submit(form, draft("U0GUEST001"))
    assert "can't approve this" in refused["errors"]["approvers"]
    assert len(await office.ada.views()) == 1


async def test_the_form_of_a_new_task_follows_its_pipeline(office: Office) -> None:
    """The fields are the pipeline's; choosing another one shows another form."""
    await office.ada.shortcut(ActionId.NEW_TASK)
    form = await office.ada.wait_for_view()
    assert view_problems(modal_of(form)) == []
    assert "a public web address" in str(form["blocks"])
    fields = (FormField(name="focus", kind=FieldKind.CHOICE, label="Focus", choices=("rows",)),)
    pipelines = office.settings.pipelines
    pipelines["audit"] = pipelines["review"].model_copy(
        update={"fields": fields, "description": "Audit"}
    )
    await office.ada.close(form)
    await office.ada.shortcut(ActionId.NEW_TASK)
    form = await office.ada.wait_for_view()
    chosen = {"selected_option": "audit", "block_id": "pipeline"}
    await office.ada.click(form, ActionId.PIPELINE, **chosen)
    form = await office.ada.wait_for_view(lambda v: "Focus" in str(v["blocks"]))
    assert "a public web address" not in str(form["blocks"])
    typed = {
        "choice_focus": {"choice_focus": "0"},
        "pipeline": {ActionId.PIPELINE: "audit"},
        **WHERE,
    }
    sent = await office.ada.submit(form, typed)
    assert not sent["errors"]
    for _ in range(100):
        if office.agent.requests:
            break
        await asyncio.sleep(0.1)
    assert [file.name for file in office.agent.requests[0].inputs] == ["focus.md"]


async def test_an_empty_form_is_said_beside_its_field(office: Office) -> None:
    """At least one input."""
    await office.ada.shortcut(ActionId.NEW_TASK)
    form = await office.ada.wait_for_view()
    answer = await office.ada.submit(form, WHERE)
    assert "Choose a file, upload one, give a web address, or paste text." in str(answer["errors"])


async def test_the_global_form_asks_where(office: Office) -> None:
    """Nothing goes into the requester's own messages, where nobody is who could decide."""
    await office.ada.shortcut(ActionId.NEW_TASK)
    form = await office.ada.wait_for_view()
    answer = await office.ada.submit(form, {"text_text": {"text_text": "Hello"}})
    assert set(answer["errors"]) == {"channel"}
    await office.ada.submit(form, {"text_text": {"text_text": "Hello"}, **WHERE})
    assert await office.card(await office.thread(), "analysis")


async def test_a_form_in_a_channel_knows_where(office: Office) -> None:
    """The channel `/task` was typed in is chosen already; in a direct message none is."""
    await office.ada.command("/task", CHANNEL)
    form = await office.ada.wait_for_view()
    element = form["blocks"][-1]["element"]
    assert element["initial_conversation"] == CHANNEL
    await office.ada.close(form)


async def test_own_files_are_uploaded_in_the_form(office: Office) -> None:
    """They are the task's inputs, under their own names."""
    kept = await office.ada.keep_file("mine.csv", b"a,b\n1,2\n")
    await office.ada.command("/task", CHANNEL)
    form = await office.ada.wait_for_view()
    assert view_problems(modal_of(form)) == []
    sent = await office.ada.submit(form, {"upload_own": {"upload_own": [kept]}, **WHERE})
    assert not sent["errors"]
    await office.card(await office.thread(), "analysis")
    (given,) = office.agent.requests[0].inputs
    assert (given.name, given.media_type, given.size) == ("mine.csv", "text/csv", 8)


@pytest.mark.parametrize("way", ["id", "permalink", "name"])
async def test_a_file_shared_in_the_channel_can_be_named(office: Office, way: str) -> None:
    """By its id, its link, or its name when no input file has it."""
    message = await office.linus.upload(CHANNEL, "shared.csv", b"a,b\n1,2\n")
    (file,) = message["files"]
    named = {"id": file["id"], "permalink": file["permalink"], "name": "shared.csv"}[way]
    answer = await office.ada.command(f"/task review {named}", CHANNEL)
    assert "is on its way" in str(answer["response"])
    await office.card(await office.thread(), "analysis")
    assert [given.name for given in office.agent.requests[0].inputs] == ["shared.csv"]


async def test_somebody_elses_file_is_refused(office: Office) -> None:
    """A file that the app can read and its requester cannot."""
    kept = await office.linus.keep_file("secret.csv", b"a,b\n1,2\n")
    answer = await office.ada.command(f"/task review {kept['id']}", CHANNEL)
    assert "it isn't yours, and it isn't shared in a channel you are in" in str(answer["response"])
    assert not office.agent.requests


@RULE
async def test_a_rule_approves_low_risk_and_says_so(office: Office) -> None:
    """No person is asked; each card names the rule."""
    await office.ada.command(COMMAND, CHANNEL)
    thread = await office.thread()
    done = await office.decided(thread, "analysis")
    assert "by a rule, without a person" in done["text"]
    assert "The rule holds: size(" in done["text"]


@BROKEN_RULE
async def test_a_rule_that_fails_asks_people(office: Office) -> None:
    """A metric that is not there is nobody's decision."""
    await office.ada.command(COMMAND, CHANNEL)
    assert await office.card(await office.thread(), "analysis")


@BYPASS
async def test_a_bypass(office: Office) -> None:
    """Only for whom the policy names, with a reason, 8 h at most, never for one's own task."""
    for person, typed, says in (
        (office.grace, "review 1h fire", "You may not bypass review"),
        (office.linus, "review 9h fire", "between 1 minute and 8 hours"),
        (office.linus, "review 2h", "needs a reason"),
        (office.linus, "nothing 2h fire", "There is no pipeline `nothing`"),
        (office.linus, "", "There is no pipeline ''"),
        (office.ada, "review 2h the fire of ada", "need nobody for 2 h"),
    ):
        answer = await person.command(f"/task bypass {typed}", CHANNEL)
        assert says in str(answer["response"]), typed
    await office.ada.command(COMMAND, CHANNEL)
    assert await office.card(await office.thread(), "analysis")
    opened = await office.linus.command("/task bypass review incident 42", CHANNEL)
    assert "need nobody for 1 h" in str(opened["response"])
    await office.ada.command(COMMAND, CHANNEL)
    done = await office.ada.wait_for(lambda m: "completed" in m["text"], CHANNEL, timeout=60)
    card = await office.decided(done["ts"], "report")
    assert f"under a bypass that <@{LINUS}> opened" in card["text"]
    assert "incident 42" in card["text"]
    for person, says in (
        (office.grace, "You may not bypass review"),
        (office.ada, "its approvals need people again"),
        (office.ada, "No bypass of review is open"),
    ):
        answer = await person.command("/task bypass review end", CHANNEL)
        assert says in str(answer["response"])
    await office.grace.command(COMMAND, CHANNEL)
    asked = await office.linus.wait_for(
        lambda m: "signoff_task" in str(m.get("metadata")) and m["ts"] > done["ts"], CHANNEL
    )
    assert await office.card(str(asked["ts"]), "analysis")
