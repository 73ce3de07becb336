"""The composition root: builds each process out of its parts. Everything else gets what it needs.

Each service is an async context manager: when its block begins it is ready, when the block ends it
has stopped. `signoff up` and the tests stack them; the single commands run one.
"""

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import timedelta
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient
from temporalio.client import Client

from agents.a2a_client import A2AClient
from agents.activities import AgentActivities
from agents.catalogue import CATALOGUE
from agents.endpoints import Endpoint
from agents.local import LocalAgents
from agents.tools.public_web import PublicWeb
from bot import listeners, temporal
from bot.approvals import Approvals
from bot.gateway import Gateway
from bot.inputs import InputActivities, InputFolders
from bot.listeners.decide import DecideListeners
from bot.listeners.start_task import StartTaskListeners
from bot.listeners.task_help import TaskHelpListeners
from bot.settings import Settings
from bot.slack import bolt_app, identify, require_tokens, web_client
from bot.sockets import sockets
from bot.tasks import Tasks
from notifications.delivery import SlackDelivery
from notifications.people import SlackPeople
from notifications.scheduler import ReminderScheduler
from notifications.whisper import Whisper
from storage.audit import AuditLog
from storage.database import create_engine, migrate
from storage.inbox import ClickInbox
from storage.payloads import PayloadFiles
from storage.recorder import AuditRecorder
from workflows.steps import AgentSteps

RETENTION = timedelta(days=30)


@dataclasses.dataclass(frozen=True)
class Desk:
    """What the command line works with."""

    tasks: Tasks
    approvals: Approvals
    client: Client


def payload_files(settings: Settings) -> PayloadFiles:
    """Where large payloads and collected inputs lie."""
    return PayloadFiles(settings.folder / "payloads")


def input_folders(settings: Settings) -> InputFolders:
    """Which files tasks may read."""
    return InputFolders(settings.root, settings.input_folders, settings.inputs.max_bytes)


async def connect(settings: Settings, activities: Sequence[Callable[..., Any]] = ()) -> Client:
    """A Temporal client with our plugin."""
    return await temporal.connect(
        settings.temporal, temporal.plugin(payload_files(settings), activities)
    )


async def prepare(settings: Settings) -> None:
    """What has to be there before anything runs: search attributes, retention, tables."""
    client = await connect(settings)
    await temporal.register_attributes(client)
    if settings.temporal.embedded:
        await temporal.keep_closed(client, RETENTION)
    await migrate(settings.database_url)


async def desk(settings: Settings) -> Desk:
    """For commands that ask and decide."""
    client = await connect(settings)
    return Desk(Tasks(client, settings, input_folders(settings)), Approvals(client), client)


@contextlib.asynccontextmanager
async def worker(settings: Settings, agents: AgentSteps | None = None) -> AsyncIterator[None]:
    """Workflows and activities; `agents` stands in for the configured ones."""
    require_tokens(settings)
    engine = create_engine(settings.database_url)
    async with web_client(settings) as slack:
        a2a = A2AClient()
        agents = agents or agent_activities(settings, payload_files(settings), a2a)
        client = await connect(settings, _activities(settings, slack, AuditLog(engine), agents))
        async with temporal.worker(client, settings.temporal.task_queue):
            yield
        await a2a.aclose()
    await engine.dispose()


def _activities(
    settings: Settings, slack: AsyncWebClient, audit: AuditLog, agents: AgentSteps
) -> list[Callable[..., Any]]:
    payloads = payload_files(settings)
    web = PublicWeb(
        most_bytes=settings.inputs.max_bytes, seconds=settings.inputs.url_timeout.total_seconds()
    )
    delivery = SlackDelivery(slack)
    return [
        InputActivities(input_folders(settings), payloads, web, slack).collect_inputs,
        SlackPeople(slack).resolve_electorate,
        *(delivery.show_task, delivery.post_card, delivery.update_card, delivery.attach),
        *(delivery.post_copy, delivery.remind, delivery.answer, delivery.say),
        AuditRecorder(audit).record,
        agents.run_turn,
    ]


class StoredInputs:
    """Input files as the agents' activity reads them."""

    def __init__(self, payloads: PayloadFiles) -> None:
        self._payloads = payloads

    async def read(self, sha256: str) -> bytes:
        """The bytes with this checksum, verified."""
        return await self._payloads.get(sha256)


def agent_activities(settings: Settings, payloads: PayloadFiles, client: A2AClient) -> AgentSteps:
    """The configured agents: over A2A unless a section of `[agents]` says `run = "local"`."""
    offline = not settings.secrets.google_api_key.get_secret_value()
    return AgentActivities(
        inputs=StoredInputs(payloads),
        endpoints=endpoints(settings),
        client=client,
        local=LocalAgents(offline=offline),
    )


def endpoints(settings: Settings) -> dict[str, Endpoint]:
    """Where each agent is reached: ours where `signoff agents` serves them, unless configured."""
    server, token = settings.agent_server, settings.secrets.agents_token
    base = f"http://{server.host}:{server.port}"
    found = {name: Endpoint(name=name, url=f"{base}/{name}/", token=token) for name in CATALOGUE}
    for name, agent in settings.agents.items():
        if agent.run == "local":
            found.pop(name, None)
        elif agent.url:
            found[name] = Endpoint(name=name, url=agent.url, token=token)
    return found


@contextlib.asynccontextmanager
async def bot(settings: Settings) -> AsyncIterator[None]:
    """Slack in: two sockets or more, the gateway, and the loop that delivers kept clicks."""
    require_tokens(settings)
    client = await connect(settings)
    inbox = ClickInbox(settings.folder / "inbox.db")
    async with web_client(settings) as slack:
        await identify(slack)
        gateway, whisper = Gateway(client, inbox), Whisper(slack)
        folders = input_folders(settings)
        tasks = Tasks(client, settings, folders)
        app = bolt_app(slack)
        decide = DecideListeners(gateway, whisper)
        start = StartTaskListeners(tasks, settings, folders)
        listeners.register(app, decide, start, TaskHelpListeners(tasks, whisper))
        draining = asyncio.create_task(gateway.drain(decide.answer_late))
        app_token = settings.secrets.slack_app_token.get_secret_value()
        async with sockets(app, app_token, slack, settings.slack.connections):
            yield
        draining.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await draining
    await inbox.close()


@contextlib.asynccontextmanager
async def scheduler(settings: Settings) -> AsyncIterator[None]:
    """Reminders."""
    reminders = ReminderScheduler(await connect(settings))
    reminders.start()
    try:
        yield
    finally:
        reminders.stop()
