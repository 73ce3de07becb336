"""A step without a gate: nobody is asked about what it read, and as ever about whatever else."""

import asyncio

import pytest

from tests.workflows.conftest import House, until
from tests.workflows.scenarios import PAY
from workflows.messages.content_hash import digest
from workflows.messages.decisions import Verdict
from workflows.messages.results import AgentResult, DeniedCall, ExecutionMode
from workflows.messages.tasks import Gate, StepState


async def test_the_next_step_goes_on_from_what_was_only_read(house: House) -> None:
    """Its card says that nobody reviewed the step before; the last step always has a gate."""
    task = await house.start("analysis", "report", gate=Gate.NONE)
    card = await house.card(f"{task.id}.report.v1")
    assert card.request.unreviewed == ("analysis",)
    assert f"{task.id}.analysis.v1" not in house.cards.wanted
    await house.decide(card.request.id, Verdict.APPROVE)
    report = await task.result()
    assert report.status == "completed"
    first, last = report.steps
    assert first.settlement is None
    assert last.settlement is not None
    (earlier,) = house.agent.requests[-1].earlier
    assert (earlier.step, earlier.digest) == ("analysis", digest(first.result))
    assert house.cards.tasks[task.id].steps[0].state is StepState.DONE


async def test_a_tool_call_is_asked_about_whatever_the_gate_says(house: House) -> None:
    """And then the result is, too: the step did more than read."""
    house.agent.questions = [(PAY,)]
    task = await house.start("analysis", "report", gate=Gate.NONE)
    await house.decide(f"{task.id}.analysis-question-1.v1", Verdict.APPROVE)
    await house.decide(f"{task.id}.analysis.v1", Verdict.REJECT, comment="no")
    assert (await task.result()).status == "rejected_at_analysis"


async def test_a_call_that_people_rejected_is_no_reading_either(house: House) -> None:
    """The result that comes after a no waits for people."""
    house.agent.questions = [(PAY,)]
    task = await house.start("analysis", "report", gate=Gate.NONE)
    await house.decide(f"{task.id}.analysis-question-1.v1", Verdict.REJECT, comment="no")
    await house.card(f"{task.id}.analysis.v1")


async def test_a_call_that_a_policy_stopped_is_on_the_card(house: House) -> None:
    """Once, over all turns of the step; and what wanted to act did not only read."""
    house.agent.denied = (DeniedCall(tool="delete_backup", arguments={"name": "x"}, reason="No."),)
    task = await house.start("analysis", "report", gate=Gate.NONE)
    card = await house.card(f"{task.id}.analysis.v1")
    assert card.request.denied == house.agent.denied
    await house.decide(card.request.id, Verdict.REQUEST_CHANGES, comment="more")
    card = await house.card(f"{task.id}.analysis.v2")
    assert card.request.denied == house.agent.denied


@pytest.mark.parametrize("mode", [ExecutionMode.FALLBACK, ExecutionMode.SYNTHETIC])
async def test_a_stand_ins_result_is_reviewed(house: House, mode: ExecutionMode) -> None:
    """No gate lets through what no live agent gave."""
    house.agent.mode = mode
    task = await house.start("analysis", "report", gate=Gate.NONE)
    await house.card(f"{task.id}.analysis.v1")
    await asyncio.sleep(0)
    assert f"{task.id}.report.v1" not in house.cards.wanted


async def test_a_claim_that_nothing_bears_out_is_reviewed(house: House) -> None:
    """The text says that something was done, and no call of the step did that."""
    house.agent.make = lambda _: AgentResult(summary="I have paid the invoice of 90 EUR.")
    task = await house.start("analysis", "report", gate=Gate.NONE)
    await until(lambda: f"{task.id}.analysis.v1" in house.cards.wanted)
