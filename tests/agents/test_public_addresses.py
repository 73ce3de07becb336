"""What is out on the internet, and a way there that reaches nothing else."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from agents.http.loopback import is_loopback
from agents.http.public_addresses import PublicTransport, is_public
from agents.programs.push import UrlCheck
from tests.agents.certificates import Authority


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "::1",
        "::",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "2002:808:808::",
        "192.0.0.192",
        "192.88.99.1",
        "fec0::1",
        "64:ff9b:1::808:808",
        "::8.8.8.8",
        "2001:0:808:808::1",
        "2001:db8::1",
        "3fff::1",
        "100::1",
        "::ffff:0:8.8.8.8",
    ],
)
def test_private_addresses_are_not_public(address: str) -> None:
    """Nor is what the standard library of 3.11 lets through, nor IPv6 that carries private IPv4."""
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "2001:4860:4860::8888", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_public_addresses_are(address: str) -> None:
    """The rule is not simply no."""
    assert is_public(address)


@pytest.fixture
async def listening() -> AsyncIterator[tuple[TestServer, list[str]]]:
    """A server on loopback, and the `Host` of each request that reached it."""
    seen: list[str] = []

    async def hear(request: web.Request) -> web.Response:
        seen.append(request.headers["Host"])
        return web.Response(text="heard")

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", hear)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    yield server, seen
    await server.close()


def resolving(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Let every name resolve to these, one after the other; gives the names asked for."""
    asked: list[str] = []

    async def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
        found = answers[min(len(asked), len(answers) - 1)]
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in found]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
    return asked


async def test_a_name_is_resolved_once_and_that_is_connected_to(
    listening: tuple[TestServer, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second answer, had anybody asked again, leads elsewhere."""
    server, seen = listening
    asked = resolving(monkeypatch, ["127.0.0.1"], ["127.0.0.2"])
    async with httpx.AsyncClient(transport=PublicTransport(is_loopback)) as client:
        answer = await client.post(f"http://hook.example:{server.port}/", content=b"{}")
    assert answer.text == "heard"
    assert seen == [f"hook.example:{server.port}"]
    assert [host for host in asked if host == "hook.example"] == ["hook.example"]


async def test_a_name_that_moved_here_after_it_was_checked_is_not_called(
    listening: tuple[TestServer, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding against push: public when looked at, loopback when called."""
    server, seen = listening
    resolving(monkeypatch, ["8.8.8.8"], ["127.0.0.1"])
    check = UrlCheck()
    assert await check(f"https://hook.example:{server.port}/")
    async with httpx.AsyncClient(transport=PublicTransport(check.allows)) as client:
        with pytest.raises(httpx.ConnectError, match=r"127.0.0.1 is not a public address"):
            await client.post(f"https://hook.example:{server.port}/", content=b"{}")
    assert seen == []


@pytest.mark.parametrize("name", ["hook.example", "other.example"])
async def test_the_certificate_has_to_be_the_names(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Although an IP address is what is connected to."""
    authority = Authority(tmp_path)
    app = web.Application()

    async def heard(_: web.Request) -> web.Response:
        return web.Response(text="heard")

    app.router.add_get("/", heard)
    trust = ssl.create_default_context(cafile=authority.ca)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server(ssl=authority.server("hook.example"))
    async with server:
        resolving(monkeypatch, ["127.0.0.1"])
        transport = PublicTransport(is_loopback, verify=trust)
        async with httpx.AsyncClient(transport=transport) as client:
            url = f"https://{name}:{server.port}/"
            if name == "hook.example":
                assert (await client.get(url)).text == "heard"
            else:
                with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
                    await client.get(url)


async def test_one_private_address_among_public_ones_is_enough(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whichever of them would have been connected to."""
    resolving(monkeypatch, ["8.8.8.8", "10.0.0.1"])
    assert not await UrlCheck()("https://hook.example/")
