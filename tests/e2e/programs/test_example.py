"""`examples/own_agent.py`, which the README shows, run as a program of its own."""

import asyncio
import sys
from pathlib import Path

import pytest

from notifications.cards.buttons import ActionId
from tests.e2e.programs.test_approval_server import TOKEN, Counter, counter, stopped

__all__ = ["counter", "stopped"]
ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("is_approved", [True, False])
async def test_its_payment_waits_for_people(counter: Counter, *, is_approved: bool) -> None:
    """The card shows the arguments; it pays once Grace has approved, and not otherwise."""
    running = await asyncio.create_subprocess_exec(
        *(sys.executable, "examples/own_agent.py", counter.url),
        cwd=ROOT,
        env={"SHOP_TOKEN": TOKEN, "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    card = await counter.card(title="Approve pay_supplier")
    assert "Payments need people." in str(card["blocks"])
    grace = counter.office.grace
    if is_approved:
        await grace.click(card, ActionId.APPROVE)
    else:
        await grace.click(card, ActionId.REJECT)
        form = await grace.wait_for_view()
        await grace.submit(form, {"comment": {"comment": "not this week"}})
    async with asyncio.timeout(60):
        said, error = await running.communicate()
    assert running.returncode == 0, error.decode()
    assert ("Paid 250" in said.decode()) is is_approved
    assert is_approved or "not this week" in said.decode()
