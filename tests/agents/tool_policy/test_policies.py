"""`[tool_policy]`: a rule file judges the tool calls of our agents, however they run."""

import json
import uuid
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner

from agents.a2a.client import A2AClient
from agents.models.access import ModelAccess
from agents.models.calls import adk_plugin
from agents.runtime.adk_workflow import AdkTurnWorkflow
from agents.tool_policy.policies import ToolPolicies
from bot.commands.doctor import examine
from bot.config.agents import agent_activities, registry
from bot.config.errors import ConfigurationError
from bot.config.models import tool_policies
from bot.config.sections.temporal import TemporalSettings
from bot.config.settings import Settings, load
from bot.processes.adk_worker import adk_worker
from bot.processes.agent_server import agents
from bot.temporal import client as temporal
from storage.payloads.files import PayloadFiles
from tests.agents.requests import EXAMPLES, request
from tests.conftest import free_port
from workflows.messages.turns import ToolDecision, TurnOutcome, TurnRequest
from workflows.task.turns import ADK_QUEUE

RUNBOOK = (EXAMPLES / "runbook.md").read_bytes()
ASKED = request("operations", "runbook.md", RUNBOOK).model_copy(
    update={"model": "offline/operations"}
)
STRICT = """
default = "allow"
[[rule]]
name = "no looking"
tools = ["service_status"]
then = "deny"
reason = "Nobody looks at the services today."
[[rule]]
name = "every scaling"
tools = ["scale_*"]
then = "confirm"
reason = "Scaling is asked for."
"""
SMALL = """
[policy]
approvers = ["grace@acme.example"]
[pipelines.operate]
steps = [{name = "operations"}]
"""


def settings_in(folder: Path, run: str, section: str, rules: str = STRICT) -> Settings:
    """Settings of their own, with the rule file beside them."""
    (folder / "rules.toml").write_text(rules, encoding="utf-8")
    text = SMALL + f'[agents.operations]\nrun = "{run}"\n{section}\n'
    text += f"[agent_server]\nport = {free_port()}\n[storage]\nfolder = 'state'\n"
    (folder / "signoff.toml").write_text(text, encoding="utf-8")
    return load(folder / "signoff.toml")


async def local(settings: Settings, asked: TurnRequest) -> TurnOutcome:
    """As the worker runs it."""
    files = PayloadFiles(settings.folder / "payloads")
    await files.put(RUNBOOK)
    client = A2AClient()
    try:
        return await agent_activities(settings, files, client)._run(asked)
    finally:
        await client.aclose()


async def over_a2a(settings: Settings, asked: TurnRequest) -> TurnOutcome:
    """As `signoff agents` serves it."""
    client = A2AClient()
    async with agents(settings):
        endpoint = registry(settings).endpoints["operations"]
        try:
            return await client.run(asked, [RUNBOOK], endpoint)
        finally:
            await client.aclose()


WAYS = {"local": local, "a2a": over_a2a}


async def inside(
    address: str,
    folder: Path,
    asked: TurnRequest,
    policies: ToolPolicies | None,
) -> tuple[TurnOutcome, WorkflowHistory]:
    """As the worker runs turns inside of workflows."""
    files = PayloadFiles(folder)
    await files.put(RUNBOOK)
    client = await temporal.connect(TemporalSettings(address=address), temporal.plugin(files))
    queue = f"policy-{uuid.uuid4().hex}"
    async with adk_worker(client, queue, files, policies=policies):
        handle = await client.start_workflow(
            AdkTurnWorkflow.run, asked, id=uuid.uuid4().hex, task_queue=queue + ADK_QUEUE
        )
        return await handle.result(), await handle.fetch_history()


def refusals(outcome: TurnOutcome) -> list[str]:
    """What the policies denied, as the model was told."""
    events = json.loads(outcome.session)["events"]
    parts = [part for event in events for part in (event.get("content") or {}).get("parts", ())]
    answers = [part["functionResponse"]["response"] for part in parts if "functionResponse" in part]
    return [str(answer["error"]) for answer in answers if answer.get("denied")]


def judged(outcome: TurnOutcome) -> bool:
    """The deny rule and the confirm rule of the file, and the agent's own policy after them."""
    said, asked = refusals(outcome), {question.tool for question in outcome.questions}
    assert [said_so for said_so in said if "Nobody looks at the services today." in said_so]
    assert [said_so for said_so in said if "retention job" in said_so]
    return "scale_service" in asked and "restart_service" in asked


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "section",
    ["[tool_policy]\nfile = 'rules.toml'", "[tool_policy.agents]\noperations = 'rules.toml'"],
)
async def test_the_rule_file_judges(tmp_path: Path, way: str, section: str) -> None:
    """For all agents, or for one; the worker's own runner, and our agents' server."""
    settings = settings_in(tmp_path, way, section)
    assert judged(await WAYS[way](settings, ASKED))


