"""Slack is away while an approval is raised: it goes by e-mail, and all cards become true again."""

import itertools
import os
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.monitoring import slack_watchdog
from bot.slack import client
from notifications.people import last_known
from playground.testing.person import Person
from tests.e2e.conftest import CHANNEL, Office
from tests.e2e.faults.outages import (
    BEATING,
    QUICK,
    cards,
    decide_by_mail,
    eventually,
    hurry,
    letters,
    mailing_office,
)
from workflows import activities
from workflows.approval import reminders

Message = dict[str, Any]
SUBJECT = "Approval wanted"
FULL = os.environ.get("SIGNOFF_FULL") == "1"
FAULTS: dict[str, dict[str, Any]] = {
    "refuses": {"kind": "outage"},
    "hangs": {"kind": "hang", "seconds": 600},
    "5xx": {"kind": "server_error", "status": 503},
    "ok:false": {"kind": "error", "error": "internal_error"},
    "429": {"kind": "rate_limited", "retry_after": 2},
}

TRIED = FAULTS if FULL else {name: FAULTS[name] for name in ("hangs", "5xx")}


@pytest.fixture
async def office(
    temporal_address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Office]:
    hurry(monkeypatch)
    async with mailing_office(temporal_address, tmp_path) as built:
        yield built


@pytest.fixture
async def listening_office(
    temporal_address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Office]:
    """With a heartbeat every third of a second."""
    hurry(monkeypatch)
    monkeypatch.setattr(slack_watchdog, "PACE", QUICK)
    async with mailing_office(temporal_address, tmp_path) as built:
        yield built


def test_the_times_themselves() -> None:
    """Noticed within 60 s, by e-mail within 120 s more, also if nobody can be looked up."""
    assert timedelta(seconds=60) >= reminders.SLACK_PATIENCE
    assert activities.HURRIED["schedule_to_close_timeout"] <= timedelta(seconds=120)
    last_try = activities.PATIENT["retry_policy"].maximum_interval + timedelta(
        seconds=client.TIMEOUT
    )
    looked_up = last_known.PATIENCE + last_try
    assert looked_up + reminders.SLACK_PATIENCE <= timedelta(seconds=60 + 120)


async def second_step(office: Office, fault: dict[str, Any]) -> None:
    """The first step is approved in Slack; while the agent works on the second, Slack goes away."""
    await office.ada.command("/task review examples/penguins.csv", CHANNEL)
    thread = await office.thread()
    first = await office.card(thread, "analysis")
    office.agent.gate.clear()  # type: ignore[attr-defined]
    await office.grace.click(first, "signoff_approve")
    await office.decided(thread, "analysis")
    await office.ada.fault(**fault)
    office.agent.gate.set()  # type: ignore[attr-defined]


@pytest.mark.timeout(120)
@pytest.mark.parametrize("fault", TRIED.values(), ids=TRIED)
async def test_an_approval_raised_into_an_outage_goes_by_mail(
    office: Office, fault: dict[str, Any]
) -> None:
    """Both approvers get one letter, one decides by it, and Slack shows that once it is back."""
    await second_step(office, fault)
    sent = await letters(office.ada, SUBJECT, 2)
    assert sorted(mail["to"][0] for mail in sent) == ["grace@acme.example", "linus@acme.example"]
    assert all("Slack cannot be reached" in mail["text"] for mail in sent)
    assert "Thank you" in await decide_by_mail(sent[0])
    await office.ada.heal()
    card = await office.decided(await office.thread(), "strategy")
    assert "Approved" in card["text"]
    assert len(await cards(office, "strategy")) == 1
    closed = await letters(office.ada, "Re:")
    assert [mail["to"] for mail in closed] == [sent[1]["to"]]
    assert len(await office.ada.mails()) == 3
    assert len(await posted(office.ada, "strategy")) == 1
    await office.card(await office.thread(), "patterns")


async def posted(person: Person, step: str) -> list[Message]:
    """The calls that posted a card of this step, as far as Slack took them."""
    calls = await person.calls("chat.postMessage")
    return [c for c in calls if f".{step}.v1" in str(c["arguments"]) and c["response"].get("ok")]


@pytest.mark.timeout(120)
async def test_retry_after_is_obeyed(office: Office) -> None:
    """The card is not posted again before Slack's pause is over, though retries are a second apart."""
    await second_step(office, {"kind": "rate_limited", "retry_after": 2})

    async def refused() -> list[float]:
        calls = await office.ada.calls("chat.postMessage")
        found = [float(call["at"]) for call in calls if call["status"] == 429]
        return found if len(found) > 2 else []

    moments = await eventually(refused)
    assert all(later - earlier >= 2 for earlier, later in itertools.pairwise(moments))
    await office.ada.heal()
    await office.card(await office.thread(), "strategy")


@pytest.mark.timeout(120)
async def test_nothing_comes_in_although_everything_goes_out(listening_office: Office) -> None:
    """Deaf: told by /ready and by letter, which decides; the sockets are renewed; then clicks count."""
    office = listening_office
    await office.ada.command("/task review examples/penguins.csv", CHANNEL)
    thread = await office.thread()
    first = await office.card(thread, "analysis")
    assert await ready(office) == "ok"
    opened = len(await office.ada.calls("apps.connections.open"))
    await office.ada.fault("deaf")
    assert not (await office.grace.click(first, "signoff_approve"))["delivered"]
    sent = await letters(office.ada, SUBJECT, 2)
    assert all("clicks in Slack do not reach us" in mail["text"] for mail in sent)
    assert "Nothing has come in from Slack" in await ready(office)
    assert len(await office.ada.calls("apps.connections.open")) >= opened + 2
    assert "Thank you" in await decide_by_mail(sent[0])
    await office.decided(thread, "analysis")
    again = await letters(office.ada, SUBJECT, 5)  # a closing letter, and two for the next step
    assert len({(mail["to"][0], mail["headers"]["Message-ID"]) for mail in again}) == len(again)
    await office.ada.heal()
    beats = await office.ada.messages(BEATING)
    assert len(beats) == 1
    second = await office.card(thread, "strategy")
    await eventually(lambda: _clicked(office, second))
    await eventually(lambda: _ready(office))
    await office.decided(thread, "strategy")


async def ready(office: Office) -> str:
    """What the bot says of its hearing."""
    url = f"http://127.0.0.1:{office.settings.web.port}/ready"
    async with aiohttp.ClientSession() as browser, browser.get(url) as answer:
        return str((await answer.json())["hearing"])


async def _ready(office: Office) -> bool:
    return await ready(office) == "ok"


async def _clicked(office: Office, card: Message) -> bool:
    return bool((await office.grace.click(card, "signoff_approve"))["acked"])
