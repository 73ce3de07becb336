"""Names for ids, from a workspace that may not answer."""

from collections.abc import AsyncIterator

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from notifications.slack import names
from notifications.slack.names import GOOD_FOR, Names
from playground.server import Playground
from playground.testing.person import Person
from tests.fakes import ADA, GRACE
from tests.notifications.approval_views import approval_view


@pytest.fixture
async def workspace() -> AsyncIterator[Playground]:
    async with Playground() as running:
        yield running


@pytest.fixture
async def ada(workspace: Playground) -> AsyncIterator[Person]:
    async with Person(workspace.url, workspace.local_token, ADA) as person:
        yield person


async def test_names_are_asked_for_once_an_hour_and_survive_an_outage(
    workspace: Playground, ada: Person
) -> None:
    """Only ids of people are asked for; whoever cannot be named is left out."""
    now = [0.0]
    asked = Names(AsyncWebClient(workspace.bot_token, base_url=workspace.api_url), lambda: now[0])
    wanted = [ADA, GRACE, "U0NOBODY01", "someone@else.example", "x; drop"]
    assert set(await asked.of(wanted)) == {ADA, GRACE}
    calls = len(await ada.calls("users.info"))
    assert calls == 3
    assert set(await asked.of([ADA, GRACE])) == {ADA, GRACE}
    assert len(await ada.calls("users.info")) == calls
    now[0] = GOOD_FOR + 1
    await ada.fault("server_error")
    assert set(await asked.of([ADA, GRACE])) == {ADA, GRACE}
    assert len(await ada.calls("users.info")) == calls + 2


async def test_a_slack_that_hangs_is_not_waited_for(
    workspace: Playground, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A letter with an id is better than none."""
    monkeypatch.setattr(names, "SECONDS", 0.2)
    asked = Names(AsyncWebClient(workspace.bot_token, base_url=workspace.api_url))
    await ada.fault("hang", seconds=600)
    assert await asked.of([ADA]) == {}
    await ada.heal()
    assert set(await asked.of([ADA])) == {ADA}


async def test_a_card_names_its_requester(workspace: Playground) -> None:
    """Who may decide is known without asking."""
    asked = Names(AsyncWebClient(workspace.bot_token, base_url=workspace.api_url))
    view = approval_view()
    assert set(await asked.on(view)) == {view.request.requester} == {ADA}
