"""A running playground, people in it, and bots on it."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from playground.config import PlaygroundConfig
from playground.server import Playground
from playground.testing.person import Person

ADA, GRACE, LINUS, GUEST = "U0ADA00001", "U0GRACE001", "U0LINUS001", "U0GUEST001"
GENERAL, APPROVALS, FINANCE = "C0GENERAL1", "C0APPROVE1", "C0FINANCE1"


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slack's clients send even loopback through a proxy of the environment."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def config() -> PlaygroundConfig:
    """The default workspace, with a bot that is given up on sooner than in real life."""
    return PlaygroundConfig(ack_seconds=1.0)


@pytest.fixture
async def playground(config: PlaygroundConfig) -> AsyncIterator[Playground]:
    """A playground in memory."""
    async with Playground(config) as running:
        yield running


@pytest.fixture
async def client(playground: Playground) -> AsyncWebClient:
    """The bot's Web API client."""
    return AsyncWebClient(playground.bot_token, base_url=playground.api_url)


@pytest.fixture
async def bare(playground: Playground) -> AsyncWebClient:
    """The same without slack_sdk's own second attempt at a broken connection."""
    return AsyncWebClient(playground.bot_token, base_url=playground.api_url, retry_handlers=[])


@pytest.fixture
async def people(playground: Playground) -> AsyncIterator[tuple[Person, Person]]:
    """Ada, who asks, and Grace, who decides."""
    async with AsyncExitStack() as stack:
        yield (
            await stack.enter_async_context(Person(playground.url, playground.local_token, ADA)),
            await stack.enter_async_context(Person(playground.url, playground.local_token, GRACE)),
        )


@pytest.fixture
async def ada(people: tuple[Person, Person]) -> Person:
    return people[0]


@pytest.fixture
async def grace(people: tuple[Person, Person]) -> Person:
    return people[1]
