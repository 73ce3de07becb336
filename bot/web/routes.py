"""What the bot's own web server shows: health, metrics, and the page a mailed link opens."""

from collections.abc import Callable

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from agents.http.loopback import names_of
from bot.approvals.queries import Approvals
from bot.config.settings import Settings
from bot.monitoring.agent_health import FleetReports
from bot.monitoring.metrics import Metrics
from bot.slack.dispatch import PromptDispatch
from bot.slack.http import SlackHttp
from bot.web import checks, decision_page
from bot.web.client_address import client_address
from bot.web.health import HealthPages, ReadinessChecks
from bot.web.server import Register
from notifications.slack.names import Names
from notifications.text.sanitize import visible
from storage.click_inbox import ClickInbox
from storage.mail_tokens import MailTokens
from workflows.content.rendering import document


def health(
    client: Client,
    engine: AsyncEngine,
    inbox: ClickInbox,
    metrics: Metrics,
    open_sockets: Callable[[], int] | None,
    fleet: FleetReports,
    hearing: Callable[[], str],
) -> HealthPages:
    """How this process is; `open_sockets` is None where Slack comes by HTTP."""
    asked = {
        "temporal": checks.temporal(client),
        "database": checks.database(engine),
        "inbox": checks.inbox(inbox),
        "hearing": checks.hearing(hearing),
    }
    if open_sockets is not None:
        asked["slack"] = checks.sockets(open_sockets)
    return HealthPages(metrics, ReadinessChecks(asked), fleet.latest)


def own_names(settings: Settings) -> frozenset[str] | None:
    """By which names our pages are reached, besides this machine's; None for any.

    Slack's requests come through a proxy, whose name is known where `public_url` is set.
    """
    if settings.slack.mode == "http" and not settings.web.public_url:
        return None
    return names_of(settings.web.public_url)


def slack_requests(settings: Settings, dispatch: PromptDispatch, metrics: Metrics) -> Register:
    """Slack's own requests, signed, where the app is not in Socket Mode."""
    secret = settings.secrets.slack_signing_secret
    return SlackHttp(dispatch, secret, lambda reason: metrics.refused(reason.value)).register


def decisions(settings: Settings, client: Client, engine: AsyncEngine, names: Names) -> Register:
    """The page a mailed link opens."""
    approvals = Approvals(client, settings.temporal.task_queue)

    async def full_text(approval: str) -> str:
        look = await approvals.look(approval, seconds=10)
        return visible(document(look.view, look.result))

    return lambda app: decision_page.register(
        app,
        MailTokens(engine),
        approvals,
        public_url=settings.public_url,
        full_text=full_text,
        names=names.on,
        client=client_address(settings.web.trusted_proxies),
        read_seconds=settings.slack.read_seconds,
    )
