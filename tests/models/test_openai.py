"""Models through LiteLLM, on a server that speaks as OpenAI's does; needs the extra `litellm`."""

import json
from collections.abc import AsyncIterator

import pytest

from agents.catalogue import CATALOGUE
from agents.errors import AgentError
from agents.models.access import ModelAccess
from agents.models.settings import ModelSettings
from agents.runtime.local import LocalAgents
from tests.agents.requests import SALES, request
from tests.models.conftest import Write
from tests.models.gemini_replies import ANSWER
from tests.models.openai_like import (
    KEY,
    VERSION,
    Failure,
    Message,
    OpenAIStandIn,
    calls,
    says,
)
from workflows.messages.turns import TurnOutcome

pytest.importorskip("litellm", reason="an extra: make install EXTRAS=litellm")
pytestmark = [  # LiteLLM's own, when it is loaded and when it leaves its connections open
    pytest.mark.filterwarnings(f"ignore::{kind}")
    for kind in ("UserWarning", "DeprecationWarning", "ResourceWarning")
]
MODEL = "openai/gpt-5-mini"


@pytest.fixture
async def openai() -> AsyncIterator[OpenAIStandIn]:
    """Running."""
    async with OpenAIStandIn().serving() as running:
        yield running


@pytest.fixture
def access(
    openai: OpenAIStandIn, settings_of: Write, monkeypatch: pytest.MonkeyPatch
) -> ModelAccess:
    """LiteLLM takes a proxy from the environment, and its table of prices from its own files."""
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    models = f'''use = "live"
[models."{MODEL}"]
address = "{openai.address}"
key = "OPENAI_API_KEY"'''
    return settings_of(env=f"OPENAI_API_KEY={KEY}", models=models).model_access


async def run(access: ModelAccess, agent: str = "analysis", model: str = MODEL) -> TurnOutcome:
    asked = request(agent).model_copy(update={"model": model})
    return await LocalAgents(models=access).run(asked, [SALES])


@pytest.mark.parametrize("agent", CATALOGUE)
async def test_every_agent_answers(openai: OpenAIStandIn, access: ModelAccess, agent: str) -> None:
    """The strict one refuses nothing; version and tokens are known."""
    outcome = await run(access, agent)
    assert outcome.result
    assert outcome.result.summary
    assert outcome.version
    assert (outcome.version.model_version, outcome.version.asked_model) == (VERSION, MODEL)
    assert outcome.cost.turn.tokens > 100
    assert not openai.refused


async def test_a_tool_is_called(openai: OpenAIStandIn, access: ModelAccess) -> None:
    """Two side by side, one with arguments of a wrong type; both are answered by their id."""
    openai.says(calls(("profile_table", {"file": "sales.csv"}), ("read_document", {"file": 7})))
    outcome = await run(access)
    assert outcome.result
    assert outcome.result.summary == ANSWER["summary"]
    answers = [m for m in openai.seen[1]["messages"] if m["role"] == "tool"]
    assert len(answers) == 2
    assert "file: Input should be a valid string" in answers[1]["content"]
    assert not openai.refused


WRONG: dict[str, tuple[Message | Failure, str, bool, float]] = {
    "cut": (says(json.dumps(ANSWER), "length"), "was cut off", False, 0),
    "filtered": (says("Take", "content_filter"), "rules on contents", False, 0),
    "nothing": (Message(), "gave no usable answer", True, 0),
    "half of the JSON": (says(json.dumps(ANSWER)[:70]), "broke off its answer", True, 0),
    "arguments cut off": (
        Message(calls=(("profile_table", '{"file": "sal'),), finish="tool_calls"),
        "MALFORMED_FUNCTION_CALL",
        True,
        0,
    ),
    "key": (Failure(401, "invalid_api_key"), "refuses the key", False, 0),
    "model": (Failure(404, "model_not_found"), "There is no model", False, 0),
    "bad request": (Failure(400, "invalid_request_error"), "as it is (400)", False, 0),
    "rate": (Failure(429, "rate_limit_exceeded", after="7"), "no more requests just now", True, 7),
    "quota": (
        Failure(429, "insufficient_quota", "insufficient_quota: check your plan."),
        "has used up its quota",
        False,
        0,
    ),
    "overloaded": (Failure(503, "server_error"), "is overloaded (503)", True, 0),
    "broken": (Failure(500, "server_error"), "is overloaded (500)", True, 0),
}


@pytest.mark.parametrize("name", WRONG)
async def test_a_failure_has_its_sentence(
    openai: OpenAIStandIn, access: ModelAccess, name: str
) -> None:
    """The same words as for Gemini; asked once, the key nowhere."""
    reply, says_so, retryable, pause = WRONG[name]
    openai.says(reply)
    with pytest.raises(AgentError) as caught:
        await run(access)
    error = caught.value
    assert says_so in error.sentence
    assert "analysis" in error.sentence
    assert (error.retryable, error.retry_after) == (retryable, pause)
    assert len(openai.seen) == 1
    assert KEY not in error.sentence


async def test_nobody_there(openai: OpenAIStandIn, access: ModelAccess) -> None:
    """A connection that is refused is no fault of the agent."""
    said = access.settings.model_dump() | {MODEL: {"address": "http://127.0.0.1:9/v1"}}
    gone = ModelAccess(ModelSettings.model_validate(said), access.keys, False, "")
    with pytest.raises(AgentError, match="was not reached: nothing listens there"):
        await run(gone)
