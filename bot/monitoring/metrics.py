"""What is counted. Labels have few values, fixed in the code or in the settings, never ids."""

from types import SimpleNamespace
from typing import Any

import aiohttp
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from agents.runtime.figures import CacheUse
from workflows.task.cost import Spent

_ACK_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 3.0)
_AGENT_BUCKETS = (0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0)
_MODEL_COUNTERS = {
    "calls": "Calls of language models by agents.",
    "tokens": "Tokens of those, of both directions.",
    "seconds": "How long models took.",
    "money": "What they cost by the settings' price table.",
}
_METHODS = frozenset(
    {
        *("apps.connections.open", "auth.test", "chat.delete", "chat.getPermalink"),
        *("chat.postEphemeral", "chat.postMessage", "chat.update", "conversations.history"),
        *("conversations.info", "conversations.join", "conversations.list"),
        *("conversations.members", "users.conversations"),
        *("conversations.open", "conversations.replies", "files.completeUploadExternal"),
        *("files.getUploadURLExternal", "files.info", "usergroups.list", "usergroups.users.list"),
        *("users.info", "users.list", "users.lookupByEmail", "views.open", "views.publish"),
        *("views.push", "views.update"),
    }
)


class Metrics:
    """One process's figures, in a registry of their own; make one and hand it around."""

    def __init__(self) -> None:
        registry = self._registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        self._clicks = Counter(
            "signoff_clicks",
            "Decisions at the door, by what became of them.",
            ["taken"],
            registry=registry,
        )
        self._acks = Histogram(
            "signoff_click_ack_seconds",
            "From a click's arrival to its ack.",
            buckets=_ACK_BUCKETS,
            registry=registry,
        )
        self._inbox = Gauge(
            "signoff_inbox_clicks", "Clicks that wait for Temporal.", registry=registry
        )
        self._refused = Counter(
            "signoff_requests_refused",
            "Requests turned away before Bolt.",
            ["reason"],
            registry=registry,
        )
        self._agent_calls = Counter(
            "signoff_agent_calls",
            "Turns of agents, by how they ended and where the answer came from.",
            ["agent", "status", "mode"],
            registry=registry,
        )
        self._agent_cache = Counter(
            "signoff_agent_cache",
            "What the cache of agents' answers had for a turn.",
            ["agent", "result"],
            registry=registry,
        )
        self._agent_seconds = Histogram(
            "signoff_agent_call_seconds",
            "How long turns took.",
            ["agent"],
            buckets=_AGENT_BUCKETS,
            registry=registry,
        )
        self._models = {
            name: Counter(f"signoff_model_{name}", text, ["agent"], registry=registry)
            for name, text in _MODEL_COUNTERS.items()
        }
        self._slack_calls = Counter(
            "signoff_slack_calls",
            "Calls of Slack's API, by HTTP status.",
            ["method", "status"],
            registry=registry,
        )
        self._slack_limited = Counter(
            "signoff_slack_rate_limited", "Calls Slack answered with 429.", registry=registry
        )

        self._payload_errors = Counter(
            "signoff_payload_errors",
            "Payloads that could not be read or kept, each attempt, by what was wrong.",
            ["error"],
            registry=registry,
        )
        self._payloads_away = Gauge(
            "signoff_payloads_away",
            "Missing or damaged payload files that a workflow waits for.",
            registry=registry,
        )

        self._deaf = Gauge(
            "signoff_slack_deaf",
            "1 while nothing comes in from Slack though people are waited for.",
            registry=registry,
        )

    def deaf(self, now: bool) -> None:
        """Nothing comes in from Slack, or something does again."""
        self._deaf.set(now)

    def payload_failed(self, error: str) -> None:
        """A payload could not be read or kept; `error` is a class name of `storage.errors`."""
        self._payload_errors.labels(error).inc()

    def payloads_away(self, many: int) -> None:
        """So many payload files are waited for."""
        self._payloads_away.set(many)

    def taken(self, what: str) -> None:
        """A click was handed over; `what` is one of `bot.approvals.delivery.Taken`."""
        self._clicks.labels(what).inc()

    def acked(self, seconds: float) -> None:
        """A click was acked so long after it had come in."""
        self._acks.observe(seconds)

    def inbox(self, waiting: int) -> None:
        """So many clicks wait."""
        self._inbox.set(waiting)

    def refused(self, reason: str) -> None:
        """A request was turned away; `reason` is one of `bot.slack.refusal.Reason`."""
        self._refused.labels(reason).inc()

    def agent_called(self, agent: str, status: str, mode: str, seconds: float) -> None:
        """One turn; `agent` is a name of the settings, see `agents.runtime.figures.CallFigures`."""
        self._agent_calls.labels(agent, status, mode).inc()
        self._agent_seconds.labels(agent).observe(seconds)

    def agent_spent(self, agent: str, spent: Spent) -> None:
        """What the models of an agent cost in one attempt of a turn."""
        for name, counter in self._models.items():
            counter.labels(agent).inc(getattr(spent, name))

    def agent_cache(self, agent: str, use: CacheUse) -> None:
        """The cache of an agent's answers was asked."""
        self._agent_cache.labels(agent, use.value).inc()

    def slack_call(self, method: str, status: int) -> None:
        """Slack answered; status 0 when it did not."""
        name = method if method in _METHODS else "other"
        self._slack_calls.labels(name, str(status)).inc()
        if status == 429:
            self._slack_limited.inc()

    def trace(self) -> aiohttp.TraceConfig:
        """For the session Slack is called through: counts every call, the libraries' own too."""
        config = aiohttp.TraceConfig()
        config.on_request_end.append(self._on_end)
        config.on_request_exception.append(self._on_exception)
        return config

    async def _on_end(
        self, _session: aiohttp.ClientSession, _context: SimpleNamespace, call: Any
    ) -> None:
        self.slack_call(call.url.name, call.response.status)

    async def _on_exception(
        self, _session: aiohttp.ClientSession, _context: SimpleNamespace, call: Any
    ) -> None:
        self.slack_call(call.url.name, 0)

    def exposition(self) -> tuple[str, bytes]:
        """The content type and the text a Prometheus server reads."""
        return CONTENT_TYPE_LATEST, generate_latest(self._registry)
