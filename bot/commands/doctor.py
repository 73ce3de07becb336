"""`signoff doctor`: one sentence for each thing that has to be right, with the way out."""

import os
from collections.abc import AsyncIterator
from typing import NamedTuple

import yaml
from rich.console import Console
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from agents.a2a.client import A2AClient
from agents.runtime.health import HealthCheck
from bot.config import extras
from bot.config.agents import registry
from bot.config.errors import SignoffError
from bot.config.models import A2A, LOCAL, model_problems, tool_policies
from bot.config.own_agents import imported
from bot.config.packages import namesakes
from bot.config.sections.slack import SlackSettings
from bot.config.settings import Settings
from bot.processes import bootstrap
from bot.processes.file_locks import AGENTS, is_held
from bot.processes.local_slack import MANIFEST
from bot.processes.running_demo import is_ours
from bot.slack.client import identify, require_tokens, web_client
from bot.temporal import client as temporal
from notifications.people.lookup import Lookup
from notifications.people.lookup_cache import Remembered
from notifications.people.membership import Home
from notifications.slack.errors import call, refusal
from notifications.slack.heartbeat import Heartbeat
from storage.database import create_engine, ready
from storage.errors import DatabaseUnavailable
from workflows.messages.health import Health


class Finding(NamedTuple):
    """One thing that was looked at."""

    ok: bool
    sentence: str
    note: bool = False
    """Nothing is wrong, and nothing was shown to work."""

    @property
    def sign(self) -> str:
        """In front of the sentence."""
        if not self.ok:
            return "✗"
        return "•" if self.note else "✓"


async def examine(settings: Settings, say: Console, *, online: bool = False) -> bool:
    """Print every finding; True when all is well. `online` also asks each model once."""
    healthy = True
    models = [_models, _asked] if online else [_models, _untried]
    checks = [_packages, _folders, *models, _tool_policy, _own_agents]
    for check in (*checks, _slack, _temporal, _database, _agents):
        async for finding in check(settings):
            say.print(f"{finding.sign} {finding.sentence}", markup=False)
            healthy = healthy and finding.ok
    return healthy


async def _folders(settings: Settings) -> AsyncIterator[Finding]:
    folder = settings.folder
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    writable = os.access(existing, os.W_OK)
    yield Finding(
        writable,
        f"{folder} can be written."
        if writable
        else f"{folder} cannot be written: change its owner, or set folder under [storage].",
    )
    if folder.exists() and folder.stat().st_mode & 0o077:
        yield Finding(False, f"{folder} is open to other users: run 'chmod -R go= {folder}'.")
    secrets = settings.root / ".env"
    if secrets.exists() and secrets.stat().st_mode & 0o077:
        yield Finding(False, f"{secrets} is open to other users: run 'chmod 600 {secrets}'.")
    for inputs in settings.input_folders:
        yield Finding(
            inputs.is_dir(),
            f"{inputs} is an input folder."
            if inputs.is_dir()
            else f"The input folder {inputs} does not exist: make it, or change [inputs] folders.",
        )


async def _packages(settings: Settings) -> AsyncIterator[Finding]:
    """Other packages of the same names are harmless to us, and ours are not to them."""
    for sentence in namesakes():
        yield Finding(True, sentence, note=True)


async def _own_agents(settings: Settings) -> AsyncIterator[Finding]:
    """Whether each can be imported; one that no step names, too."""
    for name in settings.own:
        one = settings.model_copy(update={"agents": {name: settings.agents[name]}})
        try:
            imported(one, A2A, LOCAL)
        except SignoffError as error:
            yield Finding(False, str(error))
        else:
            yield Finding(True, f"Agent {name} is {settings.agents[name].module}.")


