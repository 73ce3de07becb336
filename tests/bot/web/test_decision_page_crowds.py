"""The decision page in a crowd: floods and guesses of strangers cost nobody else anything."""

import asyncio
from ipaddress import ip_network
from pathlib import Path

import aiohttp
import pytest
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from bot.web.client_address import client_address
from bot.web.crowd import IN_LINE, INSIDE, OF_ONE_KIND, Crowd, Crowded
from storage.mail_tokens import MOST_TRIES, TicketState, could_be_token
from tests.bot.web.decision_desk import Site, site
from tests.notifications.approval_views import LINUS, approval_view

PROXY = ip_network("127.0.0.0/8")
UNKNOWN = "x" * 43


async def junk(here: Site, token: str, **headers: str) -> int:
    """One post of somebody who has no link, from a browser of their own."""
    async with (
        aiohttp.ClientSession() as stranger,
        stranger.post(
            f"{here.url}/decide/{token}", data={"code": "AAAA-BBBB"}, headers=headers
        ) as answer,
    ):
        return answer.status


def wrong(code: str) -> str:
    """Another code of the same make."""
    return ("2" if code[0] != "2" else "3") + code[1:]


@pytest.mark.parametrize("token", ["nothing", UNKNOWN, "../../etc", "%00" * 50])
async def test_junk_locks_nobody_out(tmp_path: Path, token: str) -> None:
    """Twenty posts without a link of ours, more than enough; then the rightful person decides."""
    async with site(tmp_path) as here:
        issued = await here.invite()
        assert {await junk(here, token) for _ in range(25)} <= {404, 405}
        assert (await here.send(issued)).status == 200
    assert here.desk.counted == 1


async def test_guesses_count_against_their_link_only(tmp_path: Path) -> None:
    """Two people behind one proxy, who are one address to us: what one types costs one link."""
    view = approval_view()
    async with site(tmp_path, view) as here:
        guessed, other = await here.invite(), await here.invite(user=LINUS, email="l@example.com")
        for _ in range(MOST_TRIES + 20):
            page = await here.open(guessed)
            await here.send(guessed, page, code=wrong(guessed.code))
        assert (await here.open(guessed)).status == 410
        assert (await here.send(other)).status == 200
    assert [decision.by for decision in here.desk.decisions] == [LINUS]


async def test_guesses_are_remembered_by_every_bot_and_over_restarts(tmp_path: Path) -> None:
    """Two bots on one database, one of them started anew: five wrong codes in all."""
    async with site(tmp_path) as first:
        issued = await first.invite()
        await first.send(issued, code=wrong(issued.code))
        async with site(tmp_path) as second:
            for _ in range(2):
                await second.send(issued, code=wrong(issued.code))
    async with site(tmp_path) as again:
        page = await again.send(issued, code=wrong(issued.code))
        assert "(1 try left)" in page.text
        await again.send(issued, code=wrong(issued.code))
        ticket = await again.tokens.look(issued.token)
        assert ticket is not None
        assert ticket.state is TicketState.LOCKED
        assert (await again.send(issued)).status in (403, 410)


async def test_a_flood_from_one_address_does_not_hold_up_another(tmp_path: Path) -> None:
    """Behind a proxy we trust: the flood waits in a line of its own, and is turned away there."""
    async with site(tmp_path, trusted_proxies=(PROXY,)) as here:
        issued = await here.invite()
        here.browser.headers["X-Forwarded-For"] = "192.0.2.77"
        before = here.tokens.look
        looked, full = 0, asyncio.Event()

        async def slow(token: str) -> object:
            nonlocal looked
            looked += token == UNKNOWN
            if looked == OF_ONE_KIND:
                full.set()
            if token == UNKNOWN:
                await asyncio.sleep(0.5)
            return await before(token)

        here.tokens.look = slow  # type: ignore[method-assign, assignment]
        flood = [
            asyncio.create_task(junk(here, UNKNOWN, **{"X-Forwarded-For": "198.51.100.66"}))
            for _ in range(OF_ONE_KIND + IN_LINE + 30)
        ]
        await full.wait()
        async with asyncio.timeout(5):
            assert (await here.send(issued)).status == 200
        assert looked <= 60, "the flood is still in its line"
        done, waiting = await asyncio.wait(flood, timeout=0.1)
        assert waiting
        assert {task.result() for task in done} <= {404, 429}
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


