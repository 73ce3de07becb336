"""The stand-in for Gemini is strict, and Google's own client gets along with it."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import pytest
from google import genai
from google.genai import types
from google.genai.errors import APIError
from google.genai.models import AsyncModels

from tests.models.gemini import KEY, GeminiStandIn
from tests.models.gemini_replies import calls, quota, says, signature
from tests.models.gemini_rules import RefusedError, check

Ask = Callable[..., AsyncModels]
USER = {"role": "user", "parts": [{"text": "hello"}]}
CALL = {
    "role": "model",
    "parts": [{"functionCall": {"name": "f", "args": {}}, "thoughtSignature": signature("f")}],
}
RESPONSE = {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {}}}]}


@pytest.fixture
async def gemini() -> AsyncIterator[GeminiStandIn]:
    """Running."""
    async with GeminiStandIn().serving() as running:
        yield running


@pytest.fixture
async def ask(gemini: GeminiStandIn) -> AsyncIterator[Ask]:
    """Google's client with a key, past any proxy."""
    async with aiohttp.ClientSession() as session:

        def asking(key: str = KEY) -> AsyncModels:
            options = types.HttpOptions(base_url=gemini.address, aiohttp_client=session)
            client = genai.Client(api_key=key, vertexai=False, http_options=options)
            return client.aio.models

        yield asking


async def test_googles_client_gets_an_answer(gemini: GeminiStandIn, ask: Ask) -> None:
    """With usage, version and finish reason."""
    gemini.says(says("Good."))
    answer = await ask().generate_content(model="gemini-flash-latest", contents="hello")
    assert (answer.text, answer.model_version) == ("Good.", "gemini-3-flash-preview")
    assert answer.usage_metadata
    assert answer.usage_metadata.total_token_count
    assert answer.candidates
    assert answer.candidates[0].finish_reason == "STOP"


async def test_googles_client_reads_the_stream(gemini: GeminiStandIn, ask: Ask) -> None:
    """In pieces; the last one says why it ended."""
    gemini.says(says("Good morning."))
    stream = await ask().generate_content_stream(model="gemini-pro-latest", contents="hello")
    parts = [part async for part in stream]
    assert "".join(part.text or "" for part in parts) == "Good morning."
    assert len(parts) == 2
    assert parts[-1].candidates
    assert parts[-1].candidates[0].finish_reason == "STOP"
    assert parts[-1].usage_metadata


async def test_calls_come_with_a_signature(gemini: GeminiStandIn, ask: Ask) -> None:
    """Of two calls side by side the first carries it."""
    gemini.says(calls(("f", {}), ("g", {"x": 1})))
    answer = await ask().generate_content(model="gemini-pro-latest", contents="hello")
    assert answer.function_calls
    assert [call.name for call in answer.function_calls] == ["f", "g"]
    assert answer.candidates
    content = answer.candidates[0].content
    assert content
    assert content.parts
    assert [bool(part.thought_signature) for part in content.parts] == [True, False]


@pytest.mark.parametrize(
    ("key", "code", "status"),
    [("nobody-knows-this-key", 400, "INVALID_ARGUMENT"), (" ", 403, "PERMISSION_DENIED")],
)
async def test_the_key_is_checked(ask: Ask, key: str, code: int, status: str) -> None:
    """A wrong one is a 400, none is a 403."""
    with pytest.raises(APIError) as caught:
        await ask(key).generate_content(model="gemini-pro-latest", contents="hello")
    assert (caught.value.code, caught.value.status) == (code, status)


async def test_a_quota_says_when_to_come_back(gemini: GeminiStandIn, ask: Ask) -> None:
    """As a RetryInfo."""
    gemini.says(quota(17))
    with pytest.raises(APIError) as caught:
        await ask().generate_content(model="gemini-pro-latest", contents="hello")
    assert caught.value.code == 429
    assert "'retryDelay': '17s'" in str(caught.value)


GOOD: dict[str, dict[str, Any]] = {
    "a word": {"contents": [USER]},
    "a call answered": {"contents": [USER, CALL, RESPONSE]},
    "a call answered, and more": {"contents": [USER, CALL, RESPONSE, CALL, RESPONSE]},
    "a schema": {
        "contents": [USER],
        "generationConfig": {
            "responseMimeType": "application/json",
            "responseSchema": {"type": "OBJECT", "properties": {"a": {"type": "STRING"}}},
        },
    },
}
_UNSIGNED = {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {}}}]}
_TOOL = {"functionDeclarations": [{"name": "f", "description": "d"}]}
BAD: dict[str, tuple[dict[str, Any], str]] = {
    "nothing": ({}, "contents is not specified"),
    "an unknown field": ({"contents": [USER], "prompt": "x"}, 'Unknown name "prompt"'),
    "a role": ({"contents": [{"role": "system", "parts": [{"text": "x"}]}]}, "valid role"),
    "no part": ({"contents": [{"role": "user", "parts": []}]}, "must not be empty"),
    "an empty part": ({"contents": [{"role": "user", "parts": [{}]}]}, "required oneof"),
    "a call first": ({"contents": [CALL, RESPONSE]}, "function call turn comes immediately after"),
    "a response first": ({"contents": [RESPONSE]}, "function response turn comes immediately"),
    "a call unanswered": ({"contents": [USER, CALL, USER]}, "number of function response parts"),
    "a call at the end": ({"contents": [USER, CALL]}, "end with a user role"),
    "no signature": ({"contents": [USER, _UNSIGNED, RESPONSE]}, "missing a thought_signature"),
    "a temperature": ({"contents": [USER], "generationConfig": {"temperature": 3}}, "temperature"),
    "a schema alone": (
        {"contents": [USER], "generationConfig": {"responseSchema": {"type": "STRING"}}},
        "requires response mime type",
    ),
    "a schema's type": (
        {
            "contents": [USER],
            "generationConfig": {
                "responseMimeType": "application/json",
                "responseSchema": {"type": "text"},
            },
        },
        "Invalid value",
    ),
    "two tools of a name": ({"contents": [USER], "tools": [_TOOL, _TOOL]}, "Duplicate"),
}


@pytest.mark.parametrize("name", GOOD)
def test_a_good_request_is_taken(name: str) -> None:
    """As the documentation shows them."""
    check(GOOD[name], "gemini-3-pro-preview")


@pytest.mark.parametrize("name", BAD)
def test_a_bad_request_is_refused(name: str) -> None:
    """With the sentence of the real one."""
    body, says_so = BAD[name]
    with pytest.raises(RefusedError, match=says_so):
        check(body, "gemini-3-pro-preview")


def test_a_schema_beside_tools_is_for_newer_ones() -> None:
    """Gemini 2.5 refuses what Gemini 3 takes."""
    body = {
        "contents": [USER],
        "tools": [_TOOL],
        "generationConfig": {"responseMimeType": "application/json"},
    }
    check(body, "gemini-3-pro-preview")
    with pytest.raises(RefusedError, match="is unsupported"):
        check(body, "gemini-2.5-flash")
