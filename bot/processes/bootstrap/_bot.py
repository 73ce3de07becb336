"""The bot: Slack in, our own pages, and the loop that delivers kept clicks."""

import contextlib
import functools
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractAsyncContextManager

from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from agents.a2a.client import A2AClient
from agents.runtime.health import HealthCheck
from bot import listeners
from bot.access.onlookers import Onlookers
from bot.access.seen_tasks import SeenTasks
from bot.access.starters import Starters
from bot.approvals.bypasses import Bypasses
from bot.approvals.comments import Comments
from bot.approvals.delivery import Gateway
from bot.approvals.deputies import Deputies
from bot.approvals.home import HomePage
from bot.approvals.lists import ApprovalLists
from bot.approvals.pending import PendingInTemporal
from bot.approvals.queries import Approvals
from bot.approvals.tasks import Tasks
from bot.config.agents import registry
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
from bot.monitoring.agent_health import QUICK_SECONDS, FleetReports
from bot.monitoring.metrics import Metrics
from bot.monitoring.slack_watchdog import InboundRecord, SlackWatchdog
from bot.processes.bootstrap._parts import audit_log, beside, connect, input_folders, paced
from bot.slack.client import bolt_app, identify, require_tokens, web_client
from bot.slack.dispatch import PromptDispatch
from bot.slack.socket_client import SteadyClient
from bot.slack.socket_mode import open_now, renew, sockets
from bot.web.health import HealthPages
from bot.web.routes import decisions, health, own_names, slack_requests
from bot.web.server import Register, web_server
from notifications.people.members import Members
from notifications.slack.heartbeat import Heartbeat
from notifications.slack.names import Names
from notifications.slack.private import PrivateMessages
from storage.agent_health import FleetStore
from storage.bypasses import BypassStore
from storage.click_inbox import ClickInbox
from storage.database import create_engine
from storage.preferences import PreferenceStore
from storage.slack_heartbeats import HeartbeatStore


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
        pacer = await stack.enter_async_context(paced(settings, engine))
        private, tasks = (
            PrivateMessages(slack, pacer),
            Tasks(client, settings, input_folders(settings)),
        )
        box = Comments(comments, tasks, slack, private)
        replier = _listen(app, settings, slack, client, gateway, engine, fleet, private, tasks, box)
        stack.push_async_callback(replier.close)
        await stack.enter_async_context(beside(gateway.drain(replier.answer_late)))
        await stack.enter_async_context(beside(box.pass_on()))
        inbound, clients = InboundRecord(), list[SteadyClient]()
        dispatch, open_sockets = PromptDispatch(app, metrics.acked, inbound), None
        stack.push_async_callback(dispatch.close)
        if settings.slack.mode == "socket":
            token = settings.secrets.slack_app_token.get_secret_value()
            wanted = settings.slack.connections
            clients = await stack.enter_async_context(sockets(dispatch, token, slack, wanted))
            open_sockets = functools.partial(open_now, clients)
        watch = _hearing(settings, slack, client, engine, metrics, inbound, clients)
        if settings.slack.heartbeat:
            await stack.enter_async_context(beside(watch.run()))
        watched = health(client, engine, inbox, metrics, open_sockets, fleet, watch.sentence)
        shown = [decisions(settings, client, engine, Names(slack))] if settings.mail.sender else []
        if settings.slack.mode == "http":
            shown.append(slack_requests(settings, dispatch, metrics))
        for server in _servers(settings, watched, shown):
            await stack.enter_async_context(server)
        yield


def _servers(
    settings: Settings, watched: HealthPages, shown: Sequence[Register]
) -> Iterator[AbstractAsyncContextManager[str]]:
    """What people reach, and what only whoever watches the process should."""
    web, public = settings.web, settings.has_public_pages or bool(settings.web.monitoring_port)
    own = watched.register_public if public else watched.register
    yield web_server([own, *shown], web.host, web.port, own_names(settings))
    if web.monitoring_port:
        yield web_server([watched.register], web.monitoring_host, web.monitoring_port)


def _hearing(
    settings: Settings,
    slack: AsyncWebClient,
    client: Client,
    engine: AsyncEngine,
    metrics: Metrics,
    inbound: InboundRecord,
    clients: Sequence[SteadyClient],
) -> SlackWatchdog:
    """Notices that nothing comes in from Slack any more."""
    return SlackWatchdog(
        inbound,
        Heartbeat(slack, settings.slack.heartbeat),
        PendingInTemporal(client, settings.temporal.task_queue),
        HeartbeatStore(engine),
        functools.partial(renew, clients),
        metrics,
    )


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
    preferences = PreferenceStore(engine)
    onlookers = Onlookers(slack, guests_see=settings.slack.guests_see)
    home = HomePage(slack, approvals, tasks, preferences, settings, onlookers)
    lists, edge = ApprovalLists(approvals, onlookers), Edge(slack, private)
    replier = Replier(gateway, private, home, lists, edge)
    forms = Forms(approvals, replier, onlookers)
    deputies = Deputies(slack, approvals, private)
    log = audit_log(settings, engine)
    bypasses = Bypasses(settings, Members(slack), BypassStore(engine), log)
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