async def test_a_line_that_is_full_turns_away_at_once() -> None:
    """One kind fills only its own line, nobody is remembered, and who gives up leaves it."""
    crowd, gate = Crowd(), asyncio.Event()

    async def visit(kind: str) -> None:
        async with crowd.entered(kind):
            await gate.wait()

    many = [asyncio.create_task(visit("flood")) for _ in range(OF_ONE_KIND + IN_LINE)]
    await asyncio.sleep(0)
    with pytest.raises(Crowded):
        await visit("flood")
    async with asyncio.timeout(1), crowd.entered("somebody else"):
        pass
    many[-1].cancel()
    await asyncio.gather(many.pop(), return_exceptions=True)
    many.append(asyncio.create_task(visit("flood")))
    gate.set()
    await asyncio.gather(*many)
    assert len(crowd) == 0


async def test_so_many_are_inside_at_once() -> None:
    """However many kinds come."""
    crowd, inside, most = Crowd(), 0, 0

    async def visit(kind: int) -> None:
        nonlocal inside, most
        async with crowd.entered(f"{kind}"):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.001)
            inside -= 1

    await asyncio.gather(*(visit(number % 40) for number in range(400)))
    assert most == INSIDE
    assert len(crowd) == 0


TRUSTED = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


@pytest.mark.parametrize(
    ("peer", "headers", "client"),
    [
        ("192.0.2.1", {}, "192.0.2.1"),
        ("192.0.2.1", {"X-Forwarded-For": "198.51.100.9"}, "192.0.2.1"),  # no proxy of ours
        ("192.0.2.1", {"Forwarded": "for=198.51.100.9"}, "192.0.2.1"),
        ("10.0.0.1", {"X-Forwarded-For": "198.51.100.9"}, "198.51.100.9"),
        ("10.0.0.1", {"X-Forwarded-For": "203.0.113.5, 198.51.100.9"}, "198.51.100.9"),  # forged
        ("10.0.0.1", {"X-Forwarded-For": "10.1.1.1, 198.51.100.9, 10.2.2.2"}, "198.51.100.9"),
        ("10.0.0.1", {"X-Forwarded-For": "10.3.3.3, 10.2.2.2"}, "10.3.3.3"),
        ("10.0.0.1", {"X-Forwarded-For": "198.51.100.9, junk, 10.2.2.2"}, "10.2.2.2"),
        ("10.0.0.1", {"X-Forwarded-For": ""}, "10.0.0.1"),
        ("10.0.0.1", {"X-Forwarded-For": "198.51.100.9:5050"}, "198.51.100.9"),
        (
            "10.0.0.1",
            {"Forwarded": 'for=1.2.3.4, For="198.51.100.9:80";proto=https'},
            "198.51.100.9",
        ),
        ("10.0.0.1", {"Forwarded": 'by=x;for="[2001:db8::7]:80"'}, "2001:db8::/64"),
        ("10.0.0.1", {"Forwarded": "for=unknown"}, "10.0.0.1"),
        # one of the two was written by the client, so neither is believed
        ("10.0.0.1", {"Forwarded": "for=1.2.3.4", "X-Forwarded-For": "198.51.100.9"}, "10.0.0.1"),
        ("10.0.0.1", {"Forwarded": "for=1.2.3.4", "X-Forwarded-For": "1.2.3.4"}, "1.2.3.4"),
        ("::ffff:10.0.0.1", {"X-Forwarded-For": "198.51.100.9"}, "198.51.100.9"),
        ("fd00::1", {"X-Forwarded-For": "2001:db8:0:1:2:3:4:5"}, "2001:db8:0:1::/64"),
        ("2001:db8::1", {}, "2001:db8::/64"),
    ],
)
def test_a_proxy_is_believed_only_by_setting(
    peer: str, headers: dict[str, str], client: str
) -> None:
    """The right-most address that is none of our proxies."""
    request = make_mocked_request("POST", "/", headers=headers).clone(remote=peer)
    assert client_address(TRUSTED)(request) == client


def test_two_headers_of_a_kind_are_one_list() -> None:
    """The later one stands to the right."""
    headers = CIMultiDict([("X-Forwarded-For", "198.51.100.9"), ("X-Forwarded-For", "10.2.2.2")])
    request = make_mocked_request("POST", "/", headers=headers).clone(remote="10.0.0.1")
    assert client_address(TRUSTED)(request) == "198.51.100.9"


def test_what_could_be_a_token() -> None:
    """Only what is as long as ours goes to the database."""
    assert could_be_token(UNKNOWN)
    for text in ("", "x" * 42, "x" * 44, "x" * 42 + "é", "x" * 42 + "\n"):
        assert not could_be_token(text)
