"""What a failing model does to a whole pipeline."""

from itertools import pairwise

import pytest

from agents.catalogue import CATALOGUE
from agents.runtime.local import LocalAgents
from tests.agents.requests import SALES, request
from tests.models.conftest import Write
from tests.models.gemini import KEY, GeminiStandIn
from tests.models.gemini_replies import ANSWER, Fault, invalid, page, quota
from tests.models.pipeline import FLASH, Pipeline
from workflows.messages.decisions import Verdict
from workflows.messages.results import ExecutionMode


async def test_a_pause_that_the_model_names_is_kept(line: Pipeline, gemini: GeminiStandIn) -> None:
    """The next attempt comes after the RetryInfo's delay, across A2A, and without a person."""
    gemini.says(quota(4))
    task = await line.start("analysis")
    card = await line.card(task, "analysis")
    assert card.request.result.summary == ANSWER["summary"]
    (gap,) = (after.at - before.at for before, after in pairwise(gemini.seen))
    assert 4 <= gap < 12


STUCK: dict[str, tuple[Fault, int, str]] = {
    "quota of the day": (quota(per="Day"), 1, "has used up its quota for today. Raise it, or"),
    "quota of hours": (quota(7200), 1, "takes no more requests for 120 min (429). Retry after"),
    "bad request": (invalid(), 1, "refused the request as it is (400)."),
    "page": (page(502), 3, "a web page came back (502). Check the address under [models]"),
    "reset": (Fault("reset"), 3, "the connection broke. Try again later."),
}


@pytest.mark.parametrize("name", STUCK)
async def test_the_task_says_what_failed(line: Pipeline, gemini: GeminiStandIn, name: str) -> None:
    """The model's own sentence, whole, after no more tries than may help; Retry goes on."""
    fault, tries, says = STUCK[name]
    gemini.says(*[fault] * tries)
    task = await line.start("analysis")
    problem = await line.problem(task)
    assert says in problem
    assert f"The model of analysis ({FLASH})" in problem
    assert len(gemini.seen) == tries
    await line.retry(task)
    card = await line.card(task, "analysis")
    assert card.request.result.summary == ANSWER["summary"]


async def test_a_pipeline_of_four_steps(line: Pipeline, gemini: GeminiStandIn) -> None:
    """Each on the model, decided by people, and handed on; the strict one refuses nothing."""
    steps = ("analysis", "strategy", "patterns", "report")
    task = await line.start(*steps)
    for step in steps:
        card = await line.card(task, step)
        assert card.request.execution_mode is ExecutionMode.LIVE_AGENT
        assert card.request.result.summary == ANSWER["summary"]
        await line.house.decide(card.request.id, Verdict.APPROVE)
    assert (await task.result()).status == "completed"
    assert not gemini.refused


@pytest.mark.parametrize("agent", CATALOGUE)
async def test_every_agent_answers(gemini: GeminiStandIn, settings_of: Write, agent: str) -> None:
    """Schemas, declarations, turns and signatures of each of ours are taken."""
    runner = LocalAgents(models=settings_of(env=f"GOOGLE_API_KEY={KEY}").model_access)
    outcome = await runner.run(request(agent).model_copy(update={"model": FLASH}), [SALES])
    assert outcome.result
    assert outcome.result.summary
    assert not gemini.refused
