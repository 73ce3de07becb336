"""An ADK agent of somebody's own: named in the settings, served, asked, without a catalogue."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from agents.a2a.client import A2AClient
from agents.errors import AgentError, AgentFailed
from agents.runtime.local import LocalAgents
from bot.config.agents import registry
from bot.config.errors import ConfigurationError
from bot.config.own_agents import imported
from bot.config.settings import Settings
from bot.processes.agent_server import agents
from tests.agents.requests import SALES, request
from tests.conftest import free_port
from tests.models.conftest import Write
from tests.models.gemini import KEY, GeminiStandIn
from tests.models.gemini_replies import calls, says
from workflows.messages.turns import TurnOutcome

ENV = f"GOOGLE_API_KEY={KEY}"
SETTINGS = """
[policy]
approvers = ["grace@acme.example"]
[pipelines.quote]
steps = [{{ name = "quote", agent = "mine" }}]
[agents.mine]
module = "{module}"
{more}
"""
PLAIN = '''
from google.adk.agents import LlmAgent
from google.adk.tools import ToolContext
async def read_order(file: str, tool_context: ToolContext) -> dict:
    """Read an input file.

    Args:
        file: the name of the input file.
    """
    part = await tool_context.load_artifact(file)
    return {"text": part.inline_data.data.decode()}
root_agent = LlmAgent(
    name="quotes", description="Makes quotes.", model="gemini-2.5-flash",
    instruction="Make a quote.", tools=[read_order],
)
'''
GRAPH = (
    PLAIN
    + """
from google.adk.workflow import Workflow
root_agent = Workflow(name="graph", edges=[("START", root_agent)])
"""
)
FACTORY = (
    PLAIN
    + """
def make_agent(model="gemini-2.5-flash", temperature=0.25):
    from google.genai import types
    config = types.GenerateContentConfig(temperature=temperature)
    return LlmAgent(name="made", model=model, generate_content_config=config)
"""
)
APP = (
    PLAIN
    + """
from google.adk.apps import App
from google.adk.plugins.base_plugin import BasePlugin
class Stamp(BasePlugin):
    async def before_model_callback(self, *, callback_context, llm_request):
        llm_request.append_instructions(["Stamped by the plugin."])
app = App(name="shop", root_agent=root_agent, plugins=[Stamp("stamp")])
"""
)
SCHEMA = (
    PLAIN
    + """
from pydantic import BaseModel
class Quote(BaseModel):
    customer: str
    total: float
root_agent = root_agent.clone({"output_schema": Quote, "tools": []})
"""
)


class Shop(NamedTuple):
    """Where the module lies, and what writes the settings that name it."""

    folder: Path
    write: Write

    def settings(
        self,
        code: str,
        *,
        module: str = "my_shop.agent",
        more: str = "",
        env: str = ENV,
        models: str = "",
    ) -> Settings:
        package = module.partition(":")[0].split(".")
        place = self.folder.joinpath(*package[:-1])
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{package[-1]}.py").write_text(code, encoding="utf-8")
        text = SETTINGS.format(module=module, more=more)
        port = f"[agent_server]\nport = {free_port()}\n"
        return self.write(text + port, env=env, models=models)


@pytest.fixture
def shop(tmp_path: Path, settings_of: Write, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """An empty folder; what is imported from it is forgotten after the test."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    before = set(sys.modules)
    yield Shop(tmp_path, settings_of)
    for name in set(sys.modules) - before:
        if str(tmp_path) in str(getattr(sys.modules[name], "__spec__", "")):
            del sys.modules[name]


async def served(settings: Settings) -> TurnOutcome:
    """By `signoff agents`, asked as the worker asks."""
    client = A2AClient()
    endpoint = registry(settings).endpoints["mine"]
    async with agents(settings):
        try:
            return await client.run(request("mine"), [SALES], endpoint)
        finally:
            await client.aclose()


async def inside(settings: Settings, *, model: str = "", temperature: float | None = None) -> str:
    """In this process; the summary."""
    own = imported(settings, "local")
    asked = request("mine").model_copy(update={"model": model, "temperature": temperature})
    outcome = await LocalAgents(models=settings.model_access, own=own).run(asked, [SALES])
    assert outcome.result is not None
    return outcome.result.summary


async def test_a_root_agent_is_served_at_once(shop: Shop, gemini: GeminiStandIn) -> None:
    """Nothing but its module is named; its tool reads the task's file, and its words are the card."""
    gemini.says(calls(("read_order", {"file": "sales.csv"})), says("Two hundred chairs: 9,000 EUR"))
    outcome = await served(shop.settings(PLAIN))
    assert outcome.result is not None
    assert outcome.result.summary == "Two hundred chairs: 9,000 EUR"
    assert not outcome.result.offline
    assert "2024-01-01,North" in str(gemini.seen[1].body)
    assert {seen.model for seen in gemini.seen} == {"gemini-2.5-flash"}
    assert outcome.version is not None
    assert (outcome.version.name, outcome.version.model_version) == ("mine", "gemini-2.5-flash")


