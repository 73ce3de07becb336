"""After the act: `/task pay` is one approval and a receipt, and Ada is told of every end."""

import asyncio
import re
from typing import Any

import pytest

from bot.processes import bootstrap
from notifications.cards.buttons import ActionId
from notifications.slack.delivery import RECEIPT, TIDINGS
from storage.audit.log import AuditLog
from storage.database import create_engine
from tests.e2e.conftest import CHANNEL, PATIENCE, Office
from tests.fakes import GRACE
from workflows.messages.audit import AuditKind
from workflows.messages.results import RunStatus
from workflows.messages.tasks import TaskReport

pytestmark = pytest.mark.filterwarnings(r"ignore:\[EXPERIMENTAL\]:UserWarning")
Message = dict[str, Any]
QUESTION = "payment-question-1"


@pytest.fixture
def office(offline_office: Office) -> Office:
    """Everything running, the agents in the worker."""
    return offline_office


async def begun(office: Office, command: str) -> tuple[str, str]:
    """The thread of Ada's task, and its id."""
    await office.ada.command(command, CHANNEL)
    thread = await office.thread()
    (root,) = [m for m in await office.ada.messages(CHANNEL) if m["ts"] == thread]
    return thread, str(root["metadata"]["event_payload"]["task"])


async def approve(office: Office, card: Message) -> None:
    """By clicks, with whatever the form says to type."""
    await office.grace.click(card, ActionId.APPROVE_WITH_CARE)
    form = await office.grace.wait_for_view()
    wanted = re.search(r"Type (.+?) to approve", str(form["blocks"]))
    assert wanted is not None
    await office.grace.submit(form, {"confirmation": {"confirmation": wanted[1]}})


async def reject(office: Office, card: Message, why: str) -> None:
    await office.grace.click(card, ActionId.REJECT)
    form = await office.grace.wait_for_view()
    await office.grace.submit(form, {"comment": {"comment": why}})


async def report_of(office: Office, task: str) -> TaskReport:
    """How it ended, once everything of it is said."""
    desk = await bootstrap.desk(office.settings)
    return await asyncio.wait_for(desk.tasks.report(task), PATIENCE)


async def direct(office: Office) -> list[Message]:
    """What the bot wrote to Ada alone about tasks."""
    await office.ada.home()
    listed = (await office.ada.state())["channels"]
    channels = [str(one["id"]) for one in listed if str(one["id"]).startswith("D")]
    found = [m for channel in channels for m in await office.ada.messages(channel)]
    return [m for m in found if (m.get("metadata") or {}).get("event_type") == TIDINGS]


async def test_pay_is_one_approval_and_a_receipt(office: Office) -> None:
    """No second card; what was ordered is posted, reported and kept; Ada is told once."""
    thread, task = await begun(office, "/task pay examples/payments.csv")
    await approve(office, await office.card(thread, QUESTION))
    report = await report_of(office, task)
    assert report.status == "completed"
    ordered = [(run.arguments["to"], run.arguments["amount"], run.status) for run in report.ran]
    assert ordered == [
        ("Ann Meyer Catering", 120.5, RunStatus.DONE),
        ("Nordlicht Hosting", 1890.0, RunStatus.DONE),
        ("Bureau Rossi", 640.0, RunStatus.DONE),
    ]
    shown = await office.ada.messages(CHANNEL, thread)
    cards = [m for m in shown if f"{task}." in str(m.get("metadata"))]
    assert [f"{QUESTION}.v1" in str(card["metadata"]) for card in cards] == [True]
    assert not [b for m in shown for b in m.get("blocks") or () if b["type"] == "actions"]
    (receipt,) = [m for m in shown if (m.get("metadata") or {}).get("event_type") == RECEIPT]
    assert "3 actions carried out" in receipt["text"]
    for run in report.ran:
        assert str(run.arguments["to"]) in str(receipt["blocks"])
        assert str(run.response["order"]) in str(receipt["blocks"])
    assert any(f["name"] == "payment-receipt.md" for m in shown for f in m.get("files") or ())
    (word,) = await direct(office)
    assert word["text"].startswith("✅ Completed: pay of")
    assert len(word["text"]) <= 120
    assert f"/archives/{CHANNEL}/p{receipt['ts'].replace('.', '')}" in str(word["blocks"])
    root = await office.root(thread, "completed")
    assert "3 actions carried out" in root["text"]
    engine = create_engine(office.settings.database_url)
    try:
        rows = [row async for row in AuditLog(engine).rows() if row.kind is AuditKind.TOOL_RAN]
    finally:
        await engine.dispose()
    assert [row.detail["key"] for row in rows] == [run.key for run in report.ran]


async def test_a_file_without_payments_asks_nobody(office: Office) -> None:
    """No card of high risk about nothing: one sentence, and the task is over."""
    thread, task = await begun(office, "/task pay examples/complaint.txt")
    report = await report_of(office, task)
    assert (report.status, report.ran, report.declined) == ("completed", (), ())
    shown = await office.ada.messages(CHANNEL, thread)
    assert not [m for m in shown if "signoff_card" in str(m.get("metadata"))]
    (receipt,) = [m for m in shown if (m.get("metadata") or {}).get("event_type") == RECEIPT]
    for said in (receipt["text"], str(receipt["blocks"])):
        assert "Nothing was carried out" in said
        assert "No payments found in complaint" in said
    (word,) = await direct(office)
    assert word["text"].startswith("✅ Completed: pay of")


async def test_rejected_payments_end_the_task(office: Office) -> None:
    """Nothing ran, and every surface says so, with the reason."""
    thread, task = await begun(office, "/task pay examples/payments.csv")
    await reject(office, await office.card(thread, QUESTION), "not this month")
    report = await report_of(office, task)
    assert (report.status, report.reason, report.ran) == (
        "rejected_at_payment",
        "not this month",
        (),
    )
    shown = await office.ada.messages(CHANNEL, thread)
    (receipt,) = [m for m in shown if (m.get("metadata") or {}).get("event_type") == RECEIPT]
    assert "0 actions carried out, 3 rejected" in receipt["text"]
    assert f"<@{GRACE}>" in str(receipt["blocks"])
    (word,) = await direct(office)
    assert word["text"].startswith("❌ Rejected at payment: pay of")
    assert "not this month" in str(word["blocks"])
    root = await office.root(thread, "rejected at payment")
    assert "not this month" in str(root["blocks"])


async def test_ada_is_not_told_of_her_own_cancelling(office: Office) -> None:
    """And nothing of it waits for anything afterwards."""
    thread, task = await begun(office, "/task review examples/penguins.csv")
    await office.card(thread, "analysis")
    await office.ada.command(f"/task cancel {task}", CHANNEL)
    assert (await report_of(office, task)).status == "cancelled"
    assert await direct(office) == []
    root = await office.root(thread, "Not run")
    assert str(root["blocks"]).count("Not run") == 3
    assert "Not started" not in str(root["blocks"])
