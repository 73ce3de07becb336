"""The composition root: builds each process out of its parts. Everything else gets what it needs.

Each service is an async context manager: when its block begins it is ready, when the block ends it
has stopped. `signoff up` and the tests stack them; the single commands run one.
"""

import asyncio
import contextlib
import dataclasses
import functools
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from datetime import timedelta
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from agents.a2a_client import A2AClient
from agents.tools.public_web import PublicWeb
from bot import listeners, temporal
from bot.approvals import Approvals
from bot.bypasses import Bypasses
from bot.channels import OpenChannels
from bot.deputies import Deputies
from bot.fleet import agent_activities
from bot.gateway import Gateway
from bot.home import HomePage
from bot.inputs import InputActivities, InputFolders
from bot.listeners import Listeners
from bot.listeners.bulk import BulkListeners
from bot.listeners.comment import CommentListeners
from bot.listeners.decide import DecideListeners
from bot.listeners.forms import Forms
from bot.listeners.inbox import InboxListeners
from bot.listeners.more import MoreListeners
from bot.listeners.replier import Replier
from bot.listeners.send import SendListeners
from bot.listeners.start_task import StartTaskListeners
from bot.listeners.task_help import TaskHelpListeners
from bot.lists import ApprovalLists
from bot.mailing import MailActivities, NoMail
from bot.metrics import Metrics
from bot.pages import pages, slack_requests
from bot.prompt_ack import PromptDispatch
from bot.rules import RuleActivities
from bot.settings import Settings
from bot.slack import bolt_app, identify, require_tokens, web_client
from bot.sockets import open_now, sockets
from bot.tasks import Tasks
from bot.web.server import web_server
from notifications.delivery import SlackDelivery
from notifications.mail import Mailer, MailServer
from notifications.mail_letters import Letters
from notifications.people import SlackPeople
from notifications.planning import LadderPlanner
from notifications.scheduler import ReminderScheduler
from notifications.whisper import Whisper
from storage.anchors import AnchorFile
from storage.audit import AuditLog
from storage.bypasses import BypassStore
from storage.database import create_engine, migrate
from storage.inbox import ClickInbox
from storage.payloads import PayloadFiles
from storage.preferences import PreferenceStore
from storage.recorder import AuditRecorder
from storage.tokens import MailTokens
from workflows.steps import AgentSteps, MailSteps

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


async def connect(
    settings: Settings, activities: Sequence[Callable[..., Any]] = (), *, lazy: bool = False
) -> Client:
    """A Temporal client with our plugin."""
    ours = temporal.plugin(payload_files(settings), activities)
    return await temporal.connect(settings.temporal, ours, lazy=lazy)


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
    approvals = Approvals(client, settings.temporal.task_queue)
    return Desk(Tasks(client, settings, input_folders(settings)), approvals, client)


@contextlib.asynccontextmanager
async def worker(settings: Settings, agents: AgentSteps | None = None) -> AsyncIterator[None]:
    """Workflows and activities; `agents` stands in for the configured ones."""
    require_tokens(settings)
    engine, a2a = create_engine(settings.database_url), A2AClient()
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(engine.dispose)
        stack.push_async_callback(a2a.aclose)
        slack = await stack.enter_async_context(web_client(settings))
        agents = agents or agent_activities(settings, payload_files(settings), a2a)
        client = await connect(settings, _activities(settings, slack, engine, agents))
        await stack.enter_async_context(temporal.worker(client, settings.temporal))
        yield


def _activities(
    settings: Settings, slack: AsyncWebClient, engine: AsyncEngine, agents: AgentSteps
) -> list[Callable[..., Any]]:
    payloads = payload_files(settings)
    web = PublicWeb(
        most_bytes=settings.inputs.max_bytes, seconds=settings.inputs.url_timeout.total_seconds()
    )
    delivery, mail = SlackDelivery(slack), mail_activities(settings, engine)
    return [
        InputActivities(input_folders(settings), payloads, web, slack).collect_inputs,
        SlackPeople(slack, PreferenceStore(engine)).resolve_electorate,
        RuleActivities(BypassStore(engine)).weigh,
        *(delivery.show_task, delivery.post_card, delivery.update_card, delivery.attach),
        *(delivery.post_copy, delivery.remind, delivery.answer, delivery.say),
        AuditRecorder(audit_log(settings, engine)).record,
        LadderPlanner().plan_ladder,
        *(mail.mail, mail.close_mails),
        agents.run_turn,
    ]


