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

from agents.a2a.client import A2AClient
from agents.inputs.public_web import PublicWeb
from agents.runtime.activity import cancelled_for_good
from agents.runtime.health import HealthCheck
from bot import listeners
from bot.access.onlookers import Onlookers
from bot.access.seen_tasks import SeenTasks
from bot.access.starters import Starters
from bot.activities.collect_inputs import InputCollector, InputFolders
from bot.activities.mail import ApprovalMail, NoMail, forget_links
from bot.activities.post_card import CardPoster
from bot.activities.prepare_approval import ApprovalPreparation, TemporalQueue
from bot.activities.summary import SummarySender
from bot.approvals.bypasses import Bypasses
from bot.approvals.comments import Comments
from bot.approvals.delivery import Gateway
from bot.approvals.deputies import Deputies
from bot.approvals.home import HomePage
from bot.approvals.lists import ApprovalLists
from bot.approvals.pending import PendingInTemporal
from bot.approvals.queries import Approvals
from bot.approvals.tasks import Tasks
from bot.approvals.waiting_tasks import WaitingTasks
from bot.config.agents import agent_activities, registry
from bot.config.auto_approval import Rules
from bot.config.errors import UnavailableError
from bot.config.models import tool_policies
from bot.config.payload_keys import payload_codec, signing_codec
from bot.config.settings import Settings
from bot.listeners import Listeners
from bot.listeners.bulk import BulkListeners
from bot.listeners.comment import CommentListeners
from bot.listeners.decide import DecideListeners
from bot.listeners.errors import Edge
from bot.listeners.forms import Forms
from bot.listeners.inbox import InboxListeners
from bot.listeners.more import MoreListeners
from bot.listeners.replier import Replier
from bot.listeners.send import SendListeners
from bot.listeners.start_task import StartTaskListeners
from bot.listeners.task_help import TaskHelpListeners
from bot.monitoring import payload_cleanup
from bot.monitoring.agent_health import QUICK_SECONDS, FleetReports, FleetWatch, Unwell
from bot.monitoring.metrics import Metrics
from bot.monitoring.payload_watch import PayloadWatch
from bot.monitoring.slack_watchdog import InboundRecord, SlackWatchdog
from bot.processes.adk_worker import adk_worker
from bot.processes.file_locks import TEMPORAL, is_held
from bot.processes.turn_journal import KeptTurns
from bot.slack.client import bolt_app, identify, require_tokens, web_client
from bot.slack.dispatch import PromptDispatch
from bot.slack.socket_mode import SteadyHandler, open_now, renew, sockets
from bot.temporal import client as temporal
from bot.temporal.refusals import Refusals
from bot.temporal.verified_workflows import OnRefused
from bot.web.health import HealthPages
from bot.web.routes import own_names, pages, slack_requests
from bot.web.server import web_server
from notifications.mail.letters import Letters
from notifications.mail.smtp import Mailer, MailServer
from notifications.reminders.calendar_settings import CalendarSettings
from notifications.reminders.planner import LadderPlanner
from notifications.reminders.scheduler import ReminderScheduler, SummaryPlan
from notifications.slack.approvers import SlackPeople
from notifications.slack.delivery import SlackDelivery
from notifications.slack.heartbeat import Heartbeat
from notifications.slack.names import Names
from notifications.slack.pacing import Pacer
from notifications.slack.payload_notice import PayloadNotices
from notifications.slack.private import PrivateMessages
from storage.agent_health import FleetStore
from storage.audit.anchors import AnchorFile
from storage.audit.log import AuditLog
from storage.audit.recorder import AuditRecorder
from storage.bypasses import BypassStore
from storage.click_inbox import ClickInbox
from storage.database import create_engine, migrate
from storage.mail_tokens import MailTokens
from storage.pace import pace_rows
from storage.payloads.driver import OnError
from storage.payloads.files import PayloadFiles
from storage.preferences import PreferenceStore
from storage.slack_heartbeats import HeartbeatStore
from workflows.activities import AgentActivities, MailActivities

RETENTION = timedelta(days=30)


