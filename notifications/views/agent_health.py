"""How the agents are, for people: the answer to `/task health`, and the line on a card."""

from collections.abc import Iterable

from notifications.text.sanitize import clip, mrkdwn
from notifications.views.blocks import Block, context, section
from notifications.views.format import code, moment, plain_moment
from workflows.messages.health import AgentHealth, FleetHealth, Health

REASON_SHOWN = 300
ROWS = 40
_SIGN = {Health.HEALTHY: "✅", Health.DEGRADED: "⚠️", Health.UNHEALTHY: "❌"}
_OVERALL = {
    Health.HEALTHY: "All agents are healthy",
    Health.DEGRADED: "Some agents answer, but do not say who they are",
    Health.UNHEALTHY: "Some agents do not answer",
}


def fleet_blocks(fleet: FleetHealth) -> list[Block]:
    """The blocks of the answer: the whole first, then an agent a line, the ill ones before."""
    if not fleet.agents:
        return [section(fleet_text(fleet))]
    blocks: list[Block] = [section(f"{_SIGN[fleet.overall]} *{_OVERALL[fleet.overall]}*")]
    lines = [_line(agent) for agent in _sorted(fleet.agents)]
    blocks += [
        section(clip("\n".join(lines[at : at + 8]), 3_000).shown)
        for at in range(0, ROWS, 8)
        if lines[at:]
    ]
    more = f" · {len(lines) - ROWS} more are not shown" if len(lines) > ROWS else ""
    return [*blocks, context(f"Looked at {moment(fleet.at)}{more}")]


def fleet_text(fleet: FleetHealth) -> str:
    """The same in plain text."""
    if not fleet.agents:
        return "No agent is reached over A2A: there is nothing to look at."
    ill = "; ".join(unwell_text(a) for a in fleet.agents if a.health is not Health.HEALTHY)
    said = f"{_OVERALL[fleet.overall]} ({plain_moment(fleet.at)}). {ill}".strip()
    return clip(said, 3_000).shown


def unwell_text(agent: AgentHealth) -> str:
    """One agent that is not healthy, in a sentence; ready mrkdwn."""
    since = f" since {plain_moment(agent.since)}" if agent.since else ""
    return f"Agent {code(agent.name)} is {agent.health}{since}: {_reason(agent)}"


def ahead(agents: Iterable[AgentHealth]) -> list[str]:
    """The lines of a card for agents that will be needed; ready mrkdwn."""
    return [f"🩺 {unwell_text(agent)}" for agent in agents]


def _sorted(agents: Iterable[AgentHealth]) -> list[AgentHealth]:
    order = (Health.UNHEALTHY, Health.DEGRADED, Health.HEALTHY)
    return sorted(agents, key=lambda agent: (order.index(agent.health), agent.name))


def _line(agent: AgentHealth) -> str:
    line = f"{_SIGN[agent.health]} {code(agent.name)} {agent.health}"
    if agent.version is not None and agent.version.version:
        line += f" · {clip(agent.version.version, 40, mrkdwn).shown}"
    if agent.health is Health.HEALTHY:
        return f"{line} · {agent.milliseconds} ms"
    since = f" since {moment(agent.since)}" if agent.since else ""
    return f"{line}{since} · {_reason(agent)}"


def _reason(agent: AgentHealth) -> str:
    return clip(agent.reason, REASON_SHOWN, mrkdwn).shown or "no reason is known."
