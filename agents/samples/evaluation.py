"""A metric for `adk eval` that asks no model: which of the facts an answer has to name it names.

Each agent's folder has an evaluation set, `<name>.evalset.json`: what somebody asks, the tool calls
that have to be among those that are made, and the facts, one a line, in `final_response`. The
thresholds are in `test_config.json` beside it.
"""

from google.adk.evaluation.eval_case import ConversationScenario, Invocation
from google.adk.evaluation.eval_metrics import EvalMetric, EvalStatus
from google.adk.evaluation.evaluator import EvaluationResult, PerInvocationResult
from google.genai import types


def names_facts(
    metric: EvalMetric,
    actual: list[Invocation],
    expected: list[Invocation] | None,
    scenario: ConversationScenario | None = None,
) -> EvaluationResult:
    """From 0 to 1: the share of the expected facts, over all answers; 1 where none is expected.

    Case, blanks and thousands separators make no difference. ADK holds it against the threshold.
    """
    del metric, scenario
    pairs = list(zip(actual, expected or [], strict=True))
    scores = [
        _share(_text(said.final_response), _text(want.final_response)) for said, want in pairs
    ]
    return EvaluationResult(
        overall_score=sum(scores) / len(scores) if scores else None,
        overall_eval_status=EvalStatus.NOT_EVALUATED,
        per_invocation_results=[
            PerInvocationResult(
                actual_invocation=said,
                expected_invocation=want,
                score=score,
                eval_status=EvalStatus.NOT_EVALUATED,
            )
            for (said, want), score in zip(pairs, scores, strict=True)
        ],
    )


def _share(said: str, wanted: str) -> float:
    facts = [_plain(line) for line in wanted.splitlines() if line.strip()]
    named = [fact for fact in facts if fact in _plain(said)]
    return len(named) / len(facts) if facts else 1.0


def _plain(text: str) -> str:
    return " ".join(text.casefold().replace(",", "").split())


def _text(content: types.Content | None) -> str:
    parts = (content.parts if content else None) or []
    return "".join(part.text or "" for part in parts if not part.thought)