@dataclasses.dataclass(frozen=True)
class CommandServices:
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
    settings: Settings,
    activities: Sequence[Callable[..., Any]] = (),
    on_error: OnError | None = None,
    on_refused: OnRefused | None = None,
    *,
    lazy: bool = False,
) -> Client:
    """A Temporal client with our plugin."""
    codec = signing_codec(settings)
    ours = temporal.plugin(payload_files(settings), activities, codec, on_error, on_refused)
    return await temporal.connect(settings.temporal, ours, lazy=lazy)


async def prepare(settings: Settings) -> None:
    """What has to be there before anything runs: search attributes, retention, tables."""
    client = await connect(settings)
    await temporal.register_attributes(client)
    if settings.temporal.embedded:
        await temporal.keep_closed(client, RETENTION)
    await migrate(settings.database_url)


def is_ours(settings: Settings) -> bool:
    """Whether this folder's own server runs, or the settings name one: whoever else listens at the
    usual port belongs to somebody else."""
    named = "address" in settings.temporal.model_fields_set
    return named or not settings.temporal.embedded or is_held(settings.folder / TEMPORAL)


async def desk(settings: Settings) -> CommandServices:
    """For commands that ask and decide; they ask the server of this folder and no other."""
    if not is_ours(settings):
        raise UnavailableError(
            "Signoff isn't running in this folder: start it with 'signoff up' or 'signoff demo'. "
            "For a Temporal server of your own, set address under [temporal] in signoff.toml."
        )
    client = await connect(settings)
    approvals = Approvals(client, settings.temporal.task_queue)
    return CommandServices(Tasks(client, settings, input_folders(settings)), approvals, client)


@contextlib.asynccontextmanager
async def worker(
    settings: Settings, agents: AgentActivities | None = None, metrics: Metrics | None = None
) -> AsyncIterator[None]:
    """Workflows and activities; `agents` stands in for the configured ones.

    Without `metrics` of another process part it shows its own, where `worker_port` says.
    """
    require_tokens(settings)
    engine, a2a = create_engine(settings.database_url), A2AClient(unwanted=cancelled_for_good)
    shown, metrics = metrics is not None, metrics or Metrics()
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(engine.dispose)
        stack.push_async_callback(a2a.aclose)
        slack = await stack.enter_async_context(web_client(settings, metrics))
        turns = KeptTurns(settings.folder, payload_codec(settings))
        stack.push_async_callback(turns.close)
        agents = agents or agent_activities(settings, payload_files(settings), a2a, metrics, turns)
        pacer = await stack.enter_async_context(_pacer(settings, engine))
        watch = PayloadWatch(payload_files(settings), metrics, PayloadNotices(slack, pacer))
        lists = await connect(settings, lazy=True)
        activities = _activities(settings, slack, engine, agents, pacer, lists)
        refusals = Refusals(audit_log(settings, engine))
        await stack.enter_async_context(_background(refusals.write()))
        client = await connect(settings, activities, watch.failed, refusals.note)
        await stack.enter_async_context(_background(watch.run(client)))
        await stack.enter_async_context(temporal.worker(client, settings.temporal))
        if any(agent.run == "workflow" for agent in settings.agents.values()):
            queue, files = settings.temporal.task_queue, payload_files(settings)
            models, policies = settings.model_access, tool_policies(settings)
            inside = adk_worker(client, queue, files, models, policies)
            await stack.enter_async_context(inside)
        if settings.web.worker_port and not shown:
            own = [HealthPages(metrics).register]
            port = settings.web.worker_port
            await stack.enter_async_context(web_server(own, settings.web.host, port))
        yield


