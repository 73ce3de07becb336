"""The agents' health: looked at by one process, told by the others."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
import structlog
from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncEngine

from agents.a2a.client import A2AClient
from agents.a2a.endpoints import Endpoint
from agents.runtime.health import HealthCheck
from bot.commands import doctor
from bot.config.sections.agents import AgentSettings
from bot.config.settings import load
from bot.monitoring.agent_health import EVERY, GOOD_FOR, FleetReports, FleetWatch, Unwell
from bot.monitoring.metrics import Metrics
from bot.web.health import HealthPages
from bot.web.server import web_server
from notifications.views.agent_health import ROWS, fleet_blocks, fleet_text
from playground.blocks import problems
from storage.agent_health import FleetStore
from storage.database import create_engine, migrate
from tests.agents.servers import card_json
from tests.conftest import free_port
from tests.workflows.conftest import until
from workflows.messages.health import AgentHealth, FleetHealth, Health, overall

ROOT = Path(__file__).parents[3]
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Ward:
    """One agent whose health is what a test says."""

    def __init__(self) -> None:
        self.status, self.card, self.seconds, self.visits = 200, True, 0.0, 0
        self.port = free_port()
        self.endpoint = Endpoint(name="ward", url=f"http://127.0.0.1:{self.port}/")

    def register(self, app: web.Application) -> None:
        app.router.add_get("/health", self._health)
        app.router.add_get("/.well-known/agent-card.json", self._card)

    async def _health(self, _: web.Request) -> web.Response:
        self.visits += 1
        await asyncio.sleep(self.seconds)
        return web.json_response({}, status=self.status)

    async def _card(self, _: web.Request) -> web.Response:
        if not self.card:
            return web.Response(status=404)
        return web.json_response(card_json(self.endpoint.url))


@pytest.fixture
async def ward() -> AsyncIterator[Ward]:
    """The agent, served."""
    built = Ward()
    async with web_server([built.register], port=built.port):
        yield built


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    """A database with our tables."""
    made = create_engine(f"sqlite:///{tmp_path / 'signoff.db'}")
    await migrate(made)
    yield made
    await made.dispose()


@pytest.fixture
async def check() -> AsyncIterator[HealthCheck]:
    """A check with little patience."""
    client = A2AClient()
    yield HealthCheck(client, 0.5)
    await client.aclose()


class Asked(FleetStore):
    """Counts how often it is read."""

    asked = 0

    async def latest(self) -> FleetHealth | None:
        self.asked += 1
        return await super().latest()


def fleet(*agents: AgentHealth, at: datetime = NOW) -> FleetHealth:
    return FleetHealth(overall=overall(agents), at=at, agents=agents)


def ill(name: str = "ward", reason: str = "ward answers 503.") -> AgentHealth:
    return AgentHealth(name=name, health=Health.UNHEALTHY, reason=reason)


async def test_an_illness_keeps_its_beginning(engine: AsyncEngine) -> None:
    """As long as the agent stays as it is; who is no longer configured is forgotten."""
    store, later = FleetStore(engine), NOW + timedelta(minutes=1)
    assert await store.latest() is None
    await store.keep(fleet(ill(), ill("other")))
    kept = await store.keep(fleet(ill(reason="ward answers 500."), at=later))
    assert await store.latest() == kept
    (agent,) = kept.agents
    assert (agent.since, agent.reason, kept.at) == (NOW, "ward answers 500.", later)
    well = AgentHealth(name="ward", health=Health.HEALTHY)
    (again,) = (await store.keep(fleet(well, at=later))).agents
    assert again.since == later


async def test_what_was_before_a_gap_is_not_the_beginning(engine: AsyncEngine) -> None:
    """Ill when everything was stopped, and once more while it starts: that is a restart."""
    store, now = FleetStore(engine), datetime.now(UTC)
    await store.keep(fleet(ill(), at=now - GOOD_FOR - EVERY))
    (agent,) = (await store.keep(fleet(ill(), at=now))).agents
    assert agent.since == now
    assert await Unwell(store).unwell({"ward"}) == ()


async def test_agents_that_start_beside_us_alarm_nobody(
    engine: AsyncEngine, check: HealthCheck, ward: Ward
) -> None:
    """They are looked at again within seconds, and meanwhile no card names them."""
    store = FleetStore(engine)
    ward.status = 503
    started = datetime.now(UTC)
    watching = asyncio.create_task(FleetWatch(check, [ward.endpoint], store).keep_looking())
    await until(lambda: ward.visits >= 2)
    assert await Unwell(store).unwell({"ward"}) == ()
    ward.status = 200
    for _ in range(100):
        kept = await store.latest()
        if kept and kept.overall is Health.HEALTHY:
            break
        await asyncio.sleep(0.1)
    assert datetime.now(UTC) - started < EVERY
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)


async def test_who_is_well_again_is_not_called_unwell(
    engine: AsyncEngine, check: HealthCheck, ward: Ward
) -> None:
    """Whoever asks is not told what was true before the restart."""
    store = FleetStore(engine)
    reports = FleetReports(check, [ward.endpoint], store)
    ward.status = 503
    await FleetWatch(check, [ward.endpoint], store).look()
    ward.status = 200
    found = await reports.latest()
    assert (found.overall, found.agents[0].reason) == (Health.HEALTHY, "")


async def test_only_what_lasts_is_told(
    engine: AsyncEngine, check: HealthCheck, ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bad look may be a restart; when it lasts, cards tell, and at the first good one not."""
    monkeypatch.setattr("bot.monitoring.agent_health.EVERY", timedelta(milliseconds=1))
    store = FleetStore(engine)
    watch, unwell = FleetWatch(check, [ward.endpoint], store), Unwell(store)
    ward.status = 503
    await watch.look()
    assert await unwell.unwell({"ward"}) == ()
    await watch.look()
    (told,) = await unwell.unwell({"ward", "nobody"})
    assert (told.health, told.reason) == (Health.UNHEALTHY, "ward answers 503.")
    assert await unwell.unwell({"other"}) == ()
    ward.status = 200
    await watch.look()
    assert await unwell.unwell({"ward"}) == ()


