"""Each agent has an evaluation set for a live model; ADK reads it, and the stand-in passes it."""

import importlib
from pathlib import Path

import pytest
from google.adk.apps.app import App
from google.adk.artifacts.in_memory_artifact_service import InMemoryArtifactService
from google.adk.evaluation.custom_metric_evaluator import _CustomMetricEvaluator
from google.adk.evaluation.eval_case import IntermediateData, Invocation
from google.adk.evaluation.eval_config import (
    get_eval_metrics_from_config,
    get_evaluation_criteria_or_default,
)
from google.adk.evaluation.eval_metrics import EvalMetric
from google.adk.evaluation.eval_set import EvalSet
from google.adk.evaluation.evaluation_generator import EvaluationGenerator
from google.adk.evaluation.evaluator import Evaluator
from google.adk.evaluation.local_eval_sets_manager import load_eval_set_from_file
from google.adk.evaluation.trajectory_evaluator import TrajectoryEvaluator
from google.adk.plugins.base_plugin import BasePlugin
from google.adk.runners import Runner
from google.adk.sessions.in_memory_session_service import InMemorySessionService
from google.genai import types

from agents.catalogue import CATALOGUE, find
from agents.samples.evaluation import names_facts

ROOT = Path(__file__).parents[3]
SAMPLES = ROOT / "agents" / "samples"
SCORED = {"tool_trajectory_avg_score", "names_facts"}


def evaluation_set(name: str) -> EvalSet:
    """As `adk eval` loads it."""
    file = str(SAMPLES / name / f"{name}.evalset.json")
    return load_eval_set_from_file(file, name)


def metrics(name: str) -> list[EvalMetric]:
    """As `adk eval` takes them from the file beside it, without those that only inform."""
    config = get_evaluation_criteria_or_default(str(SAMPLES / name / "test_config.json"))
    return [one for one in get_eval_metrics_from_config(config) if one.metric_name in SCORED]


def evaluator(metric: EvalMetric) -> Evaluator:
    """ADK's own; its registry of all of them needs pandas and more."""
    if metric.custom_function_path:
        return _CustomMetricEvaluator(metric, metric.custom_function_path)
    return TrajectoryEvaluator(eval_metric=metric)


async def answered(name: str, asked: types.Content) -> list[Invocation]:
    """What the agent does on the stand-in, as ADK reads it for evaluation."""
    module = importlib.import_module(f"agents.samples.{name}.agent")
    plugins: list[BasePlugin] = getattr(module, "plugins", list)()
    root = module.build(find(name).offline_model, folder=ROOT)
    app = App(name=name, root_agent=root, plugins=plugins)
    sessions = InMemorySessionService()
    session = await sessions.create_session(app_name=name, user_id="someone")
    runner = Runner(app=app, session_service=sessions, artifact_service=InMemoryArtifactService())
    async with runner:
        events = [
            event
            async for event in runner.run_async(
                user_id="someone", session_id=session.id, new_message=asked
            )
        ]
    return EvaluationGenerator.convert_events_to_eval_invocations(events)


@pytest.mark.parametrize("name", CATALOGUE)
async def test_the_stand_in_passes(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the tool calls and by the facts, at the thresholds for a live model."""
    monkeypatch.chdir(ROOT)
    assert {metric.metric_name for metric in metrics(name)} == SCORED
    for case in evaluation_set(name).eval_cases:
        assert case.conversation
        actual = await answered(name, case.conversation[0].user_content)
        for metric in metrics(name):
            result = await _scored(metric, actual, case.conversation)
            assert result >= (metric.threshold or 1.0), (case.eval_id, metric.metric_name, result)


async def _scored(
    metric: EvalMetric, actual: list[Invocation], expected: list[Invocation]
) -> float:
    found = evaluator(metric).evaluate_invocations(actual, expected)
    result = found if not hasattr(found, "__await__") else await found
    assert result.overall_score is not None
    return float(result.overall_score)


@pytest.mark.parametrize("name", CATALOGUE)
async def test_an_agent_that_does_nothing_fails(name: str) -> None:
    """An evaluation that nobody could fail would say nothing."""
    for case in evaluation_set(name).eval_cases:
        assert case.conversation
        asked = case.conversation[0].user_content
        said = types.Content(role="model", parts=[types.Part(text="Done.")])
        idle = [
            Invocation(
                user_content=asked, final_response=said, intermediate_data=IntermediateData()
            )
        ]
        scores = [await _scored(metric, idle, case.conversation) for metric in metrics(name)]
        assert min(scores) == 0


def said(text: str) -> list[Invocation]:
    asked = types.Content(role="user", parts=[types.Part(text="?")])
    content = types.Content(role="model", parts=[types.Part(text=text)])
    return [Invocation(user_content=asked, final_response=content)]


@pytest.mark.parametrize(
    ("answer", "share"),
    [("4,202 grams in 344  Rows", 1.0), ("344 rows", 0.5), ("Nothing.", 0.0)],
)
def test_facts_are_found_in_other_words(answer: str, share: float) -> None:
    """Case, blanks and separators of thousands make no difference."""
    metric = metrics("analysis")[0]
    result = names_facts(metric, said(answer), said("344 rows\n4202"))
    assert result.overall_score == share
