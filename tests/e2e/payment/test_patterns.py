"""Every pipeline of `signoff.toml` from `/task` to its end, with the real agents offline."""

from typing import Any

import pytest

from notifications.cards.buttons import ActionId
from tests.e2e.conftest import CHANNEL, PATIENCE, Office

pytestmark = pytest.mark.filterwarnings(r"ignore:\[EXPERIMENTAL\]:UserWarning")

# The input, and the cards people get, in order.
STORIES = {
    "review": ("penguins.csv", ("analysis", "strategy", "patterns", "report")),
    "support": ("complaint.txt", ("help_desk",)),
    "process": ("penguins.csv", ("data_pipeline",)),
    "research": ("penguins.csv", ("research",)),
    "write": ("penguins.csv", ("report_writer",)),
    "check": ("penguins.csv", ("fact_check",)),
    "refine": ("draft.md", ("refine",)),
    "pay": ("payments.csv", ("payment-question-1",)),
    "operate": ("runbook.md", ("operations-question-1",)),
}


@pytest.fixture
def office(offline_office: Office) -> Office:
    """Everything running, the agents in the worker."""
    return offline_office


async def approve(office: Office, card: dict[str, Any], step: str) -> None:
    """By a click; with what the form asks for typed where the risk is high."""
    if ActionId.APPROVE_WITH_CARE not in str(card["blocks"]):
        await office.grace.click(card, ActionId.APPROVE)
        return
    await office.grace.click(card, ActionId.APPROVE_WITH_CARE)
    form = await office.grace.wait_for_view()
    label = next(b["label"]["text"] for b in form["blocks"] if b["block_id"] == "confirmation")
    phrase = label.removeprefix("Type ").removesuffix(" to approve")
    assert (phrase == step) == ("-question-" not in step)
    await office.grace.submit(form, {"confirmation": {"confirmation": phrase}})


@pytest.mark.parametrize("pipeline", STORIES)
async def test_a_pipeline_runs_to_its_end(office: Office, pipeline: str) -> None:
    """Each step has a card written from the input; agents that ask are asked about first."""
    assert set(STORIES) == set(office.settings.pipelines)
    name, steps = STORIES[pipeline]
    answer = await office.ada.command(f"/task {pipeline} examples/{name}", CHANNEL)
    assert "is on its way" in answer["response"]["text"]
    thread = await office.thread()
    for step in steps:
        card = await office.card(thread, step)
        if "-question-" in step:
            assert "exactly as below" in str(card["blocks"])
        else:
            assert "offline model" in str(card["blocks"])
        await approve(office, card, step)
    await office.ada.wait_for(lambda m: "completed" in m["text"], CHANNEL, timeout=PATIENCE)
    for step in steps:
        assert "Approved" in (await office.decided(thread, step))["text"]
