"""A real small model on this machine, asked as any other; runs where its packages are installed."""

import contextlib
import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from rich.console import Console

from agents.errors import AgentFailed
from agents.runtime.local import LocalAgents
from bot.commands.doctor import examine
from bot.config.settings import Settings
from tests.agents.requests import request
from tests.models.conftest import SMALL, Write
from tests.models.local_model import MODEL, application, weights

pytest.importorskip("litellm", reason="an extra: make install EXTRAS=litellm")
pytest.importorskip("ik_llama_cpp", reason="see tests/models/local_model.py")
pytestmark = [
    pytest.mark.skipif(weights() is None, reason="see tests/models/local_model.py"),
    pytest.mark.timeout(300),
    *(
        pytest.mark.filterwarnings(f"ignore::{kind}")
        for kind in ("UserWarning", "DeprecationWarning", "ResourceWarning")
    ),
]
ROOT = Path(__file__).parents[2]
TRIES = 5
DRAFT = (ROOT / "examples" / "draft.md").read_bytes()


@pytest.fixture
async def local(settings_of: Write, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Settings]:
    """Settings with a section for the model, which is loaded and served."""
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    file = weights()
    assert file is not None
    runner = web.AppRunner(application(file), shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    models = f'[models.local]\nprovider = "openai"\nmodel = "{MODEL}"\naddress = "{site.name}/v1"\n'
    yield settings_of(SMALL.replace("gemini-flash-latest", "local"), models=models)
    await runner.cleanup()


async def test_doctor_asks_it(local: Settings) -> None:
    """No key is set, none is needed, and nothing stands in for it."""
    console = Console(record=True, width=200, file=io.StringIO())
    await examine(local, console, online=True)
    text = console.export_text()
    assert f"Models: openai/{MODEL} at http://127.0.0.1" in text
    assert f"✓ local answers as {MODEL}, in " in text


async def test_an_agent_runs_on_it(local: Settings) -> None:
    """`refine`: the model writes, the program checks; model and tokens are known.

    So small a model says nothing at all now and then; it is asked again, as a turn is.
    """
    asked = request("refine", "draft.md", DRAFT).model_copy(update={"model": "local"})
    agents = LocalAgents(models=local.model_access)
    for _ in range(TRIES - 1):
        with contextlib.suppress(AgentFailed):
            outcome = await agents.run(asked, [DRAFT])
            break
    else:
        outcome = await agents.run(asked, [DRAFT])
    assert outcome.result
    assert outcome.result.model == MODEL
    assert not outcome.result.offline
    assert set(outcome.result.metrics) >= {"rounds", "problems left"}
    assert outcome.cost.turn.tokens > 100
