"""How the agents are."""

import asyncio
import socket

from aiohttp import web

from agents.a2a.client import A2AClient
from agents.a2a.endpoints import Endpoint
from agents.runtime.health import HealthCheck
from tests.agents.runners import CountingRunner
from tests.agents.servers import peer, signoff_agents
from workflows.messages.health import FleetHealth, Health


async def check(*endpoints: Endpoint, seconds: float = 2) -> FleetHealth:
    client = A2AClient()
    try:
        return await HealthCheck(client, seconds).fleet(endpoints)
    finally:
        await client.aclose()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


async def nothing(request: web.Request) -> web.StreamResponse:
    return web.Response(status=404)


async def test_an_agent_that_answers_with_its_card_is_healthy() -> None:
    """With the version it declares."""
    async with signoff_agents(CountingRunner(), free_port()) as endpoint:
        fleet = await check(endpoint)
    assert fleet.overall is Health.HEALTHY
    (agent,) = fleet.agents
    assert agent.version is not None
    assert agent.version.prompt_version == "1"
    assert "analysis" in agent.version.capabilities


async def test_an_agent_without_a_card_is_degraded() -> None:
    """It answers, but does not say who it is."""
    async with peer(nothing, nothing) as endpoint:
        fleet = await check(endpoint)
    assert fleet.overall is Health.DEGRADED
    assert "Its card cannot be read" in fleet.agents[0].reason


async def test_one_sick_agent_makes_the_fleet_unhealthy() -> None:
    """Nobody there, and the others are still reported."""
    gone = Endpoint(name="gone", url=f"http://127.0.0.1:{free_port()}/")
    async with signoff_agents(CountingRunner(), free_port()) as endpoint:
        fleet = await check(gone, endpoint)
    assert fleet.overall is Health.UNHEALTHY
    assert [agent.health for agent in fleet.agents] == [Health.UNHEALTHY, Health.HEALTHY]
    assert fleet.agents[0].reason == "gone cannot be reached. Check that it is running."


async def test_a_hanging_agent_does_not_hold_up_the_check() -> None:
    """It is unhealthy after the time allowed."""

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        await writer.wait_closed()
        left.set()

    left = asyncio.Event()
    quiet = await asyncio.start_server(listen, "127.0.0.1", 0)
    port = quiet.sockets[0].getsockname()[1]
    fleet = await check(Endpoint(name="quiet", url=f"http://127.0.0.1:{port}/"), seconds=0.3)
    await left.wait()
    quiet.close()
    assert fleet.agents[0].health is Health.UNHEALTHY
    assert "did not answer in time" in fleet.agents[0].reason
    assert fleet.agents[0].milliseconds < 1_000
