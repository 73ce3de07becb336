"""How the agents were when somebody last looked: one row each, the newest look only."""

from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from storage.database import whole, writing
from workflows.messages.health import AgentHealth, FleetHealth, Health, overall
from workflows.messages.results import AgentVersion

_TABLE = sa.table(
    "agent_health",
    *(sa.column(name, sa.Text) for name in ("name", "health", "reason", "version")),
    *(sa.column(name, sa.BigInteger) for name in ("milliseconds", "since", "at")),
)
REMEMBERED = timedelta(seconds=90)
_EPOCH = datetime.fromtimestamp(0, UTC)


class FleetStore:
    """Kept in the database, because the scheduler looks, and bot and workers tell."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @whole
    async def keep(self, fleet: FleetHealth) -> FleetHealth:
        """Replace what was kept; gives it back with `since`, where an agent stayed as it was.

        What was seen before a gap of `REMEMBERED` is no reason to say that it stayed so meanwhile.
        """
        async with writing(self._engine) as connection:
            rows = (await connection.execute(sa.select(_TABLE))).mappings().all()
            before = {
                row["name"]: _agent(dict(row))
                for row in rows
                if fleet.at - _moment(row["at"]) < REMEMBERED
            }
            agents = tuple(_going_on(agent, before, fleet.at) for agent in fleet.agents)
            await connection.execute(sa.delete(_TABLE))
            if agents:
                await connection.execute(sa.insert(_TABLE), [_row(a, fleet.at) for a in agents])
        return fleet.model_copy(update={"agents": agents})

    async def latest(self) -> FleetHealth | None:
        """What was kept last, in the order of names; None before anybody looked."""
        async with self._engine.connect() as connection:
            found = await connection.execute(sa.select(_TABLE).order_by(_TABLE.c.name))
            rows = found.mappings().all()
        if not rows:
            return None
        agents = tuple(_agent(dict(row)) for row in rows)
        at = min(_moment(row["at"]) for row in rows)
        return FleetHealth(overall=overall(agents), at=at, agents=agents)


def _going_on(agent: AgentHealth, before: dict[str, AgentHealth], at: datetime) -> AgentHealth:
    known = before.get(agent.name)
    same = known is not None and known.health is agent.health
    return agent.model_copy(update={"since": known.since if known and same else at})


def _row(agent: AgentHealth, at: datetime) -> dict[str, Any]:
    return {
        "name": agent.name,
        "health": agent.health.value,
        "reason": agent.reason,
        "version": agent.version.model_dump_json() if agent.version else "",
        "milliseconds": agent.milliseconds,
        "since": _milliseconds(agent.since or at),
        "at": _milliseconds(at),
    }


def _agent(row: dict[str, Any]) -> AgentHealth:
    version = AgentVersion.model_validate_json(row["version"]) if row["version"] else None
    return AgentHealth(
        name=row["name"],
        health=Health(row["health"]),
        reason=row["reason"],
        version=version,
        milliseconds=row["milliseconds"],
        since=_moment(row["since"]),
    )


def _milliseconds(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(milliseconds=1)


def _moment(milliseconds: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=milliseconds)