@pytest.mark.parametrize("code", [PLAIN, GRAPH], ids=["agent", "graph"])
async def test_each_turn_has_an_agent_of_its_own(
    shop: Shop, gemini: GeminiStandIn, code: str
) -> None:
    """The second is asked as the first was, though its model's connection was closed."""
    settings = shop.settings(code, more='run = "local"')
    gemini.says(says("First."), says("Second."), says("Third."))
    assert await inside(settings) == "First."
    assert await inside(settings, model="gemini-flash-latest") == "Second."
    assert await inside(settings) == "Third."
    asked = [seen.model for seen in gemini.seen]
    assert asked == ["gemini-2.5-flash", "gemini-flash-latest", "gemini-2.5-flash"]


async def test_a_step_sets_model_and_temperature(shop: Shop, gemini: GeminiStandIn) -> None:
    """Of a `root_agent` and of a factory, which else has its own defaults."""
    for module in ("one.agent", "two.agent:make_agent"):
        settings = shop.settings(FACTORY, module=module, more='run = "local"')
        await inside(settings, model="gemini-flash-latest", temperature=0.5)
        await inside(settings)
    config = [seen.body.get("generationConfig", {}).get("temperature") for seen in gemini.seen]
    assert config == [0.5, None, 0.5, 0.25]


async def test_the_model_of_the_settings_goes_over_its_own(
    shop: Shop, gemini: GeminiStandIn
) -> None:
    """In the card, too."""
    settings = shop.settings(PLAIN, more='run = "local"\nmodel = "gemini-flash-latest"')
    assert imported(settings, "local")["mine"].model == "gemini-flash-latest"
    await inside(settings)
    assert gemini.seen[0].model == "gemini-flash-latest"


async def test_the_plugins_of_an_app_come_along(shop: Shop, gemini: GeminiStandIn) -> None:
    """A policy among them must not be lost."""
    await inside(shop.settings(APP, more='run = "local"'))
    assert "Stamped by the plugin." in str(gemini.seen[0].body)


async def test_an_answer_of_another_form_is_an_answer(shop: Shop, gemini: GeminiStandIn) -> None:
    """An agent of somebody's own has an output schema of its own; half of it is none."""
    settings = shop.settings(SCHEMA, more='run = "local"')
    gemini.says(says('{"customer": "Ann", "total": 12.5}'), says('{"customer": "An'))
    own = imported(settings, "local")
    local = LocalAgents(models=settings.model_access, own=own)
    result = (await local.run(request("mine"), [SALES])).result
    assert result is not None
    assert (result.summary, result.metrics) == ("customer: Ann; total: 12.5", {"total": 12.5})
    assert result.findings == ("customer: Ann", "total: 12.5")
    with pytest.raises(AgentError, match=r"mine .*broke off its answer"):
        await local.run(request("mine", key="other"), [SALES])


async def test_nothing_answers_in_its_place(shop: Shop) -> None:
    """Without a key it is refused at the start; and nobody asks it by the way."""
    settings = shop.settings(PLAIN, more='run = "local"', env="")
    with pytest.raises(
        ConfigurationError, match=r"has no answers without gemini-2.5-flash\. Set G"
    ):
        imported(settings, "local")
    unused = settings.model_copy(update={"pipelines": {}})
    own = imported(unused, "local")
    local = LocalAgents(models=settings.model_access, own=own)
    with pytest.raises(AgentFailed, match=r"mine cannot ask gemini-2\.5-flash, and has no answers"):
        await local.run(request("mine"), [SALES])


BROKEN = {
    "no module": ("", "nobody.agent", "There is no module nobody.agent in"),
    "no agent": ("x = 1", "empty.agent", "empty.agent has no root_agent. Define it there, or"),
    "no such name": (PLAIN, "shop1.agent:other", "shop1.agent has no other. Define it there, or"),
    "not an agent": ("root_agent = 3", "shop2.agent", "shop2.agent:root_agent is neither an ADK"),
    "makes none": ("def f(): return 3", "shop3.agent:f", "gave no ADK agent but a int. Return"),
    "wants more": ("def f(db): ...", "shop4.agent:f", "needs db, and is called with model and"),
    "needs a package": ("import no_such_thing", "shop5.agent", "no_such_thing is missing. Install"),
    "raises": ("\n1 / 0", "shop6.agent", "shop6.agent cannot be imported: ZeroDivisionError in l"),
    "imports agents": (
        "from agents import Runner",
        "shop7.agent",
        "imports a package called agents",
    ),
    "no model": (
        "from google.adk.agents import LlmAgent\nroot_agent = LlmAgent(name='a')",
        "shop8.agent",
        "shop8.agent:root_agent names no model. Give it one, or set model",
    ),
    "lossy": (
        PLAIN + "from google.adk.tools.agent_tool import AgentTool\n"
        "root_agent = root_agent.clone({'tools': [AgentTool(root_agent)]})",
        "shop9.agent",
        "shop9.agent:root_agent cannot be asked about safely: quotes is an AgentTool",
    ),
    "name of ours": (PLAIN, "agents.quotes", "a package called agents is found there first"),
    "name of the library's": (PLAIN, "json.agent", "a package called json is found there first"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_wrong_is_said_at_the_start(shop: Shop, name: str) -> None:
    """One sentence that begins with the table."""
    code, module, says_ = BROKEN[name]
    settings = shop.settings(code, module=module, more='run = "local"\nfolder = "."')
    if name == "no module":
        (shop.folder / "nobody" / "agent.py").unlink()
    with pytest.raises(ConfigurationError) as refused:
        imported(settings, "local")
    said = str(refused.value)
    assert said.startswith("agents.mine: ")
    assert says_ in said
    assert "\n" not in said