async def test_old_news_are_no_news(engine: AsyncEngine) -> None:
    """Without a scheduler nobody is warned by what was true an hour ago."""
    store, past = FleetStore(engine), datetime.now(UTC) - GOOD_FOR
    await store.keep(fleet(ill(), at=past - EVERY))
    await store.keep(fleet(ill(), at=past))
    assert await Unwell(store).unwell({"ward"}) == ()


async def test_a_database_that_is_gone_warns_of_nothing() -> None:
    """And holds up no card."""
    gone = create_engine("postgresql://signoff@127.0.0.1:1/signoff")
    assert await Unwell(FleetStore(gone)).unwell({"ward"}) == ()
    await gone.dispose()


async def test_who_asks_gets_what_was_kept_or_a_quick_look(
    engine: AsyncEngine, check: HealthCheck, ward: Ward
) -> None:
    """A look of one's own is shared by everybody who asks meanwhile."""
    store = FleetStore(engine)
    reports = FleetReports(check, [ward.endpoint], store)
    ward.card = False
    found = await asyncio.gather(*(reports.latest() for _ in range(5)))
    assert {one.overall for one in found} == {Health.DEGRADED}
    assert ward.visits == 1
    ward.card = True
    await FleetWatch(check, [ward.endpoint], store).look()
    assert (await reports.latest()).agents[0].since is not None
    assert ward.visits == 2


async def test_the_watch_goes_on_when_nothing_can_be_kept(
    tmp_path: Path, check: HealthCheck, ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The scheduler's reminders do not end because a database is away."""
    monkeypatch.setattr("bot.monitoring.agent_health.EVERY", timedelta(milliseconds=20))
    engine = create_engine(f"sqlite:///{tmp_path / 'later' / 'a.db'}")
    store = Asked(engine)
    watching = asyncio.create_task(FleetWatch(check, [ward.endpoint], store).keep_looking())
    await until(lambda: store.asked >= 3)
    assert not ward.visits
    await migrate(engine)
    await until(lambda: ward.visits >= 2)
    assert await store.latest() is not None
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    await engine.dispose()


@pytest.mark.parametrize(
    ("status", "card", "answer", "health"),
    [(200, True, 200, "healthy"), (200, False, 200, "degraded"), (503, True, 503, "unhealthy")],
)
async def test_a_monitor_can_ask(
    engine: AsyncEngine,
    check: HealthCheck,
    ward: Ward,
    *,
    status: int,
    card: bool,
    answer: int,
    health: str,
) -> None:
    """`/health/agents`: 503 when work would wait for an agent."""
    ward.status, ward.card = status, card
    reports = FleetReports(check, [ward.endpoint], FleetStore(engine))
    pages = HealthPages(Metrics(), fleet=reports.latest)
    async with (
        web_server([pages.register], port=0) as url,
        aiohttp.ClientSession() as session,
        session.get(f"{url}/health/agents") as got,
    ):
        told = await got.json()
    assert (got.status, told["overall"], told["agents"][0]["health"]) == (answer, health, health)


async def test_the_doctor_tells_why(ward: Ward) -> None:
    """A configured agent that hangs is a finding, with its reason."""
    ward.status = 500
    settings = load(ROOT / "signoff.toml").model_copy(
        update={"agents": {"ward": AgentSettings(url=ward.endpoint.url)}}
    )
    found = [finding async for finding in doctor._agents(settings)]
    assert doctor.Finding(False, "Agent ward is unhealthy: ward answers 500.") in found


HOSTILE = "<!channel> *bold* https://evil.example " + "x" * 5_000


@pytest.mark.parametrize("count", [0, 1, 12, ROWS, ROWS + 5])
def test_any_fleet_is_a_valid_card(count: int) -> None:
    """Whatever an agent's server says about itself; what does not fit is counted."""
    shown = fleet(*(ill(f"agent{number}", HOSTILE) for number in range(count)))
    blocks = fleet_blocks(shown)
    assert problems(blocks, "message") == []
    said = str(blocks) + fleet_text(shown)
    assert "<!channel>" not in said
    assert "https://" not in said
    assert ("5 more are not shown" in said) is (count == ROWS + 5)


async def test_who_gets_well_is_no_warning(
    engine: AsyncEngine, check: HealthCheck, ward: Ward
) -> None:
    """Only who falls ill is one."""
    watch = FleetWatch(check, [ward.endpoint], FleetStore(engine))
    with structlog.testing.capture_logs() as logged:
        for ward.status in (503, 200):
            await watch.look()
    changes = [
        (one["health"], one["log_level"]) for one in logged if one["event"] == "agent_health"
    ]
    assert changes == [("unhealthy", "warning"), ("healthy", "info")]
