"""Models through LiteLLM, on a server that speaks as OpenAI's does; needs the extra `litellm`."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from pathlib import Path

import pytest
from google.adk.models.llm_request import LlmRequest
from google.adk.models.llm_response import LlmResponse
from google.genai import types

from agents.catalogue import CATALOGUE
from agents.errors import AgentError
from agents.models.access import ModelAccess
from agents.models.live import LiveModels
from agents.models.settings import ModelSettings
from agents.runtime.local import LocalAgents
from bot.config.settings import Settings
from tests.agents.requests import SALES, request
from tests.conftest import free_port
from tests.models.conftest import SMALL, Write
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
from tests.models.pipeline import pipeline, turn_inside
from workflows.messages.decisions import Verdict
from workflows.messages.results import ExecutionMode
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
def house(
    openai: OpenAIStandIn, settings_of: Write, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Settings]:
    """Settings with the stand-in's address in a section; LiteLLM takes a proxy from the
    environment, and its table of prices from its own files."""
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LITELLM_LOCAL_MODEL_COST_MAP", "True")

    def write(
        name: str = MODEL, more: str = 'key = "OPENAI_API_KEY"', toml: str = SMALL
    ) -> Settings:
        models = f'use = "live"\n[models."{name}"]\naddress = "{openai.address}"\n{more}\n'
        return settings_of(toml, env=f"OPENAI_API_KEY={KEY}\nHOUSE_KEY={KEY}", models=models)

    return write


@pytest.fixture
def access(house: Callable[..., Settings]) -> ModelAccess:
    """To the model of OpenAI's name."""
    return house().model_access


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


NAMED = """provider = "openai"
model = "gpt-5-mini"
key = "HOUSE_KEY"
temperature = 0.3
prices = { input = 2.0, output = 2.0 }
"""


async def test_a_model_of_a_section_is_asked(
    openai: OpenAIStandIn, house: Callable[..., Settings]
) -> None:
    """By the provider's name for it, with its key, at its address; its price counts."""
    outcome = await run(house("house", NAMED).model_access, model="house")
    assert outcome.version
    assert (outcome.version.model_version, outcome.version.asked_model) == (VERSION, "house")
    assert outcome.cost.turn.money == pytest.approx(outcome.cost.turn.tokens * 2 / 1_000_000)
    assert [body["model"] for body in openai.seen] == ["gpt-5-mini"]


async def test_a_key_goes_only_where_somebody_said(
    openai: OpenAIStandIn, house: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    """OpenAI's key is set and exported: an address without `key` does not get it."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with pytest.raises(AgentError, match="refuses the key"):
        await run(house(more="").model_access)
    assert openai.bearers == ["none"]


async def test_it_is_asked_inside_of_a_workflow(
    openai: OpenAIStandIn, house: Callable[..., Settings], temporal_address: str, tmp_path: Path
) -> None:
    """`run = "workflow"`: the worker knows the section."""
    settings = house("house", NAMED)
    asked = request().model_copy(update={"model": "house"})
    result = await turn_inside(settings, temporal_address, tmp_path / "payloads", asked)
    assert result.summary == ANSWER["summary"]
    assert [body["model"] for body in openai.seen] == ["gpt-5-mini"]


async def test_a_pipeline_of_four_steps(
    openai: OpenAIStandIn, house: Callable[..., Settings], temporal_address: str
) -> None:
    """Workflow, worker, A2A and our agents' own server: the one of Gemini, on a section."""
    steps = ("analysis", "strategy", "patterns", "report")
    toml = SMALL.replace("gemini-flash-latest", "house") + f"[agent_server]\nport = {free_port()}\n"
    async with pipeline(house("house", NAMED, toml), temporal_address) as line:
        task = await line.start(*steps, model="house")
        for step in steps:
            card = await line.card(task, step)
            assert card.request.execution_mode is ExecutionMode.LIVE_AGENT
            assert card.request.result.summary == ANSWER["summary"]
            assert card.request.result.model == VERSION
            await line.house.decide(card.request.id, Verdict.APPROVE)
        assert (await task.result()).status == "completed"
    assert not openai.refused


async def test_the_stream_is_read(openai: OpenAIStandIn, access: ModelAccess) -> None:
    """ADK's own client of LiteLLM takes the pieces, calls as well as text, and the usage."""
    openai.says(calls(("profile_table", {"file": "sales.csv"})), says("Good morning."))
    whole: list[LlmResponse] = []
    async with aclosing(LiveModels(access)) as live:
        llm = live.asked(MODEL, "analysis")
        for _ in range(2):
            said = types.Content(role="user", parts=[types.Part(text="Hello")])
            asked = LlmRequest(model=llm.model, contents=[said])
            answers = [one async for one in llm.generate_content_async(asked, stream=True)]
            assert [one for one in answers[:-1] if one.partial]
            whole.append(answers[-1])
    assert whole[0].content
    assert whole[0].content.parts
    assert whole[1].content
    call = whole[0].content.parts[0].function_call
    assert call
    assert (call.name, call.args) == ("profile_table", {"file": "sales.csv"})
    assert whole[1].content.parts
    assert whole[1].content.parts[0].text == "Good morning."
    assert all(one.usage_metadata and one.usage_metadata.total_token_count for one in whole)
    assert not openai.refused
