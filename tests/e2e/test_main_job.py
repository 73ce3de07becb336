"""The main job over Slack's protocol: a task runs, people decide, the card tells."""

import asyncio
import re

import pytest

from storage.audit.log import AuditLog
from storage.database import create_engine
from tests.e2e.conftest import CHANNEL, Office
from tests.fakes import GRACE, LINUS
from workflows.messages.audit import AuditKind


async def test_a_task_is_approved_step_by_step(office: Office) -> None:
    """Ada starts it with a slash command; Grace approves each card; the task's message says so."""
    answer = await office.ada.command("/task review examples/penguins.csv", CHANNEL)
    assert "is on its way" in str(answer["response"])
    thread = await office.thread()
    for step in ("analysis", "strategy", "patterns", "report"):
        card = await office.card(thread, step)
        clicked = await office.grace.click(card, "signoff_approve")
        assert clicked["acked"]
    await office.root(thread, "completed")
    for step in ("analysis", "strategy", "patterns", "report"):
        card = await office.decided(thread, step)
        assert "Approved" in card["text"]
        assert not any(block["type"] == "actions" for block in card["blocks"])


@pytest.mark.parametrize("office", [{"quorum": 2}], indirect=True)
async def test_the_tasks_message_says_who_is_waited_for_and_leads_to_the_card(
    office: Office,
) -> None:
    """In the channel, and true again once one of them decided; then the next step's card."""
    await office.ada.command("/task review examples/penguins.csv", CHANNEL)
    thread = await office.thread()
    card = await office.card(thread, "analysis")
    link = f"/archives/{CHANNEL}/p{card['ts'].replace('.', '')}"

    async def says(words: str) -> str:
        return str((await office.root(thread, words))["blocks"])

    said = await says(f"Waiting for <@{GRACE}>, <@{LINUS}>")
    assert link in said
    assert "<!date^" in said
    await office.grace.click(card, "signoff_approve")
    assert link in await says(f"Waiting for <@{LINUS}> ")
    await office.linus.click(card, "signoff_approve")
    await office.decided(thread, "analysis")
    second = await office.card(thread, "strategy")
    said = await says(f"/p{second['ts'].replace('.', '')}")
    assert link not in said


async def test_a_rejection_asks_for_a_reason_and_shows_it(office: Office) -> None:
    """The form opens, the reason stands on the card, the task ends."""
    await office.ada.command("/task review examples/penguins.csv", CHANNEL)
    thread = await office.thread()
    card = await office.card(thread, "analysis")
    await office.grace.click(card, "signoff_reject")
    form = await office.grace.wait_for_view()
    await office.grace.submit(form, {"comment": {"comment": "the wrong file"}})
    await office.root(thread, "rejected at analysis")
    shown = await office.ada.wait_for(lambda m: "Rejected" in m["text"], CHANNEL, thread=thread)
    assert "the wrong file" in str(shown["blocks"])
    task = re.search(
        r"Task `(t-\w+)`", str(shown["blocks"]) + str(await office.ada.messages(CHANNEL))
    )
    assert task is not None
    said = await office.ada.command(f"/task status {task[1]}", CHANNEL)
    lines = str(said["response"]["text"]).splitlines()
    assert len(lines) == 6
    assert "Rejected" in lines[1]
    assert "“the wrong file”" in lines[1]
    assert "|Open the task>" in lines[5]


async def test_the_requester_is_told_that_somebody_else_decides(office: Office) -> None:
    """A private sentence, and the card still waits."""
    await office.ada.command("/task review examples/penguins.csv", CHANNEL)
    thread = await office.thread()
    card = await office.card(thread, "analysis")
    await office.ada.click(card, "signoff_approve")
    told = await office.ada.wait_for(
        lambda m: "You requested this, so someone else must approve" in m["text"],
        CHANNEL,
        thread=thread,
    )
    assert told["ephemeral_for"]
    assert await office.card(thread, "analysis")


async def test_bad_input_is_said_privately_at_once(office: Office) -> None:
    """Each names the thing and the way out, and no task is posted."""
    for typed, says in {
        "/task revieww examples/penguins.csv": "There is no pipeline `revieww`",
        "/task review": "needs at least one input",
        "/task review examples/nothing.csv": "There is no file `examples/nothing",
        "/task review ../../etc/passwd": "lies outside the input folder",
        "/task exampels/penguins.csv": "There is no pipeline `exampels/penguins.csv` that you can",
        "/task review exampels/penguins.csv": "There is no file `exampels/penguins.csv`. Did you "
        "mean `examples/penguins.csv` or `examples/penguins-note.md`?",
        "/task statsu t-nothing": "Did you mean `/task status`?",
        "/task status t-nothing": "There is no task `t-nothing`",
        "/task cancel": "Which task?",
    }.items():
        answer = await office.ada.command(typed, CHANNEL)
        assert says in str(answer["response"]), typed
    assert not [m for m in await office.ada.messages(CHANNEL) if m.get("metadata")]


async def test_a_comment_in_the_thread_is_kept_and_decides_nothing(office: Office) -> None:
    """`approve` as a word is no verdict; the audit log has it as a comment."""
    await office.ada.command("/task review examples/penguins.csv", CHANNEL)
    thread = await office.thread()
    await office.card(thread, "analysis")
    await office.grace.say(CHANNEL, "approve", thread_ts=thread)
    await office.grace.say(CHANNEL, "approve, but not in a thread")
    engine = create_engine(office.settings.database_url)
    try:
        for _ in range(200):
            rows = [row async for row in AuditLog(engine).rows() if row.kind is AuditKind.COMMENTED]
            if rows:
                break
            await asyncio.sleep(0.05)
    finally:
        await engine.dispose()
    assert [(row.actor, row.detail["text"]) for row in rows] == [(GRACE, "approve")]
    assert await office.card(thread, "analysis")
