"""Slack's pace: order, places in the queue, pauses, and the newest rewrite."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from notifications.people.lookup_cache import Remembered
from notifications.slack.pacing import ALL_WAITING, NEW_WAITING, Pacer, SendLater, Urgency
from playground.config import PlaygroundConfig
from playground.server import Playground
from playground.testing.faults import Fault

C, D = "C0GENERAL1", "C0FINANCE1"
QUICK = 0.02


class Slack:
    """Takes messages, answers when told, and says 429 as often as told."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.limited = 0
        self.slow = 0.0
        self.clock = 0.0
        self.calls = 0
        self.latest = ""
        self.called = asyncio.Event()
        self.open = asyncio.Event()
        self.open.set()

    def send(self, name: str) -> Callable[[], Awaitable[AsyncSlackResponse]]:
        async def send() -> AsyncSlackResponse:
            self.calls += 1
            self.latest = name
            self.called.set()
            await self.open.wait()
            if self.limited:
                self.limited -= 1
                raise SlackApiError("no", _answer(429, {"Retry-After": "1"}))
            self.taken.append(name)
            taken_at = time.time() + self.clock
            await asyncio.sleep(self.slow)
            return _answer(200, {}, f"{taken_at:.6f}")

        return send


def _answer(status: int, headers: dict[str, str], ts: str = "") -> AsyncSlackResponse:
    return AsyncSlackResponse(
        client=None,
        http_verb="POST",
        api_url="",
        req_args={},
        data={"ok": status == 200, "ts": ts},
        headers=headers,
        status_code=status,
    )


@pytest.fixture
async def pacer() -> AsyncIterator[Pacer]:
    pacer = Pacer(QUICK)
    yield pacer
    await pacer.close()


async def test_the_urgent_goes_first(pacer: Pacer) -> None:
    """Answers, then cards, then notices; among equals whoever waits longest."""
    slack = Slack()
    slack.open.clear()
    first = asyncio.create_task(pacer.post(C, slack.send("first"), Urgency.NOTICE))
    await slack.called.wait()
    wanted = [
        ("notice", Urgency.NOTICE, 1.0),
        ("new card", Urgency.CARD, 9.0),
        ("old card", Urgency.CARD, 2.0),
        ("answer", Urgency.ANSWER, 10.0),
    ]
    waiting = [
        asyncio.create_task(pacer.post(C, slack.send(name), urgency, since=since, patient=True))
        for name, urgency, since in wanted
    ]
    await asyncio.sleep(0)  # each has taken its place
    slack.open.set()
    await asyncio.gather(first, *waiting)
    assert slack.taken == ["first", "answer", "old card", "new card", "notice"]


async def test_channels_do_not_wait_for_each_other(pacer: Pacer) -> None:
    """A call that hangs holds up its own channel only."""
    slow, quick = Slack(), Slack()
    slow.open.clear()
    hanging = asyncio.create_task(pacer.post(C, slow.send("slow"), Urgency.CARD))
    await pacer.post(D, quick.send("quick"), Urgency.CARD)
    assert (slow.taken, quick.taken) == ([], ["quick"])
    slow.open.set()
    await hanging


async def test_who_has_to_wait_long_is_sent_away(pacer: Pacer) -> None:
    """Each to a moment of its own; whoever comes back finds a place, and an answer of ours, too."""
    slack = Slack()
    slack.open.clear()
    inside = [asyncio.create_task(pacer.post(C, slack.send("first"), Urgency.CARD))]
    await slack.called.wait()
    inside += [
        asyncio.create_task(pacer.post(C, slack.send(str(number)), Urgency.CARD))
        for number in range(NEW_WAITING)
    ]
    await asyncio.sleep(0)  # each has taken its place
    delays = []
    for _ in range(5):
        with pytest.raises(SendLater) as sent_away:
            await pacer.post(C, slack.send("away"), Urgency.CARD)
        assert sent_away.value.next_retry_delay is not None
        delays.append(sent_away.value.seconds)
    assert delays == sorted(delays)
    back = [
        asyncio.create_task(pacer.post(C, slack.send("back"), Urgency.CARD, returning=True))
        for _ in range(ALL_WAITING - NEW_WAITING)
    ]
    await asyncio.sleep(0)
    slack.open.set()
    await asyncio.gather(*inside, *back)
    assert slack.taken.count("back") == ALL_WAITING - NEW_WAITING
    assert "away" not in slack.taken


async def test_a_message_given_up_leaves_its_place(pacer: Pacer) -> None:
    """Whoever is cancelled while waiting does not stop the queue."""
    slack = Slack()
    slack.open.clear()
    one, two, three = (
        asyncio.create_task(pacer.post(C, slack.send(name), Urgency.CARD, patient=True))
        for name in ("one", "two", "three")
    )
    await slack.called.wait()
    two.cancel()
    slack.open.set()
    await asyncio.gather(one, three)
    assert slack.taken == ["one", "three"]


async def test_retry_after_is_obeyed_by_every_channel() -> None:
    """No call before the moment Slack named; then one tries, and the others follow it."""
    pacer, slack = Pacer(QUICK), Slack()
    slack.limited = 2
    with pytest.raises(SlackApiError):
        await pacer.post(C, slack.send("limited"), Urgency.CARD)
    begun = time.monotonic()
    waiting = [
        asyncio.create_task(pacer.post(channel, slack.send(channel), Urgency.CARD, patient=True))
        for channel in (C, D, "C0APPROVE1")
    ]
    done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    assert time.monotonic() - begun >= 0.95
    assert slack.calls == 2, "one call tries, the others wait for it"
    assert isinstance(next(iter(done)).exception(), SlackApiError)
    await asyncio.wait(waiting)
    assert time.monotonic() - begun >= 1.9
    assert len(slack.taken) == 2
    await pacer.close()