async def _models(settings: Settings) -> AsyncIterator[Finding]:
    """Live or offline, and why; then what is missing for that."""
    access = settings.model_access
    yield Finding(True, access.sentence, note=not access.offline)
    for name, key in access.keys.found.items():
        value = key.get_secret_value()
        if len(value) < 20 or not value.isprintable() or " " in value:
            yield Finding(False, f"{name} does not look like a key: copy it again.")
    for problem in model_problems(settings):
        yield Finding(False, problem)


async def _untried(settings: Settings) -> AsyncIterator[Finding]:
    """A key that is there may be wrong, or may be nobody's any more."""
    if not settings.model_access.offline:
        yield Finding(True, "No model was tried: 'signoff doctor --online' tries each.", note=True)


async def _asked(settings: Settings) -> AsyncIterator[Finding]:
    """One small call for each model that a step uses, or that has a section of its own."""
    if not extras.has_agents():
        yield Finding(False, extras.missing("agents", "Asking the models"))
        return
    from agents.models.check import ask  # noqa: PLC0415 - loads ADK, which takes seconds

    access, used = settings.model_access, {use.model for use in settings.model_uses}
    for model in sorted(used | settings.models.to_ask):
        if not access.chosen(model, ""):
            continue
        if not (missing := access.lacking(model)):
            answer = await ask(access, model)
            yield Finding(answer.ok, answer.sentence)
        elif model not in used:
            yield Finding(False, f"models.{model}: it cannot be asked. {missing}.")


async def _tool_policy(settings: Settings) -> AsyncIterator[Finding]:
    """Whether the rule files can be read, when there are any."""
    try:
        tool_policies(settings)
    except SignoffError as error:
        yield Finding(False, str(error))
        return
    wanted = settings.tool_policy
    if wanted.file.name or wanted.agents:
        yield Finding(True, "The tool policy can be read.")


async def _slack(settings: Settings) -> AsyncIterator[Finding]:
    try:
        require_tokens(settings)
        async with web_client(settings) as slack:
            who = await identify(slack)
            yield Finding(True, f"Slack knows us in workspace {who['team']}.")
            yield _scopes(settings, who["scopes"])
            yield await _socket(settings, slack)
            yield await _approvers(settings, slack)
            if settings.slack.base_url == SlackSettings().base_url:
                yield await _heartbeat(settings, slack)
    except SignoffError as error:
        yield Finding(False, str(error))


def _scopes(settings: Settings, granted: str) -> Finding:
    manifest = settings.root / MANIFEST
    if not manifest.exists() or not granted:
        return Finding(True, "Scopes were not compared: no manifest.yml here.", note=True)
    wanted = yaml.safe_load(manifest.read_text(encoding="utf-8"))["oauth_config"]["scopes"]["bot"]
    missing = sorted(set(wanted) - {scope.strip() for scope in granted.split(",")})
    if missing:
        return Finding(
            False,
            f"Slack did not grant {', '.join(missing)}: update the app from manifest.yml and "
            "install it again.",
        )
    return Finding(True, "All scopes of manifest.yml are granted.")


async def _socket(settings: Settings, slack: AsyncWebClient) -> Finding:
    token = settings.secrets.slack_app_token.get_secret_value()
    try:
        await slack.apps_connections_open(app_token=token)
    except SlackApiError as error:
        code = refusal(error)
        return Finding(
            False,
            f"Slack refuses SLACK_APP_TOKEN ({code}): make one with connections:write, and turn "
            "Socket Mode on.",
        )
    return Finding(True, "Socket Mode works.")


async def _heartbeat(settings: Settings, slack: AsyncWebClient) -> Finding:
    """Of use without it, too."""
    wanted = settings.slack.heartbeat
    if not wanted:
        return Finding(
            True,
            "No heartbeat, so nobody notices when clicks in Slack stop arriving: name a channel "
            "for it, heartbeat under [slack] in signoff.toml.",
            note=True,
        )
    try:
        found = await Heartbeat(slack, wanted).place()
    except SlackApiError as error:
        return Finding(False, f"The heartbeat cannot use #{wanted} ({refusal(error)}): invite me.")
    if not found:
        return Finding(
            True,
            f"No channel #{wanted} yet, so nobody notices when clicks in Slack stop arriving: make "
            "it, and invite the app; people needn't be in it.",
            note=True,
        )
    return Finding(True, f"The heartbeat has its channel #{wanted}.")