def audit_log(settings: Settings, engine: AsyncEngine) -> AuditLog:
    """The audit log, signed when there is a key, anchored when there is a place for that."""
    key = settings.secrets.audit_key.get_secret_value().encode() or None
    place = settings.storage.anchors
    return AuditLog(engine, key, AnchorFile(settings.root / place) if place.name else None)


def mail_activities(settings: Settings, engine: AsyncEngine) -> MailSteps:
    """Letters, when a mail server is configured."""
    if not settings.mail.sender:
        return NoMail()
    password = settings.secrets.mail_password
    server = MailServer(**{**settings.mail.server, "password": password})
    letters, tokens = Letters(settings.mail.sender), MailTokens(engine)
    return MailActivities(Mailer(server), letters, tokens, settings.public_url)


@contextlib.asynccontextmanager
async def bot(settings: Settings) -> AsyncIterator[None]:
    """Slack in, our own pages, and the loop that delivers kept clicks."""
    require_tokens(settings)
    metrics, client = Metrics(), await connect(settings, lazy=True)
    inbox, engine = ClickInbox(settings.folder / "inbox.db"), create_engine(settings.database_url)
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(engine.dispose)
        stack.push_async_callback(inbox.close)
        slack = await stack.enter_async_context(web_client(settings, metrics))
        await identify(slack)
        app, gateway = bolt_app(slack), Gateway(client, inbox, metrics)
        replier = _listen(app, settings, slack, client, gateway, engine)
        stack.push_async_callback(replier.close)
        await stack.enter_async_context(_background(gateway.drain(replier.answer_late)))
        dispatch, open_sockets = PromptDispatch(app, metrics.acked), None
        if settings.slack.mode == "socket":
            token = settings.secrets.slack_app_token.get_secret_value()
            wanted = settings.slack.connections
            handlers = await stack.enter_async_context(sockets(dispatch, token, slack, wanted))
            open_sockets = functools.partial(open_now, handlers)
        shown = [*pages(settings, client, engine, inbox, metrics, open_sockets)]
        if settings.slack.mode == "http":
            shown.append(slack_requests(settings, dispatch, metrics))
        await stack.enter_async_context(web_server(shown, settings.web.host, settings.web.port))
        yield


@contextlib.asynccontextmanager
async def _background(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run something beside the block."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def _listen(
    app: AsyncApp,
    settings: Settings,
    slack: AsyncWebClient,
    client: Client,
    gateway: Gateway,
    engine: AsyncEngine,
) -> Replier:
    """Connect every gesture; gives what answers the clicks that were kept."""
    folders, whisper = input_folders(settings), Whisper(slack)
    tasks = Tasks(client, settings, folders)
    approvals = Approvals(client, settings.temporal.task_queue)
    preferences = PreferenceStore(engine)
    home = HomePage(slack, approvals, tasks, preferences, settings)
    lists = ApprovalLists(approvals, OpenChannels(slack))
    replier = Replier(gateway, whisper, home, lists)
    forms, deputies = Forms(approvals, replier), Deputies(slack, approvals, gateway)
    bypasses = Bypasses(settings, slack, BypassStore(engine), AuditLog(engine))
    inbox = InboxListeners(home, lists, preferences, deputies, replier)
    listeners.register(
        app,
        Listeners(
            decide=DecideListeners(gateway, replier, forms),
            more=MoreListeners(gateway, replier, forms),
            inbox=inbox,
            bulk=BulkListeners(gateway, approvals, replier, whisper, home),
            send=SendListeners(approvals, settings),
            start_task=StartTaskListeners(tasks, settings, folders, bypasses),
            task_help=TaskHelpListeners(tasks, whisper),
            comment=CommentListeners(tasks),
        ),
    )
    return replier


@contextlib.asynccontextmanager
async def scheduler(settings: Settings) -> AsyncIterator[None]:
    """Reminders."""
    reminders = ReminderScheduler(await connect(settings, lazy=True))
    reminders.start()
    try:
        yield
    finally:
        reminders.stop()
