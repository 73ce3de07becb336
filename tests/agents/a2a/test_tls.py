"""TLS: whom a caller trusts, and whom a server lets in."""

import asyncio
import contextlib
import socket
import ssl
from pathlib import Path

import pytest

from agents.a2a.client import A2AClient
from agents.a2a.endpoints import Endpoint
from agents.errors import AgentRefused, AgentUnreachable, NotTrusted
from agents.http.tls import TlsFiles, TlsUnusable, server_context
from agents.runtime.health import HealthCheck
from agents.runtime.server import ServerParts
from tests.agents.certificates import Authority
from tests.agents.requests import SALES, request
from tests.agents.runners import CountingRunner
from tests.agents.servers import TOKEN, signoff_agents
from tests.conftest import free_port
from workflows.messages.health import Health
from workflows.messages.turns import TurnOutcome


@pytest.fixture
def ours(tmp_path: Path) -> Authority:
    """The authority both sides agree on."""
    return Authority(tmp_path / "ours")


async def call(endpoint: Endpoint, tls: TlsFiles) -> TurnOutcome:
    client = A2AClient()
    try:
        asked = endpoint.model_copy(update={"tls": tls})
        return await client.run(request(key="k"), [SALES], asked)
    finally:
        await client.aclose()


async def test_a_certificate_of_the_configured_authority_is_trusted(ours: Authority) -> None:
    """And the same certificate is not without it."""
    async with signoff_agents(CountingRunner(), free_port(), tls=ours.server()) as endpoint:
        assert (await call(endpoint, TlsFiles(ca=ours.ca))).result is not None
        with pytest.raises(NotTrusted, match="The certificate of analysis is not trusted"):
            await call(endpoint, TlsFiles())


@pytest.mark.parametrize(
    ("server", "why"),
    [
        (lambda ours, _: ours.server("agents.example"), "IP address mismatch"),
        (lambda ours, _: ours.server(days=-1), "certificate has expired"),
        (lambda _, other: other.server(), "unable to get local issuer certificate"),
    ],
    ids=["another name", "expired", "another authority"],
)
async def test_a_wrong_certificate_ends_the_call(
    ours: Authority, tmp_path: Path, server: object, why: str
) -> None:
    """Before the token or a byte of the request goes out; not tried again."""
    assert callable(server)
    runner, other = CountingRunner(), Authority(tmp_path / "other")
    async with signoff_agents(runner, free_port(), tls=server(ours, other)) as endpoint:
        with pytest.raises(NotTrusted, match=why) as caught:
            await call(endpoint, TlsFiles(ca=ours.ca))
    assert not caught.value.retryable
    assert "Check its address, and ca under its tls settings." in caught.value.sentence
    assert runner.requests == []


async def test_a_server_may_want_a_certificate(ours: Authority, tmp_path: Path) -> None:
    """Of the same authority; without one, or with another's, nobody gets in.

    The server just hangs up on such callers, which may be worth another try.
    """
    runner = CountingRunner()
    stranger = Authority(tmp_path / "other").issued("caller")
    forged = stranger.model_copy(update={"ca": ours.ca})
    async with signoff_agents(runner, free_port(), tls=ours.server(asks=True)) as endpoint:
        assert (await call(endpoint, ours.issued("caller"))).result is not None
        for tls in (TlsFiles(ca=ours.ca), forged):
            with pytest.raises(AgentUnreachable, match="whether it wants a certificate") as caught:
                await call(endpoint, tls)
            assert caught.value.retryable
    assert len(runner.requests) == 1


async def test_a_server_that_says_so_is_believed(ours: Authority) -> None:
    """An alert about our certificate: trying again is no use."""
    server = ours.server(asks=True)
    server.maximum_version = ssl.TLSVersion.TLSv1_2  # the alert comes within the handshake

    def refuse(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with contextlib.suppress(ssl.SSLError), connection:
            server.wrap_socket(connection, server_side=True)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        refusing = asyncio.create_task(asyncio.to_thread(refuse, listening))
        url = f"https://127.0.0.1:{listening.getsockname()[1]}/analysis/"
        with pytest.raises(NotTrusted, match="does not take our certificate") as caught:
            await call(Endpoint(name="analysis", url=url), TlsFiles(ca=ours.ca))
        await refusing
    assert not caught.value.retryable


async def test_a_server_without_tls_is_unreachable_over_https(ours: Authority) -> None:
    """With a word on what to look at."""
    async with signoff_agents(CountingRunner(), free_port()) as endpoint:
        secure = endpoint.model_copy(update={"url": endpoint.url.replace("http:", "https:")})
        with pytest.raises(AgentUnreachable, match="running and speaks https"):
            await call(secure, TlsFiles(ca=ours.ca))


async def test_files_that_are_no_use_are_named(tmp_path: Path, ours: Authority) -> None:
    """Missing, no PEM, or a key of another certificate."""
    junk = tmp_path / "junk.pem"
    junk.write_text("junk")
    mixed = ours.issued("one").model_copy(update={"key": ours.issued("two").key})
    endpoint = Endpoint(name="analysis", url="https://127.0.0.1:1/analysis/")
    for tls in (TlsFiles(ca=tmp_path / "none.pem"), TlsFiles(ca=junk), mixed):
        with pytest.raises(AgentRefused, match=r"The TLS files .* cannot be used"):
            await call(endpoint, tls)
    client = A2AClient()
    health = await HealthCheck(client).agent(endpoint.model_copy(update={"tls": mixed}))
    await client.aclose()
    assert health.health is Health.UNHEALTHY
    with pytest.raises(TlsUnusable, match="needs a certificate"):
        server_context(TlsFiles(ca=ours.ca))


async def test_the_card_names_https_and_health_asks_over_it(ours: Authority) -> None:
    """So a card read over TLS does not point to a door without it."""
    parts = ServerParts(token=TOKEN)
    client = A2AClient()
    async with signoff_agents(
        CountingRunner(), free_port(), parts=parts, tls=ours.server()
    ) as endpoint:
        trusting = endpoint.model_copy(update={"tls": TlsFiles(ca=ours.ca)})
        card = await client.card(trusting)
        healthy = await HealthCheck(client).agent(trusting)
        doubted = await HealthCheck(client).agent(endpoint)
    await client.aclose()
    assert card.supported_interfaces[0].url == endpoint.url
    assert endpoint.url.startswith("https://")
    assert healthy.health is Health.HEALTHY
    assert doubted.health is Health.UNHEALTHY
    assert "is not trusted" in doubted.reason
