"""Private sentences: said where the person is, and said later when Slack wants a pause."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from slack_sdk.web.async_client import AsyncWebClient
from temporalio.exceptions import ApplicationError

from notifications.slack.pacing import LATER, Pacer
from notifications.slack.private import PrivateMessages
from playground.config import PlaygroundConfig
from playground.server import Playground
from playground.testing.faults import Fault
from workflows.messages.decisions import Place

ADA, CHANNEL = "U0ADA00001", "C0GENERAL1"
PRIVATE = "chat.postEphemeral"


@pytest.fixture
async def workspace(tmp_path: Path) -> AsyncIterator[Playground]:
    """A workspace that can be told to say 429."""
    async with Playground(PlaygroundConfig(), tmp_path / "p.db") as running:
        yield running


def statuses(workspace: Playground, method: str) -> list[int]:
    """What Slack answered, call by call."""
    return [call["status"] for call in workspace.journal.calls(method=method)]


async def test_an_answer_slack_refuses_is_said_after_the_pause(workspace: Playground) -> None:
    """The bot's own answers have nobody who comes back: they wait here, and none is dropped."""
    workspace.faults.add(Fault(kind="rate_limited", method=PRIVATE, count=2, retry_after=1))
    pacer = Pacer()
    private = PrivateMessages(
        AsyncWebClient(workspace.bot_token, base_url=workspace.api_url), pacer
    )
    await private.say(ADA, Place(channel=CHANNEL), "Not yours.")
    calls = workspace.journal.calls(method=PRIVATE)
    await pacer.close()
    assert [call["status"] for call in calls] == [429, 429, 200]
    assert calls[2]["at"] - calls[0]["at"] >= 1.95


@pytest.mark.parametrize("method", ["conversations.open", "chat.postMessage"])
async def test_so_is_one_in_direct_messages(workspace: Playground, method: str) -> None:
    """Wherever the pause comes from."""
    workspace.faults.add(Fault(kind="rate_limited", method=method, count=1, retry_after=1))
    pacer = Pacer()
    private = PrivateMessages(
        AsyncWebClient(workspace.bot_token, base_url=workspace.api_url), pacer
    )
    await private.say(ADA, None, "Not yours.")
    await pacer.close()
    assert statuses(workspace, method)[0] == 429
    assert statuses(workspace, "chat.postMessage")[-1] == 200


async def test_in_an_activity_temporal_comes_back(workspace: Playground) -> None:
    """Told when; and whoever comes meanwhile does not even ask Slack."""
    workspace.faults.add(Fault(kind="rate_limited", method=PRIVATE, count=1, retry_after=30))
    pacer = Pacer()
    client = AsyncWebClient(workspace.bot_token, base_url=workspace.api_url)
    private = PrivateMessages(client, pacer, patient=False)
    kinds, delays = [], []
    for _ in range(2):
        with pytest.raises(ApplicationError) as sent_away:
            await private.say(ADA, Place(channel=CHANNEL), "Not yours.")
        kinds.append(sent_away.value.type)
        assert sent_away.value.next_retry_delay is not None
        delays.append(sent_away.value.next_retry_delay.total_seconds())
    await pacer.close()
    assert kinds == ["ratelimited", LATER]
    assert min(delays) > 25
    assert statuses(workspace, PRIVATE) == [429]