def _activities(
    settings: Settings,
    slack: AsyncWebClient,
    engine: AsyncEngine,
    agents: AgentActivities,
    pacer: Pacer,
    lists: Client,
) -> list[Callable[..., Any]]:
    payloads = payload_files(settings)
    web = PublicWeb(
        most_bytes=settings.inputs.max_bytes, seconds=settings.inputs.url_timeout.total_seconds()
    )
    delivery = SlackDelivery(slack, Unwell(FleetStore(engine)), pacer, WaitingTasks(lists))
    preferences, names = PreferenceStore(engine), Names(slack)
    mail, planner = mail_activities(settings, engine, names), LadderPlanner(preferences)
    people = SlackPeople(slack, preferences, names)
    recorder = AuditRecorder(audit_log(settings, engine))
    calendar = CalendarSettings.model_validate(settings.policy.get("calendar") or {})
    approvals = Approvals(lists, settings.temporal.task_queue)
    return [
        InputCollector(input_folders(settings), payloads, web, slack).collect_inputs,
        people.resolve_electorate,
        ApprovalPreparation(
            people, planner, Rules(BypassStore(engine)), TemporalQueue(lists)
        ).prepare,
        CardPoster(delivery, recorder).show,
        *(delivery.show_task, delivery.update_card, delivery.attach),
        *(delivery.post_receipt, delivery.tell_requester, delivery.tell_outcome),
        *(delivery.post_copy, delivery.remind, delivery.answer, delivery.say),
        recorder.record,
        planner.moments,
        SummarySender(slack, delivery, approvals, preferences, calendar).send_digest,
        *(mail.mail, mail.revoke_links, mail.close_mail),
        agents.run_turn,
    ]


def audit_log(settings: Settings, engine: AsyncEngine) -> AuditLog:
    """The audit log, signed when there is a key, anchored when there is a place for that."""
    key = settings.secrets.audit_key.get_secret_value().encode() or None
    place = settings.storage.anchors
    return AuditLog(engine, key, AnchorFile(settings.root / place) if place.name else None)


def mail_activities(settings: Settings, engine: AsyncEngine, names: Names) -> MailActivities:
    """Letters, when a mail server is configured."""
    if not settings.mail.sender:
        return NoMail()
    password = settings.secrets.mail_password
    server = MailServer(**{**settings.mail.server, "password": password})
    letters, tokens = Letters(settings.mail.sender), MailTokens(engine)
    return ApprovalMail(Mailer(server), letters, tokens, settings.public_url, names)


@contextlib.asynccontextmanager
async def bot(settings: Settings, metrics: Metrics | None = None) -> AsyncIterator[None]:
    """Slack in, our own pages, and the loop that delivers kept clicks."""
    require_tokens(settings)
    metrics, client = metrics or Metrics(), await connect(settings, lazy=True)
    inbox, engine = ClickInbox(settings.folder / "inbox.db"), create_engine(settings.database_url)
    comments = ClickInbox(settings.folder / "comments.db")
    a2a = A2AClient()
    check, endpoints = HealthCheck(a2a, QUICK_SECONDS), registry(settings).endpoints.values()
    fleet = FleetReports(check, endpoints, FleetStore(engine))
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(engine.dispose)
        stack.push_async_callback(inbox.close)
        stack.push_async_callback(comments.close)
        stack.push_async_callback(a2a.aclose)
        slack = await stack.enter_async_context(web_client(settings, metrics))
        await identify(slack)
        app, gateway = bolt_app(slack), Gateway(client, inbox, metrics)
        pacer = await stack.enter_async_context(_pacer(settings, engine))
        private, tasks = (
            PrivateMessages(slack, pacer),
            Tasks(client, settings, input_folders(settings)),
        )
        box = Comments(comments, tasks, slack, private)
        replier = _listen(app, settings, slack, client, gateway, engine, fleet, private, tasks, box)
        stack.push_async_callback(replier.close)
        await stack.enter_async_context(_background(gateway.drain(replier.answer_late)))
        await stack.enter_async_context(_background(box.pass_on()))
        inbound, handlers = InboundRecord(), list[SteadyHandler]()
        dispatch, open_sockets = PromptDispatch(app, metrics.acked, inbound), None
        stack.push_async_callback(dispatch.close)
        if settings.slack.mode == "socket":
            token = settings.secrets.slack_app_token.get_secret_value()
            wanted = settings.slack.connections
            handlers = await stack.enter_async_context(sockets(dispatch, token, slack, wanted))
            open_sockets = functools.partial(open_now, handlers)
        watch = _hearing(settings, slack, client, engine, metrics, inbound, handlers)
        if settings.slack.heartbeat:
            await stack.enter_async_context(_background(watch.run()))
        parts = (inbox, metrics, open_sockets, fleet, Names(slack), watch.sentence)
        shown = [*pages(settings, client, engine, *parts)]
        if settings.slack.mode == "http":
            shown.append(slack_requests(settings, dispatch, metrics))
        own = own_names(settings)
        serving = web_server(shown, settings.web.host, settings.web.port, own)
        await stack.enter_async_context(serving)
        yield


