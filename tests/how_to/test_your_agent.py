"""Each page on somebody's own agent, by the letter."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.how_to.reader import PATIENCE, Reader, python_for
from tests.models.gemini import GeminiStandIn
from tests.models.gemini_replies import calls, says
from tests.models.openai_like import OpenAIStandIn
from tests.models.openai_like import calls as openai_calls
from tests.models.openai_like import says as openai_says

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.timeout(600)]
FRAMEWORKS = {
    "langgraph": "langgraph",
    "openai-agents": "openai-agents",
    "pydantic-ai": "pydantic-ai-slim",
}
CALL = ("order_chairs", {"number": 200})


async def test_an_adk_agent_is_a_step(reader: Reader, gemini: GeminiStandIn) -> None:
    """It reads the order, and its quote waits for Grace."""
    gemini.says(calls(("read_order", {"file": "text.md"})), says("200 chairs: 9,000 EUR."))
    (start,) = reader.commands("adk")
    said = await reader.types(start)
    card = await reader.card()
    assert "200 chairs: 9,000 EUR." in card.text
    assert "Two hundred chairs for Acme" in json.dumps(gemini.seen[-1].body)
    await reader.decides(card, "approve")
    await reader.task(said, "completed")


async def test_a_served_agent_is_a_step(reader: Reader, gemini: GeminiStandIn) -> None:
    """By ADK's own `to_a2a`, at the first try; its model is not given our JSON."""
    serve, start = reader.commands("to-a2a")
    async with reader.running(serve), answering(f"http://127.0.0.1:{reader.ports['8001']}/"):
        gemini.says(says("Yes, in oak."))
        said = await reader.types(start)
        card = await reader.card()
        assert "Yes, in oak." in card.text
        asked = json.dumps(gemini.seen[-1].body)
        assert "Have you got two hundred chairs?" in asked
        assert "workflow_id" not in asked
        await reader.decides(card, "approve")
        await reader.task(said, "completed")


async def test_curl_is_enough(reader: Reader) -> None:
    """A request, a decision, and how it stands."""
    ask, look = reader.commands("curl")
    task = json.loads(await reader.types(ask))["task"]
    assert task["status"]["state"] == "TASK_STATE_AUTH_REQUIRED"
    assert json.loads(await reader.types(ask))["task"]["id"] == task["id"]
    card = await reader.card()
    assert "All checks passed." in card.text
    await reader.decides(card, "approve")
    reader.variables["TASK"] = task["id"]
    assert json.loads(await reader.types(look))["status"]["state"] == "TASK_STATE_COMPLETED"


@pytest.mark.parametrize("verdict", ["approve", "reject"])
@pytest.mark.parametrize("page", FRAMEWORKS)
async def test_a_framework_asks_people(
    reader: Reader, openai: OpenAIStandIn, page: str, verdict: str
) -> None:
    """The tool runs when Grace approves the call, and not when she rejects it."""
    python = python_for(page, FRAMEWORKS[page])
    if python is None:
        pytest.skip(f"{FRAMEWORKS[page]} is not installed; SIGNOFF_HOW_TO names where it is")
    openai.says(openai_calls(CALL), openai_says("That was that."))
    (line,) = reader.commands(page)
    order = line.split()[2]
    line = line.replace(order, f"{order}-{verdict}")
    running = asyncio.create_task(reader.types(line, python))
    card = await reader.card(running)
    assert "order_chairs" in card.text
    assert not running.done()
    await reader.decides(card, verdict)
    assert "That was that." in await running
    heard = json.dumps(openai.seen[-1])
    assert ("Ordered 200 chairs." in heard) is (verdict == "approve")
    assert not openai.refused


@contextlib.asynccontextmanager
async def answering(url: str) -> AsyncIterator[None]:
    """Once somebody answers there."""
    async with httpx.AsyncClient() as http, asyncio.timeout(PATIENCE):
        while True:
            with contextlib.suppress(httpx.HTTPError):
                await http.get(url)
                break
            await asyncio.sleep(0.5)
    yield
