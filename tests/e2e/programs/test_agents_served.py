"""A task whose agent is served over TLS, with encrypted messages and a signed card.

Everything between `/task` and the agent is as in production; the agent itself is hand-written.
"""

import base64
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from agents.a2a.encryption import Seal
from agents.http.signature import SigningKey
from agents.http.tls import server_context
from agents.runtime.server import ServerParts
from bot.approvals import delivery
from bot.config.agents import tls_files
from bot.config.sections.agents import AgentServerSettings, AgentSettings, TlsSettings
from bot.config.sections.pipelines import PinSettings, PipelineSettings, StepSettings
from bot.config.settings import Settings
from bot.monitoring.metrics import Metrics
from bot.processes import bootstrap
from playground.server import Playground
from storage.agent_answers import AnswerFile
from tests.agents.certificates import Authority
from tests.agents.runners import CountingRunner
from tests.agents.servers import signoff_agents
from tests.conftest import free_port
from tests.e2e.conftest import CHANNEL, PATIENCE, Office, settings_for

TOKEN = "agents-token-canary"
KEY = base64.b64encode(b"k" * 32).decode()
RIGHT = PinSettings(version="1.0.0", prompt_version="1", capabilities=("data",))


class House(NamedTuple):
    """The office, the agent in it, and what the worker counted."""

    office: Office
    runner: CountingRunner
    metrics: Metrics

    def counted(self, name: str) -> dict[str, float]:
        """The samples of a counter by their labels."""
        _, text = self.metrics.exposition()
        return {
            " ".join(sample.labels.values()): sample.value
            for family in text_string_to_metric_families(text.decode())
            for sample in family.samples
            if sample.name == f"{name}_total"
        }


def secured(settings: Settings, folder: Path, port: int, keys: Path) -> Settings:
    """The settings with certificates, keys, a cache, and a pipeline of one pinned step each."""
    files = Authority(folder / "tls").issued()
    tls = TlsSettings(ca=files.ca, cert=files.cert, key=files.key)
    secrets = {"agents_token": SecretStr(TOKEN), "agents_key": SecretStr(KEY)}
    pinned = {"right": RIGHT, "wrong": PinSettings(version="9.9")}
    return settings.model_copy(
        update={
            "agent_server": AgentServerSettings(port=port, tls=tls),
            "agents": {"analysis": AgentSettings.model_validate({"cache": "1h", "card_key": keys})},
            "secrets": settings.secrets.model_copy(update=secrets),
            "pipelines": {
                name: PipelineSettings(steps=(StepSettings(name="analysis", pin=pin),))
                for name, pin in pinned.items()
            },
        }
    )


@pytest.fixture
async def house(
    workspace: Playground, temporal_address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[House]:
    """Agents' server, worker and bot."""
    monkeypatch.setattr(delivery, "FIRST_TRY_SECONDS", 2.0)  # everything shares one event loop here
    key, keys = SigningKey.fresh(), tmp_path / "agents.jwks"
    keys.write_text(json.dumps(key.public()))
    plain = settings_for(workspace, temporal_address, tmp_path / "signoff")
    settings = secured(plain, tmp_path, free_port(), keys)
    settings.folder.mkdir()
    server = settings.agent_server
    answers = AnswerFile(settings.folder / "agents.db")
    parts = ServerParts(
        token=TOKEN, names=("analysis",), seal=Seal.of(KEY), card_key=key, answers=answers
    )
    tls = server_context(tls_files(settings, "agent_server.tls", server.tls))
    built = House(Office(workspace, settings), CountingRunner(), Metrics())
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(answers.close)
        serving = signoff_agents(built.runner, server.port, parts=parts, tls=tls)
        await stack.enter_async_context(serving)
        await bootstrap.prepare(settings)
        await stack.enter_async_context(bootstrap.worker(settings, metrics=built.metrics))
        await stack.enter_async_context(bootstrap.bot(settings))
        yield built
        await built.office.close()


async def completed(office: Office, seen: set[str]) -> str:
    """One task, approved; its card's text. `seen` grows by its thread."""
    await office.ada.command("/task right examples/penguins.csv", CHANNEL)
    root = await office.ada.wait_for(
        lambda m: (
            (m.get("metadata") or {}).get("event_type") == "signoff_task" and m["ts"] not in seen
        ),
        CHANNEL,
        timeout=PATIENCE,
    )
    thread = str(root["ts"])
    card = await office.card(thread, "analysis")
    await office.grace.click(card, "signoff_approve")
    await office.root(thread, "completed")
    seen.add(thread)
    return str(card["blocks"])


async def test_a_pinned_agent_answers_once_for_the_same_question(house: House) -> None:
    """The card holds its answer; the second task gets it from the cache."""
    seen: set[str] = set()
    for _ in range(2):
        assert "Run 1 of analysis." in await completed(house.office, seen)
    assert len(house.runner.requests) == 1
    assert house.counted("signoff_agent_calls") == {"analysis live_agent ok": 2}
    assert house.counted("signoff_agent_cache") == {"analysis miss": 1, "analysis hit": 1}


async def test_another_version_is_refused_with_a_sentence(house: House) -> None:
    """The task waits for a person; the agent was not asked."""
    await house.office.ada.command("/task wrong examples/penguins.csv", CHANNEL)
    stuck = await house.office.ada.wait_for(
        lambda m: "but 9.9 is pinned" in str(m.get("blocks")), CHANNEL, timeout=PATIENCE
    )
    assert "analysis says it is version 1.0.0, but 9.9 is pinned." in str(stuck["blocks"])
    assert "Retry" in str(stuck["blocks"])
    assert house.runner.requests == []
    assert house.counted("signoff_agent_calls") == {"analysis  WrongVersion": 1}
