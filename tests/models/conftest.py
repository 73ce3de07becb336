"""Signoff with a stand-in for Gemini, and settings of its own."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from agents.models.settings import MODEL_KEYS
from bot.config.settings import Settings, load
from tests.conftest import free_port
from tests.models.gemini import KEY, GeminiStandIn
from tests.models.pipeline import Pipeline, pipeline

SMALL = """
[policy]
approvers = ["grace@acme.example"]
[pipelines.review]
steps = [{name = "analysis", model = "gemini-flash-latest"}]
"""
PRICES = """
[models."gemini-3-flash-preview"]
prices = { input = 2.0, output = 2.0 }
"""
Write = Callable[..., Settings]


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of whoever runs the tests; and a proxy that leads nowhere."""
    google = ("GOOGLE_GENAI_USE_VERTEXAI", "GOOGLE_CLOUD_PROJECT", "GOOGLE_CLOUD_LOCATION")
    for name in (*MODEL_KEYS, *google):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
async def gemini() -> AsyncIterator[GeminiStandIn]:
    """Running."""
    async with GeminiStandIn().serving() as running:
        yield running


@pytest.fixture
def settings_of(tmp_path: Path, gemini: GeminiStandIn) -> Write:
    """Settings out of a file and an `.env`, with the stand-in as the address of Gemini."""

    def write(toml: str = SMALL, env: str = "", models: str = "") -> Settings:
        (tmp_path / ".env").write_text(env, encoding="utf-8")
        text = f'{toml}\n[models]\naddress = "{gemini.address}"\n{models}\n'
        (tmp_path / "signoff.toml").write_text(text, encoding="utf-8")
        return load(tmp_path / "signoff.toml")

    return write


@pytest.fixture
async def line(
    settings_of: Write, temporal_address: str, gemini: GeminiStandIn
) -> AsyncIterator[Pipeline]:
    """Agents' server, worker and workflow on the stand-in."""
    toml = SMALL + f"[agent_server]\nport = {free_port()}\n" + PRICES
    async with pipeline(
        settings_of(toml, env=f"GOOGLE_API_KEY={KEY}"), temporal_address
    ) as running:
        yield running
