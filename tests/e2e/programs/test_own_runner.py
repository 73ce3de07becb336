"""`SecurityPlugin` in an ADK runner of one's own, outside of Temporal: people decide in Slack."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from google.adk.agents.llm_agent import LlmAgent
from google.adk.apps.app import App
from google.adk.runners import Runner
from google.adk.sessions.in_memory_session_service import InMemorySessionService
from google.adk.tools.mcp_tool.mcp_session_manager import StdioConnectionParams
from google.adk.tools.mcp_tool.mcp_toolset import McpToolset
from google.genai import types
from mcp import StdioServerParameters

from agents.tool_policy.plugin import SecurityPlugin
from notifications.cards.buttons import ActionId
from notifications.forms.argument_fields import FieldName
from tests.agents import mcp_vault
from tests.agents.programs.fakes import approval_server
from tests.agents.scripted import ScriptedModel, calls, returned, says, script
from tests.e2e.gestures import more
from tests.e2e.programs.test_approval_server import TOKEN, Counter, counter, stopped

__all__ = ["counter", "stopped"]
pytestmark = pytest.mark.filterwarnings(r"ignore:\[EXPERIMENTAL\]:UserWarning")

POLICY = """
default = "allow"

[[rule]]
name = "no fortunes"
tools = ["pay"]
when = "args.amount > 10000"
then = "deny"
reason = "Nobody pays more than 10,000 at once."