async def _approvers(settings: Settings, slack: AsyncWebClient) -> Finding:
    nobody = []
    home = Home.of(await call(slack.auth_test()))
    for pipeline in settings.pipelines:
        for plan in settings.plans(pipeline):
            names = [name for name in plan.policy.approvers if name != "channel"]
            lookup = Lookup(Remembered(slack), plan.policy, "", home)
            if names and not await lookup.people(names):
                nobody.append(f"{pipeline}.{plan.name}")
    if nobody:
        return Finding(
            False,
            f"Slack knows none of the approvers of {', '.join(nobody)}: put people of this "
            "workspace under [policy] in signoff.toml.",
        )
    return Finding(True, "Every step has approvers whom Slack knows.")


async def _temporal(settings: Settings) -> AsyncIterator[Finding]:
    address = settings.temporal.address
    if not is_ours(settings):
        yield Finding(True, "Temporal isn't running here; 'signoff up' starts it.", note=True)
        return
    try:
        client = await bootstrap.connect(settings)
        missing = await temporal.missing_attributes(client)
    except SignoffError as error:
        if settings.temporal.embedded:
            yield Finding(
                True, f"No Temporal at {address} now; 'signoff up' starts its own.", note=True
            )
        else:
            yield Finding(False, str(error))
        return
    yield Finding(True, f"Temporal answers at {address}.")
    yield Finding(
        not missing,
        "All search attributes are registered."
        if not missing
        else f"Search attributes are missing ({', '.join(missing)}): 'signoff up' adds them.",
    )


async def _database(settings: Settings) -> AsyncIterator[Finding]:
    if settings.database_url.startswith("sqlite") and not (settings.folder / "signoff.db").exists():
        yield Finding(True, "No audit database yet: the first start makes it.", note=True)
        return
    try:
        engine = create_engine(settings.database_url)
    except DatabaseUnavailable as error:
        yield Finding(False, str(error))
        return
    state = await ready(engine)
    await engine.dispose()
    yield Finding(state.ok, state.sentence)


async def _agents(settings: Settings) -> AsyncIterator[Finding]:
    endpoints = list(registry(settings).endpoints.values())
    if not _agents_run(settings):
        away = "Our agents are not running here; 'signoff up' or 'signoff agents' starts them"
        lacking = "" if extras.has_agents() else ", once signoff[agents] is installed"
        yield Finding(True, f"{away}{lacking}.", note=True)
        endpoints = [one for one in endpoints if not one.url.startswith(settings.agents_url)]
    client = A2AClient()
    try:
        fleet = await HealthCheck(client).fleet(endpoints)
    finally:
        await client.aclose()
    ours = [agent for agent in fleet.agents if not settings.agents.get(agent.name)]
    if ours and all(agent.health is Health.UNHEALTHY for agent in ours):
        yield Finding(
            True, "Our agents don't answer; 'signoff up' or 'signoff agents' starts them."
        )
        ours = []
    for agent in fleet.agents:
        if agent in ours or settings.agents.get(agent.name):
            reason = f": {agent.reason.rstrip('.')}" if agent.reason else ""
            healthy = agent.health is not Health.UNHEALTHY
            yield Finding(healthy, f"Agent {agent.name} is {agent.health}{reason}.")


def _agents_run(settings: Settings) -> bool:
    """Whether this folder's do. At the usual address of this machine may be somebody else's."""
    server = settings.agent_server
    is_here = not server.public_url and server.host in {"127.0.0.1", "::1", "localhost"}
    return not is_here or is_held(settings.folder / AGENTS)
