"""Fetching web addresses."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from agents.errors import AgentUnreachable, UnusableInput
from agents.http.public_addresses import is_public
from agents.inputs.public_web import PublicWeb


async def _big(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    for _ in range(40):
        await response.write(b"x" * 100_000)
    return response


async def _hello(request: web.Request) -> web.Response:
    return web.Response(text="hello", content_type="text/markdown")


async def _slow(request: web.Request) -> web.StreamResponse:
    await asyncio.sleep(5)
    return web.Response()


def _to(target: str) -> web.Response:
    return web.Response(status=302, headers={"Location": target})


@pytest.fixture
async def site() -> AsyncIterator[str]:
    async def go(request: web.Request) -> web.Response:
        return _to(request.query["to"])

    async def loop(request: web.Request) -> web.Response:
        return _to("/loop")

    app = web.Application()
    app.router.add_get("/hello", _hello)
    app.router.add_get("/big", _big)
    app.router.add_get("/slow", _slow)
    app.router.add_get("/go", go)
    app.router.add_get("/loop", loop)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    yield f"http://127.0.0.1:{server.port}"
    await server.close()


def only_first(address: str) -> bool:
    """127.0.0.1 plays the public internet; every other address is what it is."""
    return address == "127.0.0.1" or is_public(address)


async def test_a_page_is_fetched(site: str) -> None:
    """Content, media type, and the address after redirects."""
    page = await PublicWeb(only_first).fetch(f"{site}/go?to=/hello")
    assert (page.url, page.media_type, page.content) == (f"{site}/hello", "text/markdown", b"hello")


async def test_loopback_is_refused(site: str) -> None:
    """By the address the socket would connect to."""
    with pytest.raises(UnusableInput, match="private address"):
        await PublicWeb().fetch(f"{site}/hello")


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.2:9/",
        "http://localhost.localdomain:9/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]:9/",
        "http://2130706434:9/",
    ],
)
async def test_a_redirect_to_a_private_address_is_refused(site: str, target: str) -> None:
    """Each hop is checked, however the address is written."""
    with pytest.raises((UnusableInput, AgentUnreachable)) as caught:
        await PublicWeb(only_first).fetch(f"{site}/go?to={target}")
    assert (
        "private address" in caught.value.sentence or "cannot be reached" in caught.value.sentence
    )


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://example.com/", "gopher://x/"])
async def test_other_schemes_are_refused(site: str, target: str) -> None:
    """Also when a redirect names them."""
    with pytest.raises(UnusableInput, match="no http or https"):
        await PublicWeb(only_first).fetch(f"{site}/go?to={target}")


async def test_endless_redirects_end(site: str) -> None:
    """After five hops."""
    with pytest.raises(UnusableInput, match="redirects more than 5 times"):
        await PublicWeb(only_first).fetch(f"{site}/loop")


async def test_a_large_page_is_cut_off(site: str) -> None:
    """While it is read, not after."""
    with pytest.raises(UnusableInput, match="larger than 1 MB"):
        await PublicWeb(only_first, most_bytes=1_000_000).fetch(f"{site}/big")


async def test_a_slow_page_is_given_up(site: str) -> None:
    """With the time in the sentence."""
    with pytest.raises(AgentUnreachable, match="did not answer within 0 s"):
        await PublicWeb(only_first, seconds=0.2).fetch(f"{site}/slow")
