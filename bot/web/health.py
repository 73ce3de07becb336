"""Health, readiness, agents, metrics: for whoever keeps the process alive and watches it."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping

import structlog
from aiohttp import web

from bot.monitoring.metrics import Metrics
from workflows.messages.health import FleetHealth, Health

log = structlog.get_logger()

OK = "ok"
CHECK_SECONDS = 2.0
KEPT_SECONDS = 1.0

Check = Callable[[], Awaitable[str]]
"""Gives `ok`, or a sentence that says what is missing and names no secret."""


class ReadinessChecks:
    """Asks every check at once, each for 2 s at most; an answer is good for a second.

    A check that raises counts as not ready; its error goes into the log, not to the caller.
    """

    def __init__(self, checks: Mapping[str, Check]) -> None:
        self._checks = dict(checks)
        self._asking = asyncio.Lock()
        self._answer: dict[str, str] = {}
        self._good_until = 0.0

    async def ask(self) -> dict[str, str]:
        """`ok` or a sentence, by the name of the check."""
        async with self._asking:
            if time.monotonic() >= self._good_until:
                told = await asyncio.gather(*map(self._one, self._checks))
                self._answer = dict(zip(self._checks, told, strict=True))
                self._good_until = time.monotonic() + KEPT_SECONDS
            return self._answer

    async def _one(self, name: str) -> str:
        try:
            return await asyncio.wait_for(self._checks[name](), CHECK_SECONDS)
        except TimeoutError:
            return f"The {name} did not answer within {CHECK_SECONDS:.0f} s."
        except Exception as error:  # noqa: BLE001 - the edge: whatever fails is not ready
            log.warning("a check failed", check=name, error=type(error).__name__)
            return f"The {name} could not be checked; see the log."


class HealthPages:
    """The pages; without `readiness` the process is ready once it answers.

    `fleet` tells how the agents are; without it that page is not there. On a public port, only
    whether the process is alive and ready is told, by the status.
    """

    def __init__(
        self,
        metrics: Metrics,
        readiness: ReadinessChecks | None = None,
        fleet: Callable[[], Awaitable[FleetHealth]] | None = None,
    ) -> None:
        self._metrics = metrics
        self._readiness = readiness or ReadinessChecks({})
        self._fleet = fleet

    def register(self, app: web.Application) -> None:
        """Add the routes."""
        app.router.add_get("/health", self.health)
        app.router.add_get("/ready", self.ready)
        app.router.add_get("/metrics", self.metrics)
        if self._fleet is not None:
            app.router.add_get("/health/agents", self.agents)

    def register_public(self, app: web.Application) -> None:
        """Add what a load balancer has to know."""
        app.router.add_get("/health", self.health)
        app.router.add_get("/ready", self.ready_in_short)

    async def health(self, _request: web.Request) -> web.Response:
        """The process is alive and its event loop turns."""
        return web.json_response({"status": OK})

    async def ready(self, _request: web.Request) -> web.Response:
        """200 when everything is there, else 503; either way what of it."""
        told = await self._readiness.ask()
        return web.json_response(told, status=200 if _is_ready(told) else 503)

    async def ready_in_short(self, _request: web.Request) -> web.Response:
        """200 when everything is there, else 503."""
        if _is_ready(await self._readiness.ask()):
            return web.json_response({"status": OK})
        return web.json_response({"status": "not ready"}, status=503)

    async def agents(self, _request: web.Request) -> web.Response:
        """How each agent is; 503 when one does not answer, because work will wait for it."""
        assert self._fleet is not None
        fleet = await self._fleet()
        status = 503 if fleet.overall is Health.UNHEALTHY else 200
        return web.json_response(fleet.model_dump(mode="json"), status=status)

    async def metrics(self, _request: web.Request) -> web.Response:
        """In Prometheus' text format."""
        content_type, body = self._metrics.exposition()
        return web.Response(body=body, headers={"Content-Type": content_type})


def _is_ready(told: Mapping[str, str]) -> bool:
    return all(answer == OK for answer in told.values())