@contextlib.asynccontextmanager
async def _pacer(settings: Settings, engine: AsyncEngine) -> AsyncIterator[Pacer]:
    """Slack's pace, kept together with every other process of ours."""
    shared = pace_rows(engine, settings.folder)
    pacer = Pacer(shared=shared)
    try:
        yield pacer
    finally:
        await pacer.close()
        await shared.close()


def _hearing(
    settings: Settings,
    slack: AsyncWebClient,
    client: Client,
    engine: AsyncEngine,
    metrics: Metrics,
    inbound: InboundRecord,
    handlers: Sequence[SteadyHandler],
) -> SlackWatchdog:
    """Notices that nothing comes in from Slack any more."""
    return SlackWatchdog(
        inbound,
        Heartbeat(slack, settings.slack.heartbeat),
        PendingInTemporal(client, settings.temporal.task_queue),
        HeartbeatStore(engine),
        functools.partial(renew, handlers),
        metrics,
    )


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
    fleet: FleetReports,
    private: PrivateMessages,
    tasks: Tasks,
    comments: Comments,
) -> Replier:
    """Connect every gesture; gives what answers the clicks that were kept."""
    approvals = Approvals(client, settings.temporal.task_queue)
    preferences, onlookers = PreferenceStore(engine), Onlookers(slack)
    home = HomePage(slack, approvals, tasks, preferences, settings, onlookers)
    lists, edge = ApprovalLists(approvals, onlookers), Edge(slack, private)
    replier = Replier(gateway, private, home, lists, edge)
    forms = Forms(approvals, replier, onlookers)
    deputies = Deputies(slack, approvals, private)
    bypasses = Bypasses(settings, slack, BypassStore(engine), audit_log(settings, engine))
    starters, seen = Starters(settings, onlookers), SeenTasks(tasks, approvals, onlookers)
    folders, read = input_folders(settings), settings.slack.read_seconds
    edge.guard(app)
    listeners.register(
        app,
        Listeners(
            decide=DecideListeners(gateway, replier, forms, read),
            more=MoreListeners(gateway, replier, forms),
            inbox=InboxListeners(home, lists, preferences, deputies, replier),
            bulk=BulkListeners(gateway, approvals, replier, private, onlookers, read),
            send=SendListeners(approvals, settings, starters, onlookers),
            start_task=StartTaskListeners(
                tasks, settings, folders, bypasses, fleet, starters, seen
            ),
            task_help=TaskHelpListeners(seen, private),
            comment=CommentListeners(comments),
        ),
    )
    return replier


@contextlib.asynccontextmanager
async def scheduler(settings: Settings) -> AsyncIterator[None]:
    """Reminders, a look at the agents every half minute, and what is done once a day."""
    client = await connect(settings, lazy=True)
    plan = SummaryPlan.model_validate(settings.digest.model_dump())
    reminders = ReminderScheduler(client, digests=plan, queue=settings.temporal.task_queue)
    engine, a2a = create_engine(settings.database_url), A2AClient()
    endpoints = registry(settings).endpoints.values()
    watch = FleetWatch(HealthCheck(a2a), endpoints, FleetStore(engine))
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(engine.dispose)
        stack.push_async_callback(a2a.aclose)
        await stack.enter_async_context(_background(watch.keep_looking()))
        reminders.start()
        chore = functools.partial(payload_cleanup.chore, settings, client, payload_files(settings))
        reminders.daily(chore, "clean")
        reminders.daily(functools.partial(forget_links, MailTokens(engine)), "forget")
        stack.callback(reminders.stop)
        yield
