"""Answers that come as a stream: the same answers, and what is heard of them on their way."""

import asyncio
import gc
import json
from contextlib import aclosing

import pytest
from google.adk.models.llm_request import LlmRequest
from google.adk.models.llm_response import LlmResponse
from google.genai import types

from agents.errors import AgentError
from agents.models.access import ModelAccess
from agents.models.cut_answers import mark_cut
from agents.models.live import LiveModels
from agents.runtime.local import LocalAgents
from agents.turn.progress import heard_by
from tests.agents.requests import SALES, request
from tests.models.conftest import Write
from tests.models.gemini import KEY, GeminiStandIn
from tests.models.gemini_replies import (
    ANSWER,
    Fault,
    ModelAnswer,
    calls,
    overloaded,
    says,
    signature,
)
from tests.models.pipeline import FLASH
from workflows.messages.turns import Progress

WHOLE = json.dumps(ANSWER)
NO_STREAM = "stream = false"
UNLIKE = {"partial", "error_message"}
"""Whether it is a part is said of streams only; nobody reads the provider's own words."""
THOUGHT = {"text": "Let me see.", "thought": True}
ANSWERS: dict[str, ModelAnswer] = {
    "a text": says(WHOLE),
    "a letter": says("x"),
    "a thought before": ModelAnswer((THOUGHT, {"text": WHOLE})),
    "a signed text": ModelAnswer(({"text": WHOLE, "thoughtSignature": signature("text")},)),
    "a call": calls(("profile_table", {"file": "sales.csv", "deep": {"a": [1, 2.5, None]}})),
    "calls side by side": calls(("profile_table", {"file": "a"}), ("profile_table", {"file": "a"})),
    "a text and a call": ModelAnswer((THOUGHT, {"text": "I look."}, *calls(("f", {})).parts)),
    "no room": says(WHOLE[:40], "MAX_TOKENS"),
    "blocked": says("Take two", "SAFETY"),
    "blocked before": ModelAnswer(blocked="PROHIBITED_CONTENT"),
}


async def asked(access: ModelAccess) -> list[LlmResponse]:
    content = types.Content(role="user", parts=[types.Part(text="hello")])
    async with aclosing(LiveModels(access)) as live:
        llm = live.asked(FLASH, "analysis")
        wanted = LlmRequest(model=llm.model, contents=[content])
        return [response async for response in llm.generate_content_async(wanted)]


@pytest.mark.parametrize("name", ANSWERS)
async def test_the_answer_is_the_same(gemini: GeminiStandIn, settings_of: Write, name: str) -> None:
    """In one piece, with the same parts, reason, usage and version as without a stream."""
    gemini.says(ANSWERS[name], ANSWERS[name])
    found = [
        await asked(settings_of(env=f"GOOGLE_API_KEY={KEY}", models=said).model_access)
        for said in ("", NO_STREAM)
    ]
    assert [one.method for one in gemini.seen] == ["streamGenerateContent", "generateContent"]
    (streamed,), (plain,) = found
    mark_cut(streamed)  # as the journal does, which is the first to see an answer
    mark_cut(plain)
    assert streamed.model_dump(exclude=UNLIKE) == plain.model_dump(exclude=UNLIKE)
    assert not streamed.partial


BROKEN: dict[str, tuple[Fault, str]] = {
    "ends": (Fault("ends", text=WHOLE), "the connection broke"),
    "ends with nothing": (Fault("ends"), "the connection broke"),
    "breaks": (Fault("breaks", text=WHOLE[:60]), "the connection broke"),
    "an error follows": (Fault("stumbles", text=WHOLE, body=overloaded().body), "overloaded (503)"),
}


@pytest.mark.parametrize("name", BROKEN)
async def test_a_broken_stream_is_a_failure(
    gemini: GeminiStandIn, settings_of: Write, name: str
) -> None:
    """Whatever came before it broke, a whole answer included; asking again may help."""
    fault, sentence = BROKEN[name]
    gemini.says(fault)
    runner = LocalAgents(models=settings_of(env=f"GOOGLE_API_KEY={KEY}").model_access)
    with pytest.raises(AgentError) as caught:
        await runner.run(request().model_copy(update={"model": FLASH}), [SALES])
    assert sentence in caught.value.sentence
    assert caught.value.retryable
    assert len(gemini.seen) == 1


async def test_what_happens_is_told_as_it_happens(
    gemini: GeminiStandIn, settings_of: Write
) -> None:
    """The model is asked, the tool runs, the model is asked again, and writes more and more."""
    gemini.says(calls(("profile_table", {"file": "sales.csv"})), says(WHOLE))
    heard: list[Progress] = []
    runner = LocalAgents(models=settings_of(env=f"GOOGLE_API_KEY={KEY}").model_access)
    with heard_by(heard.append):
        await runner.run(request().model_copy(update={"model": FLASH}), [SALES])
    half = len(WHOLE) // 2
    assert [one.words() for one in heard if not one.model or one.characters or one.tools] == [
        "running profile_table",
        f"{FLASH} has written {half:,} characters",
        f"{FLASH} has written {len(WHOLE):,} characters",
    ]
    assert {one.agent for one in heard} == {"analysis"}
    assert heard[0].words() == f"asking {FLASH}"
    assert "sales.csv" not in "".join(one.model_dump_json() for one in heard)


async def test_a_closed_client_begins_nothing(settings_of: Write) -> None:
    """Memory may be swept anywhere, in a workflow's event loop too."""
    live = LiveModels(settings_of(env=f"GOOGLE_API_KEY={KEY}").model_access)
    live.named(FLASH, "analysis")
    await live.aclose()
    before = asyncio.all_tasks()
    del live
    gc.collect()
    assert asyncio.all_tasks() == before
