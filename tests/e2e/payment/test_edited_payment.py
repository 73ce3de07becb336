"""An amount edited in the form: what the next person sees of it everywhere is what is ordered."""

from typing import Any

import pytest

from notifications.cards.buttons import ActionId
from notifications.forms.argument_fields import FieldName
from tests.e2e.conftest import CHANNEL, PATIENCE, Office
from tests.e2e.gestures import more, told
from tests.e2e.payment import test_patterns

pytestmark = pytest.mark.filterwarnings(r"ignore:\[EXPERIMENTAL\]:UserWarning")
office = test_patterns.office
STEP = "payment-question-1"


def amount_field(form: dict[str, Any], at_first: str) -> str:
    """The block of the amount that came filled with this."""
    for block in form["blocks"]:
        name = FieldName.read(block["block_id"])
        if name and name.argument == "amount" and block["element"]["initial_value"] == at_first:
            assert block["element"]["type"] == "number_input"
            return str(block["block_id"])
    raise LookupError(at_first)


async def files_of(office: Office, thread: str, name: str) -> str:
    """The attached file of this name, as text."""
    message = await office.linus.wait_for(
        lambda m: any(file["name"] == name for file in m.get("files") or ()),
        CHANNEL,
        thread=thread,
        timeout=PATIENCE,
    )
    file = next(file for file in message["files"] if file["name"] == name)
    return (await office.linus.file(file["id"])).decode()


OLD_TO_NEW = "1890.00 → 18.90"


def without_old(text: str) -> str:
    """Without what says that the amount was another one before the edit."""
    return text.replace(",", "").replace(OLD_TO_NEW, "18.90")


async def test_an_edited_amount_is_shown_everywhere_and_is_what_is_ordered(office: Office) -> None:
    """Grace corrects 1,890.00 to 18.90; Linus sees it in card, difference and file, and confirms it."""
    await office.ada.command("/task pay examples/payments.csv", CHANNEL)
    thread = await office.thread()
    card = await office.card(thread, STEP)
    assert "3 payments: 2,010.50 EUR + 640.00 CHF" in card["text"]
    form = await more(office.grace, card, "edit")
    assert "findings" not in str(form["blocks"]).casefold()
    field = amount_field(form, "1890.00")
    refused = await office.grace.submit(form, {field: {field: "a lot"}})
    assert refused["errors"]
    await office.grace.submit(form, {field: {field: "18.90"}})
    await told(office.grace, "Resubmitted as v2 with your edits; somebody else has to", thread)
    ended = await office.decided(thread, STEP)
    assert "replaced by v2" in str(ended["blocks"])

    second = await office.card(thread, STEP, revision=2)
    assert second["text"] == "Approve 3 payments: 139.40 EUR + 640.00 CHF (v2)?"
    shown = str(second["blocks"])
    assert "18.90" in shown
    assert "139.40 EUR + 640.00 CHF" in shown
    assert shown.count("1,890.00") == 1  # only as what it was
    file = await files_of(office, thread, f"{STEP}-v2.md")
    assert "- amount: 18.90\n" in file
    assert '"amount": 18.9,' in file
    assert "1890" not in file.replace(",", "")

    await office.linus.click(second, ActionId.APPROVE_WITH_CARE)
    form = await office.linus.wait_for_view()
    assert "Type 139.40 EUR + 640.00 CHF to approve" in str(form["blocks"])
    old = await office.linus.submit(form, {"confirmation": {"confirmation": "2,010.50 + 640.00"}})
    assert "139.40 EUR + 640.00 CHF" in old["errors"]["confirmation"]
    await office.linus.submit(form, {"confirmation": {"confirmation": "139.40 + 640.00"}})
    receipt = await office.linus.wait_for(
        lambda m: (m.get("metadata") or {}).get("event_type") == "signoff_receipt",
        CHANNEL,
        thread=thread,
        timeout=PATIENCE,
    )
    assert "3 actions carried out" in receipt["text"]
    assert "18.9" in str(receipt["blocks"])
    blocks = str(receipt["blocks"])
    assert blocks.replace(",", "").count(OLD_TO_NEW) == 1
    assert "1890" not in without_old(blocks)
    whole = await files_of(office, thread, "payment-receipt.md")
    ran = [line for line in whole.splitlines() if line.startswith("- ✅ order_payment")]
    assert len(ran) == 3
    assert sum("18.9" in line for line in ran) == 1
    assert not any("1890" in without_old(line) for line in ran)
    ended = await office.decided(thread, STEP, revision=2)
    assert ended["text"].startswith("Approved: 3 payments: 139.40 EUR + 640.00 CHF (v2)")