async def test_after_a_pause_whoever_waits_longest_goes_first() -> None:
    """Urgent ones before all, in whatever channel; so none falls behind. One has tried before."""
    pacer, slack = Pacer(QUICK), Slack()
    slack.limited, slack.slow = 1, 0.1
    with pytest.raises(SlackApiError):
        await pacer.post(C, slack.send("limited"), Urgency.CARD)
    order = {f"{u:d} {since}": (u, since) for u in Urgency for since in (9.0, 5.0, 7.0)}
    waiting = [
        pacer.post(f"C0ROW {name}", slack.send(name), urgency, since=since, patient=True)
        for name, (urgency, since) in order.items()
    ]
    await asyncio.gather(*waiting)
    await pacer.close()
    followed = slack.taken[1:]
    assert len(followed) == 8
    assert followed == sorted(followed, key=lambda name: order[name])


async def test_who_leaves_while_another_tries_lets_nobody_in() -> None:
    """One call tries; that somebody else is cancelled meanwhile does not end its trial."""
    pacer, slack = Pacer(QUICK), Slack()
    slack.limited = 1
    with pytest.raises(SlackApiError):
        await pacer.post(C, slack.send("limited"), Urgency.CARD)
    slack.called.clear()
    slack.open.clear()
    waiting = {
        channel: asyncio.create_task(
            pacer.post(channel, slack.send(channel), Urgency.CARD, patient=True)
        )
        for channel in (C, D, "C0APPROVE1")
    }
    await slack.called.wait()
    await asyncio.sleep(0.1)  # the others have come to the gate
    leaving = next(channel for channel in waiting if channel != slack.latest)
    waiting[leaving].cancel()
    await asyncio.sleep(0.1)
    assert slack.calls == 2, "the one that was limited, and the one that tries"
    slack.open.set()
    await asyncio.wait(waiting.values())
    await pacer.close()
    assert sorted(slack.taken) == sorted(waiting.keys() - {leaving})


@pytest.mark.parametrize(("clock", "least"), [(0.0, 1.4), (-3_600.0, 2.2), (3_600.0, 2.2)])
async def test_the_pace_is_that_of_slack(clock: float, least: float) -> None:
    """Counted from when Slack took a message, not from when it said so; unless its clock is off."""
    pacer, slack = Pacer(0.5), Slack()
    slack.slow, slack.clock = 0.4, clock
    begun = time.monotonic()
    await asyncio.gather(
        *(pacer.post(C, slack.send(str(n)), Urgency.CARD, patient=True) for n in range(3))
    )
    took = time.monotonic() - begun
    await pacer.close()
    assert least <= took < least + 0.7


async def test_of_several_rewrites_the_newest_goes_out(pacer: Pacer) -> None:
    """Those that waited with it send nothing, and are content."""
    slack = Slack()
    slack.limited = 1
    with pytest.raises(SlackApiError):
        await pacer.rewrite(C, "1.0", slack.send("limited"))
    wanted = [pacer.rewrite(C, "1.0", slack.send(f"v{n}")) for n in range(5)]
    other = pacer.rewrite(C, "2.0", slack.send("other"))
    answers = await asyncio.gather(*wanted, other)
    assert sorted(slack.taken) == ["other", "v4"]
    assert [answer is not None for answer in answers] == [False] * 4 + [True] * 2


async def test_slack_never_has_to_refuse(tmp_path: Path) -> None:
    """Five cards into two channels each, under the limits a workspace enforces: no 429."""
    config = PlaygroundConfig(rate_limits=True)
    async with Playground(config, tmp_path / "p.db") as workspace:
        client = AsyncWebClient(workspace.bot_token, base_url=workspace.api_url)
        pacer = Pacer()

        async def post(channel: str, number: int) -> None:
            await pacer.post(
                channel,
                lambda: client.chat_postMessage(channel=channel, text=str(number)),
                Urgency.CARD,
                patient=True,
            )

        begun = time.monotonic()
        await asyncio.gather(*(post(channel, n) for n in range(4) for channel in (C, D)))
        took = time.monotonic() - begun
        calls = workspace.journal.calls(method="chat.postMessage")
        await pacer.close()
    assert [call["status"] for call in calls] == [200] * 8
    assert took >= 3


async def test_people_are_asked_for_once_in_a_burst(tmp_path: Path) -> None:
    """A hundred approvals that name the same person are one call; a refusal is asked again."""
    async with Playground(PlaygroundConfig(), tmp_path / "p.db") as workspace:
        client = AsyncWebClient(workspace.bot_token, base_url=workspace.api_url)
        clock = [0.0]
        people = Remembered(client, clock=lambda: clock[0])
        asking = (people.users_lookupByEmail(email="grace@acme.example") for _ in range(100))
        answers = await asyncio.gather(*asking)
        assert {answer["user"]["id"] for answer in answers} == {"U0GRACE001"}
        method = "users.lookupByEmail"
        assert len(workspace.journal.calls(method=method)) == 1
        clock[0] = 31.0
        await people.users_lookupByEmail(email="grace@acme.example")
        assert len(workspace.journal.calls(method=method)) == 2
        workspace.faults.add(Fault(kind="rate_limited", method="users.info", count=1))
        with pytest.raises(SlackApiError):
            await people.users_info(user="U0GRACE001")
        assert (await people.users_info(user="U0GRACE001"))["ok"]
