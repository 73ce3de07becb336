"""What is counted, and that nothing secret or endless gets into it."""

import aiohttp
import pytest
from aiohttp import web
from prometheus_client.parser import text_string_to_metric_families

from agents.runtime.figures import CacheUse
from bot.monitoring.metrics import Metrics
from bot.slack.refusal import Reason
from bot.web.health import HealthPages
from bot.web.server import web_server
from workflows.task.cost import Spent


def figures(metrics: Metrics) -> dict[str, float]:
    """Every sample, by name and labels as they are written."""
    _, text = metrics.exposition()
    return {
        sample.name + "".join(f" {key}={value}" for key, value in sorted(sample.labels.items())): (
            sample.value
        )
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def test_clicks_are_counted_by_what_became_of_them() -> None:
    """And how long each waited for its ack."""
    metrics = Metrics()
    metrics.taken("delivered")
    metrics.taken("kept")
    metrics.acked(0.012)
    metrics.acked(0.2)
    metrics.inbox(3)
    told = figures(metrics)
    assert told["signoff_clicks_total taken=delivered"] == 1
    assert told["signoff_clicks_total taken=kept"] == 1
    assert told["signoff_click_ack_seconds_count"] == 2
    assert told["signoff_click_ack_seconds_bucket le=0.025"] == 1
    assert told["signoff_inbox_clicks"] == 3


def test_agent_calls_are_counted_even_when_they_fail() -> None:
    """By agent, how they ended, and where the answer came from; the cache by what it had."""
    metrics = Metrics()
    metrics.agent_called("analysis", "ok", "live_agent", 0.2)
    metrics.agent_called("analysis", "AgentUnreachable", "", 3.0)
    metrics.agent_cache("analysis", CacheUse.MISS)
    metrics.agent_spent("analysis", Spent(calls=2, tokens=90, seconds=1.5, money=0.25))
    told = figures(metrics)
    assert told["signoff_agent_calls_total agent=analysis mode=live_agent status=ok"] == 1
    assert told["signoff_agent_calls_total agent=analysis mode= status=AgentUnreachable"] == 1
    assert told["signoff_agent_call_seconds_count agent=analysis"] == 2
    assert told["signoff_agent_cache_total agent=analysis result=miss"] == 1
    names = ("calls", "tokens", "seconds", "money")
    spent = [told[f"signoff_model_{name}_total agent=analysis"] for name in names]
    assert spent == [2, 90, 1.5, 0.25]


async def test_slack_calls_are_counted_where_they_leave() -> None:
    """By method and status, 429 on its own, and whatever fails before an answer as status 0."""
    metrics = Metrics()

    async def api(request: web.Request) -> web.Response:
        return web.Response(status=429 if request.match_info["method"] == "chat.update" else 200)

    def register(app: web.Application) -> None:
        app.router.add_post("/api/{method}", api)

    async with aiohttp.ClientSession(trace_configs=[metrics.trace()]) as session:
        async with web_server([register], port=0) as url:
            for method in ("chat.postMessage", "chat.update", "U0SECRET99", "another.one"):
                await session.post(f"{url}/api/{method}?token=xoxb-canary")
        with pytest.raises(aiohttp.ClientConnectionError):
            await session.post(f"{url}/api/chat.postMessage")
    told = figures(metrics)
    assert told["signoff_slack_calls_total method=chat.postMessage status=200"] == 1
    assert told["signoff_slack_calls_total method=chat.postMessage status=0"] == 1
    assert told["signoff_slack_calls_total method=other status=200"] == 2
    assert told["signoff_slack_rate_limited_total"] == 1
    assert "canary" not in str(told)
    assert "U0SECRET99" not in str(told)


async def test_the_page_is_what_prometheus_reads() -> None:
    """Text in its own format, with the process's memory in it."""
    metrics = Metrics()
    for reason in Reason:
        metrics.refused(reason)
    async with (
        web_server([HealthPages(metrics).register], port=0) as url,
        aiohttp.ClientSession() as session,
        session.get(f"{url}/metrics") as answer,
    ):
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith("text/plain; version=")
        families = {f.name for f in text_string_to_metric_families(await answer.text())}
    assert {"signoff_clicks", "signoff_requests_refused"} <= families
    assert "process_resident_memory_bytes" in families


def test_two_processes_worth_of_metrics_live_side_by_side() -> None:
    """Nothing is global, so tests and `signoff up` can have as many as they like."""
    one, other = Metrics(), Metrics()
    one.taken("kept")
    assert "signoff_clicks_total taken=kept" not in figures(other)
