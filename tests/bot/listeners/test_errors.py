"""Whatever fails, whoever did something hears of it: once, in a sentence, without raw text."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_slack_response import AsyncSlackResponse
from sqlalchemy.exc import OperationalError
from temporalio.service import RPCError, RPCStatusCode

from bot.config.errors import UnavailableError
from bot.config.settings import Settings, load
from bot.listeners.click import Click
from bot.listeners.trouble import sentence
from storage.errors import DiskFull, InboxDamaged
from tests.bot.every_gesture import GESTURES, MORE, SUGGESTIONS, Office
from tests.notifications.card_views import GRACE

ROOT = Path(__file__).parents[3]
PLANTED = "planted"


def refused(code: str, status: int = 200, **headers: str) -> SlackApiError:
    """Slack's refusal, as the SDK raises it."""
    response = AsyncSlackResponse(
        client=None,
        http_verb="POST",
        api_url="https://slack.example/api",
        req_args={},
        data={"ok": False, "error": code},
        headers=headers,
        status_code=status,
    )
    return SlackApiError(f"{PLANTED} {code}", response)


ERRORS: dict[str, Callable[[], Exception]] = {
    "unknown": lambda: KeyError(PLANTED),
    "temporal": lambda: RPCError(PLANTED, RPCStatusCode.UNAVAILABLE, b""),
    "temporal, not connected": lambda: RuntimeError(PLANTED),
    "slack": lambda: refused("internal_error"),
    "slack, busy": lambda: refused("ratelimited", 429, **{"Retry-After": "7"}),
    "slack, trigger": lambda: refused("expired_trigger_id"),
    "slack, away": lambda: aiohttp.ClientConnectionError(PLANTED),
    "database": lambda: OperationalError(PLANTED, {}, Exception(PLANTED)),
    "sqlite": lambda: sqlite3.OperationalError(PLANTED),
    "disk": lambda: OSError(28, PLANTED, f"/{PLANTED}/inbox.db"),
    "disk, full": lambda: DiskFull(f"/{PLANTED}/inbox.db"),
    "inbox": lambda: InboxDamaged(f"/{PLANTED}/inbox.db", PLANTED),
    "timeout": lambda: TimeoutError(PLANTED),
    "our own": lambda: UnavailableError("The printer is out of paper: refill it."),
}


@pytest.fixture(scope="module")
def settings() -> Settings:
    return load(ROOT / "signoff.toml")


def test_every_listener_has_a_gesture_here(settings: Settings) -> None:
    """A listener registered and not listed fails, and so does one listed and not registered."""
    app = Office(settings, KeyError()).app
    assert sorted(app.registered) == sorted(map(str, GESTURES))
    assert sorted(app.suggesting) == sorted(SUGGESTIONS)
    assert len(app.registered) + len(app.suggesting) == len(app._async_listeners)


@pytest.mark.parametrize("gesture", [*map(str, GESTURES), *MORE])
async def test_every_gesture_is_answered_once(settings: Settings, gesture: str) -> None:
    """By ack, privately, or in the form; with no text of an exception in it; for every error."""
    office = Office(settings, KeyError())
    for name, make in ERRORS.items():
        office.error = make()
        office.slack.said.clear()
        heard = await office.hears((GESTURES | MORE)[gesture])
        assert len(heard) == 1, (name, heard)
        for raw in (PLANTED, "Traceback", "Error(", "ratelimited", "internal_error", "errno"):
            assert raw not in heard[0], name


@pytest.mark.parametrize("menu", SUGGESTIONS)
async def test_a_menu_that_cannot_be_filled_is_empty_or_says_so(
    settings: Settings, menu: str
) -> None:
    """Slack shows an empty menu, or the person is told; with no text of an exception in it."""
    office = Office(settings, KeyError())
    for name, make in ERRORS.items():
        office.error = make()
        office.slack.said.clear()
        answer: Any = await office.answer(SUGGESTIONS[menu])
        assert answer.status == 200, name
        assert len(office.slack.said) <= 1, name
        assert PLANTED not in f"{answer.body}{office.slack.said}", name


@pytest.mark.parametrize("error", ERRORS)
async def test_what_is_done_after_the_ack_is_told_too(settings: Settings, error: str) -> None:
    """Once, to whoever clicked."""
    office = Office(settings, ERRORS[error]())

    async def work() -> None:
        raise office.error

    office.replier.beside(Click(user=GRACE, unique="1"), work())
    await office.replier.settled()
    assert len(office.slack.said) == 1
    assert PLANTED not in str(office.slack.said)


async def test_a_click_nobody_can_answer_is_not_acknowledged(settings: Settings) -> None:
    """Then Slack itself shows that it failed."""
    office = Office(settings, KeyError(PLANTED))
    office.slack.refuses = {"chat.postEphemeral", "chat.postMessage", "conversations.open"}
    answer: Any = await office.answer(GESTURES["signoff_approve"])
    assert answer.status == 500
    assert PLANTED not in str(answer.body)


async def test_a_form_keeps_what_was_typed(settings: Settings) -> None:
    """The sentence stands beside its first field, or on top of a form that has none."""
    office = Office(settings, KeyError(PLANTED))
    form = await office.answer(GESTURES["signoff_hand_on"])
    assert '"response_action": "errors"' in str(form.body)
    assert '"person"' in str(form.body)
    listed = await office.answer(GESTURES["signoff_bulk_confirm"])
    assert '"response_action": "push"' in str(listed.body)


def test_an_unknown_error_has_a_reference_that_is_in_the_log() -> None:
    """So that whoever runs it finds it."""
    with structlog.testing.capture_logs() as logged:
        told = sentence(KeyError(PLANTED))
    (entry,) = logged
    assert entry["log_level"] == "error"
    assert f"(reference {entry['reference']})" in told
    assert isinstance(entry["exc_info"], KeyError)


def test_busy_is_said_with_when_to_try_again() -> None:
    """As Slack said it."""
    assert "in 7 s" in sentence(ERRORS["slack, busy"]())
    assert "click again" in sentence(ERRORS["slack, trigger"]())
