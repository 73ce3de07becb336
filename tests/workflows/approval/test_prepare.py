"""From the start of an approval to its card: what goes first, and what is kept of it."""

import asyncio

from tests.fakes import GRACE
from tests.workflows.conftest import House, until
from workflows.activities import CARDS
from workflows.messages.decisions import Verdict


async def test_a_card_waits_for_no_database(house: House) -> None:
    """It is shown and decided; once the database is back everything is there, once, in order."""
    house.audit.away.set()
    task = await house.start("analysis")
    approval = f"{task.id}.analysis.v1"
    view = await house.card(approval)
    await house.approval(approval).signal("decide", house.click(view, Verdict.APPROVE, GRACE))
    await until(lambda: house.cards.notices)
    assert house.audit.entries == {}
    house.audit.away.clear()
    await asyncio.wait_for(task.result(), 30)
    await until(lambda: len(told(house, approval)) >= 4)
    assert told(house, approval) == ["raised", "shown", "decided", "settled"]
    shown = next(e for e in house.audit.entries.values() if e.kind == "shown")
    assert shown.detail["places"] == [view.ballot.places[0].model_dump()]
    assert shown.detail["digest"] == view.ballot.digest


async def test_what_is_shown_is_in_the_log_with_its_card(house: House) -> None:
    """Written by the activity that posts, before anybody can have decided."""
    task = await house.start("analysis")
    approval = f"{task.id}.analysis.v1"
    view = await house.card(approval)
    assert told(house, approval) == ["raised", "shown"]
    shown = [e for e in house.audit.entries.values() if e.kind == "shown"]
    assert [e.detail["places"] for e in shown] == [[view.ballot.places[0].model_dump()]]


async def test_what_is_begun_goes_before_what_is_not(house: House) -> None:
    """Temporal itself knows the priority, so that clicks pass a thousand approvals without card."""
    task = await house.start("analysis")
    approval = f"{task.id}.analysis.v1"
    await house.card(approval)
    described = await house.approval(approval).describe()
    info = described.raw_description.workflow_execution_info
    assert info.priority.priority_key == CARDS.priority_key


def told(house: House, approval: str) -> list[str]:
    return [e.kind.value for e in house.audit.entries.values() if e.approval_id == approval]
