"""An agent that is ill is told on the next card, before anybody's task runs into it."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from bot.config.sections.agents import AgentServerSettings
from bot.processes import bootstrap
from playground.blocks import problems
from tests.conftest import free_port
from tests.e2e.conftest import CHANNEL, PATIENCE, Office
from tests.e2e.gestures import COMMAND


async def test_ill_agents_are_told_on_the_next_card(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The scheduler finds nobody at the agents' address; card, task and `/task health` say so."""
    monkeypatch.setattr("bot.monitoring.agent_health.EVERY", timedelta(milliseconds=200))
    nobody = {"agent_server": AgentServerSettings(port=free_port())}
    async with bootstrap.scheduler(office.settings.model_copy(update=nobody)):
        await office.ada.command(COMMAND, CHANNEL)
        thread = await office.thread()
        await office.card(thread, "analysis")
        answer: dict[str, Any] = {}
        async with asyncio.timeout(PATIENCE):
            while "since" not in answer.get("text", ""):
                answer = (await office.ada.command("/task health", CHANNEL))["response"]
        assert answer["response_type"] == "ephemeral"
        assert problems(answer["blocks"], "message") == []
        assert "Some agents do not answer" in answer["text"]
        assert "❌ `strategy` unhealthy" in str(answer["blocks"])
        card = await office.card(thread, "analysis")
        await office.grace.click(card, "signoff_approve")
        second = await office.card(thread, "strategy")
        shown = str(second["blocks"])
        assert "Agent `report` is unhealthy since" in shown
        assert "report cannot be reached" in shown
        assert "Agent `analysis`" not in shown
        await office.root(thread, "Agent `report` is unhealthy since")


async def test_without_a_scheduler_the_bot_looks_itself(office: Office) -> None:
    """In time for Slack's three seconds."""
    answer = await office.ada.command("/task health", CHANNEL)
    assert answer["acked"]
    assert "gents" in answer["response"]["text"]
