"""The scheduler: what is due by the clock and not by anybody's click."""

import contextlib
import functools
from collections.abc import AsyncIterator

from agents.a2a.client import A2AClient
from agents.runtime.health import HealthCheck
from bot.activities.mail import forget_links
from bot.config.agents import registry
from bot.config.settings import Settings
from bot.monitoring import payload_cleanup
from bot.monitoring.agent_health import FleetWatch
from bot.processes.bootstrap._parts import beside, connect, payload_files
from notifications.reminders.scheduler import ReminderScheduler, SummaryPlan
from storage.agent_health import FleetStore
from storage.database import create_engine
from storage.mail_tokens import MailTokens


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
        await stack.enter_async_context(beside(watch.keep_looking()))
        reminders.start()
        chore = functools.partial(payload_cleanup.chore, settings, client, payload_files(settings))
        reminders.daily(chore, "clean")
        reminders.daily(functools.partial(forget_links, MailTokens(engine)), "forget")
        stack.callback(reminders.stop)
        yield