[[rule]]
name = "payments"
tools = ["pay"]
then = "confirm"
reason = "Money leaves the house."
"""
TITLE = "Approve pay"


class Clerk:
    """An agent that pays, in a plain runner; `paid` is what its tool really did."""

    def __init__(self, counter: Counter, policy: Path, *turns: Any, tools: Any = ()) -> None:
        self.paid: list[tuple[str, float]] = []
        self.looked: list[str] = []
        agent = LlmAgent(
            name="clerk",
            model=script("clerk", *turns, says("Done.")),
            tools=[self.pay, self.look, *tools],
        )
        plugin = SecurityPlugin.asking(counter.url, TOKEN, policy)
        app = App(name="mine", root_agent=agent, plugins=[plugin])
        self.runner = Runner(app=app, session_service=InMemorySessionService())

    async def pay(self, to: str, amount: float) -> dict[str, Any]:
        """Pay."""
        self.paid.append((to, amount))
        return {"paid": amount}

    async def look(self, what: str) -> dict[str, Any]:
        """Look."""
        self.looked.append(what)
        return {"seen": what}

    async def work(self) -> list[dict[str, object]]:
        """One run; what the model was told about its last calls."""
        session = await self.runner.session_service.create_session(app_name="mine", user_id="ann")
        message = types.Content(role="user", parts=[types.Part(text="Pay them.")])
        async with asyncio.timeout(90), self.runner:
            events = self.runner.run_async(
                user_id="ann", session_id=session.id, new_message=message
            )
            async for _ in events:
                pass
        return returned()


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """The rules above."""
    file = tmp_path / "policy.toml"
    file.write_text(POLICY, encoding="utf-8")
    return file


Hire = Callable[..., Clerk]


@pytest.fixture
async def hire(counter: Counter, policy: Path) -> AsyncIterator[Hire]:
    """Makes a clerk of a script."""
    yield lambda *turns, tools=(): Clerk(counter, policy, *turns, tools=tools)
    assert not ScriptedModel.scripts["scripted/clerk"]


def paying(to: str, amount: float) -> types.Part:
    return calls("pay", to=to, amount=amount)


async def test_several_calls_are_one_card_with_a_line_each(counter: Counter, hire: Hire) -> None:
    """What the policy allows goes through at once, what it denies is told to the model."""
    turn = [paying("Ann", 10.0), calls("look", what="sky"), paying("Bob", 20.0), paying("Eve", 1e5)]
    clerk = hire(turn)
    working = asyncio.create_task(clerk.work())
    card = await counter.card(title=TITLE)
    shown = str(card["blocks"])
    for line in (". pay'", "Money leaves the house.", "'10.0'", "'Ann'", "'Bob'"):
        assert line in shown
    assert "'Eve'" not in shown
    assert clerk.paid == []
    assert clerk.looked == ["sky"]
    await counter.office.grace.click(card, ActionId.APPROVE)
    told = await working
    assert sorted(clerk.paid) == [("Ann", 10.0), ("Bob", 20.0)]
    assert told[0] == {"paid": 10.0}
    assert "Nobody pays more than 10,000 at once." in str(told[3]["error"])


async def test_a_rejection_is_told_to_the_model(counter: Counter, hire: Hire) -> None:
    """With the reason; the tool does not run."""
    clerk = hire(paying("Ann", 10.0))
    working = asyncio.create_task(clerk.work())
    await counter.card(title=TITLE)
    await counter.say(ActionId.REJECT, "We do not know her.")
    (told,) = await working
    assert clerk.paid == []
    assert "We do not know her." in str(told["error"])


async def test_edited_arguments_are_used(counter: Counter, hire: Hire) -> None:
    """Grace changes the amount, Linus approves what she made of it."""
    clerk = hire(paying("Ann", 10.0))
    working = asyncio.create_task(clerk.work())
    card = await counter.card(title=TITLE)
    form = await more(counter.office.grace, card, "edit")
    await counter.office.grace.submit(form, _changed(form, "10.0", "7.5"))
    second = await counter.card(2, TITLE)
    await counter.office.linus.click(second, ActionId.APPROVE)
    assert await working == [{"paid": 7.5}]
    assert clerk.paid == [("Ann", 7.5)]


async def test_an_edit_does_not_get_round_the_policy(counter: Counter, hire: Hire) -> None:
    """What is denied stays denied, whoever wrote it."""
    clerk = hire(paying("Ann", 10.0))
    working = asyncio.create_task(clerk.work())
    card = await counter.card(title=TITLE)
    form = await more(counter.office.grace, card, "edit")
    await counter.office.grace.submit(form, _changed(form, "10.0", "99999.0"))
    await counter.office.linus.click(await counter.card(2, TITLE), ActionId.APPROVE)
    (told,) = await working
    assert clerk.paid == []
    assert "Nobody pays more than 10,000" in str(told["error"])


async def test_an_mcp_tool_is_asked_about_as_well(
    counter: Counter, hire: Hire, tmp_path: Path
) -> None:
    """A real server by the official SDK; what it calls destructive is confirmed, reading is not."""
    ledger = tmp_path / "ledger"
    server = StdioServerParameters(
        command=sys.executable, args=[str(mcp_vault.__file__), str(ledger)]
    )
    tools = McpToolset(connection_params=StdioConnectionParams(server_params=server, timeout=30))
    clerk = hire([calls("read_key", name="a"), calls("drop_key", name="a")], tools=[tools])
    working = asyncio.create_task(clerk.work())
    card = await counter.card(title="Approve drop_key")
    assert "1. drop_key" in str(card["blocks"])
    assert "'text': 'name '" in str(card["blocks"])
    assert "read_key" not in str(card["blocks"])
    assert not ledger.exists()
    await counter.office.grace.click(card, ActionId.APPROVE)
    told = await working
    assert "a is 42" in str(told[0])
    assert "a is gone" in str(told[1])
    assert ledger.read_text(encoding="utf-8") == "a\n"


async def test_signoff_may_be_away_while_people_think(stopped: Counter, policy: Path) -> None:
    """The approval server ends and comes back; the same card decides, nothing is asked twice."""
    clerk = Clerk(stopped, policy, paying("Ann", 10.0))
    async with approval_server(stopped.parts, stopped.port):
        working = asyncio.create_task(clerk.work())
        card = await stopped.card(title=TITLE)
    await stopped.office.grace.click(card, ActionId.APPROVE)
    await stopped.ended("Approved")
    assert not working.done()
    async with approval_server(stopped.parts, stopped.port):
        assert await working == [{"paid": 10.0}]
    assert clerk.paid == [("Ann", 10.0)]


@pytest.mark.parametrize(
    ("url", "token", "sentence"),
    [("", "wrong-token-0123456789", "does not know this program's token"), ("9", TOKEN, "reached")],
)
async def test_without_signoff_nothing_is_done(
    counter: Counter,
    policy: Path,
    monkeypatch: pytest.MonkeyPatch,
    url: str,
    token: str,
    sentence: str,
) -> None:
    """A wrong token, nobody there: the model is told why, the tool does not run."""
    monkeypatch.setattr("agents.tool_policy.client.FIRST_PATIENCE", 0.2)
    clerk = Clerk(counter, policy, paying("Ann", 10.0))
    plugin = SecurityPlugin.asking("http://127.0.0.1:9" if url else counter.url, token, policy)
    clerk.runner.plugin_manager.plugins[:] = [plugin]
    (told,) = await clerk.work()
    assert clerk.paid == []
    assert sentence in str(told["error"])


def _changed(form: dict[str, Any], old: str, new: str) -> dict[str, dict[str, str]]:
    """The edit form with another amount."""
    fields = {b["block_id"]: FieldName.read(b["block_id"]) for b in form["blocks"]}
    name = next(n for n, field in fields.items() if field and field.argument == "amount")
    block = next(b for b in form["blocks"] if b["block_id"] == name)
    assert block["element"]["initial_value"] == old
    return {name: {name: new}}
