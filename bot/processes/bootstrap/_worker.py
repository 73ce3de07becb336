"""The worker: workflows and the bodies of all their activities."""

import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from agents.a2a.client import A2AClient
from agents.inputs.public_web import PublicWeb
from agents.runtime.activity import cancelled_for_good
from bot.activities.collect_inputs import InputCollector
from bot.activities.mail import ApprovalMail, NoMail
from bot.activities.post_card import CardPoster
from bot.activities.prepare_approval import ApprovalPreparation, TemporalQueue
from bot.activities.summary import SummarySender
from bot.approvals.queries import Approvals
from bot.approvals.waiting_tasks import WaitingTasks
from bot.config.agents import agent_activities
from bot.config.auto_approval import Rules
from bot.config.models import tool_policies
from bot.config.payload_keys import payload_codec
from bot.config.settings import Settings
from bot.monitoring.agent_health import Unwell
from bot.monitoring.metrics import Metrics
from bot.monitoring.payload_watch import PayloadWatch
from bot.processes.adk_worker import adk_worker
from bot.processes.bootstrap._parts import (
    audit_log,
    beside,
    connect,
    input_folders,
    paced,
    payload_files,
)
from bot.processes.turn_journal import KeptTurns
from bot.slack.client import require_tokens, web_client
from bot.temporal import client as temporal
from bot.temporal.refusals import Refusals
from bot.web.health import HealthPages
from bot.web.server import web_server
from notifications.mail.letters import Letters
from notifications.mail.smtp import Mailer, MailServer
from notifications.people.approvers import SlackPeople
from notifications.people.members import Members
from notifications.reminders.calendar_settings import CalendarSettings
from notifications.reminders.planner import LadderPlanner
from notifications.slack.delivery import SlackDelivery
from notifications.slack.names import Names
from notifications.slack.pacing import Pacer
from notifications.slack.payload_notice import PayloadNotices
from storage.agent_health import FleetStore
from storage.audit.recorder import AuditRecorder
from storage.bypasses import BypassStore
from storage.database import create_engine
from storage.mail_tokens import MailTokens
from storage.preferences import PreferenceStore
from workflows.activities import AgentActivities, MailActivities


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
        pacer = await stack.enter_async_context(paced(settings, engine))
        watch = PayloadWatch(payload_files(settings), metrics, PayloadNotices(slack, pacer))
        lists = await connect(settings, lazy=True)
        activities = _activities(settings, slack, engine, agents, pacer, lists)
        refusals = Refusals(audit_log(settings, engine))
        await stack.enter_async_context(beside(refusals.write()))
        client = await connect(settings, activities, watch.failed, refusals.note)
        await stack.enter_async_context(beside(watch.run(client)))
        await stack.enter_async_context(temporal.worker(client, settings.temporal))
        if any(agent.run == "workflow" for agent in settings.agents.values()):
            queue, files = settings.temporal.task_queue, payload_files(settings)
            models, policies = settings.model_access, tool_policies(settings)
            inside = adk_worker(client, queue, files, models, policies)
            await stack.enter_async_context(inside)
        if settings.web.worker_port and not shown:
            own = [HealthPages(metrics).register]
            host, port = settings.web.monitoring_host, settings.web.worker_port
            await stack.enter_async_context(web_server(own, host, port))
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
    mail, planner = _mail(settings, engine, names), LadderPlanner(preferences)
    people = SlackPeople(slack, preferences, names)
    recorder = AuditRecorder(audit_log(settings, engine))
    calendar = CalendarSettings.model_validate(settings.policy.get("calendar") or {})
    approvals = Approvals(lists, settings.temporal.task_queue)
    folders, local = input_folders(settings), settings.slack.local_files
    return [
        InputCollector(folders, payloads, web, slack, local).collect_inputs,
        *(people.resolve_electorate, people.confirm_decider),
        ApprovalPreparation(
            people, planner, Rules(BypassStore(engine), Members(slack)), TemporalQueue(lists)
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


def _mail(settings: Settings, engine: AsyncEngine, names: Names) -> MailActivities:
    """Letters, when a mail server is configured."""
    if not settings.mail.sender:
        return NoMail()
    password = settings.secrets.mail_password
    server = MailServer(**{**settings.mail.server, "password": password})
    letters, tokens = Letters(settings.mail.sender), MailTokens(engine)
    return ApprovalMail(Mailer(server), letters, tokens, settings.public_url, names)
