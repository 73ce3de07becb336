"""What the stand-in of `make demo MODEL=stand-in` answers to a draft."""

import json

import pytest

from agents.errors import AgentError
from agents.runtime.local import LocalAgents
from tests.agents.requests import SALES, request
from tests.models.conftest import Write
from tests.models.demo import TRIES, WISHES, Wishes
from tests.models.gemini import KEY, GeminiStandIn
from tests.models.gemini_replies import ANSWER
from tests.models.pipeline import FLASH
from workflows.messages.results import AgentResult
from workflows.messages.turns import Feedback

SAYS = {
    "cut": "was cut off",
    "blocked": "(SAFETY)",
    "recited": "(RECITATION)",
    "empty": "gave no usable answer",
    "half": "broke off its answer",
    "quota": "no more requests just now",
    "quota today": "quota for today",
    "overloaded": "overloaded (503)",
    "broken": "overloaded (500)",
    "bad request": "as it is (400)",
    "reset": "the connection broke",
    "page": "a web page came back",
    "loop": "budget of a turn (60 calls of a model)",
}


@pytest.mark.parametrize("draft", WISHES)
async def test_a_wish_in_a_comment(gemini: GeminiStandIn, settings_of: Write, draft: str) -> None:
    """Fails as often as a turn is tried; what a person's Retry asks for succeeds."""
    gemini.usual = Wishes().answer
    runner = LocalAgents(models=settings_of(env=f"GOOGLE_API_KEY={KEY}").model_access)
    before = AgentResult(summary="Before.")
    feedback = Feedback(text=f"Please, stand-in: {draft}", by="grace", previous=before)
    asked = request(feedback=feedback).model_copy(update={"model": FLASH})
    if draft == "claim":
        outcome = await runner.run(asked, [SALES])
        assert "I have ordered" in json.dumps(outcome.model_dump(mode="json"))
        return
    for _ in range(1 if draft == "loop" else TRIES):
        with pytest.raises(AgentError) as caught:
            await runner.run(asked, [SALES])
        assert SAYS[draft] in caught.value.sentence
    if draft != "loop":
        outcome = await runner.run(asked, [SALES])
        assert outcome.result
        assert outcome.result.summary == ANSWER["summary"]