async def test_an_agents_own_file_stands_for_the_general_one(tmp_path: Path) -> None:
    """Not beside it."""
    (tmp_path / "open.toml").write_text('default = "allow"\n', encoding="utf-8")
    section = "[tool_policy]\nfile = 'rules.toml'\nagents = { operations = 'open.toml' }"
    outcome = await local(settings_in(tmp_path, "local", section), ASKED)
    assert not [said for said in refusals(outcome) if "Nobody looks" in said]


async def test_the_rule_file_judges_inside_of_a_workflow(
    temporal_address: str, tmp_path: Path
) -> None:
    """The plan says that it does; questions and answers go the same way; it replays without it."""
    settings = settings_in(tmp_path, "workflow", "[tool_policy]\nfile = 'rules.toml'")
    plan = settings.plans("operate")[0]
    assert (plan.inside, plan.judged) == (True, True)
    asked = ASKED.model_copy(update={"judged": plan.judged})
    rules = tool_policies(settings)
    outcome, history = await inside(temporal_address, tmp_path / "p", asked, rules)
    assert judged(outcome)
    yes = tuple(ToolDecision(question_id=q.id, confirmed=True) for q in outcome.questions)
    more = asked.model_copy(update={"session": outcome.session, "answers": yes})
    done, _ = await inside(temporal_address, tmp_path / "p", more, rules)
    assert done.result
    replayer = Replayer(
        workflows=[AdkTurnWorkflow],
        plugins=[
            temporal.plugin(PayloadFiles(tmp_path / "p")),
            adk_plugin(ModelAccess.without_keys(offline=True)),
        ],
        workflow_runner=UnsandboxedWorkflowRunner(),
    )
    await replayer.replay_workflow(history)


async def test_a_plan_without_it_opens_no_door(temporal_address: str, tmp_path: Path) -> None:
    """The worker's file holds even where the task's plan knew of none."""
    settings = settings_in(tmp_path, "workflow", "[tool_policy]\nfile = 'rules.toml'")
    outcome, _ = await inside(temporal_address, tmp_path / "p", ASKED, tool_policies(settings))
    assert [said for said in refusals(outcome) if "Nobody looks at the services" in said]


async def test_a_worker_without_it_lets_nothing_by(temporal_address: str, tmp_path: Path) -> None:
    """Where the plan counts on a policy and the worker has none, every call is denied."""
    asked = ASKED.model_copy(update={"judged": True})
    outcome, _ = await inside(temporal_address, tmp_path / "p", asked, None)
    assert outcome.result
    assert not outcome.questions


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        ("then = [", "is not valid TOML"),
        ('default = "perhaps"', "rules.toml: default"),
        ("[[rule]]\nname = 'x'\nthen = 'allow'\nwhen = 'args.'\n", "rules.toml: rule"),
    ],
)
async def test_a_broken_file_is_a_sentence_at_the_start(
    tmp_path: Path, rules: str, says: str
) -> None:
    """Of the worker and of the agents' server alike."""
    settings = settings_in(tmp_path, "local", "[tool_policy]\nfile = 'rules.toml'", rules)
    with pytest.raises(ConfigurationError, match=says) as caught:
        agent_activities(settings, PayloadFiles(tmp_path / "p"), A2AClient())
    assert str(caught.value).startswith("tool_policy.file: ")
    with pytest.raises(ConfigurationError, match=says):
        async with agents(settings):
            pass


async def test_a_missing_file_is_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """At the start, and in `doctor`."""
    from rich.console import Console  # noqa: PLC0415

    settings = settings_in(tmp_path, "local", "[tool_policy.agents]\npayment = 'nowhere.toml'")
    with pytest.raises(ConfigurationError, match=r"tool_policy.agents.payment: .*nowhere.toml"):
        tool_policies(settings)
    await examine(settings, Console(width=300))
    assert "✗ tool_policy.agents.payment:" in capsys.readouterr().out


def test_only_agents_of_ours_have_one(tmp_path: Path) -> None:
    """Others are not in our hands."""
    with pytest.raises(ConfigurationError, match="somebody is no agent of analysis, "):
        settings_in(tmp_path, "local", "[tool_policy.agents]\nsomebody = 'rules.toml'")
