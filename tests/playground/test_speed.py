"""A large channel opens quickly."""

import time

from playground.server import Playground
from playground.testing.person import Person
from tests.playground.clients.test_bolt_async import CARD
from tests.playground.conftest import ADA, GENERAL, GRACE

MESSAGES = 10_000


async def test_ten_thousand_messages(playground: Playground, ada: Person) -> None:
    """The newest page of a channel with 10,000 cards is there in less than 200 ms."""
    start = int(playground.workspace.clock.now()) - MESSAGES
    for number in range(MESSAGES):
        playground.workspace.messages.put(
            GENERAL,
            {
                "type": "message",
                "ts": f"{start + number}.000100",
                "user": GRACE,
                "text": f"card {number}",
                "blocks": [block | {"block_id": f"b{number}"} for block in CARD],
            },
        )
    assert (await ada.state())["channels"][-1]["unread"] == MESSAGES
    best = min([await opening(ada) for _ in range(5)])
    assert best < 0.2, f"{best * 1000:.0f} ms"


async def opening(ada: Person) -> float:
    """Seconds for what the page does when a channel is opened."""
    started = time.perf_counter()
    await ada.state()
    page = await ada._get("messages", channel=GENERAL)
    elapsed = time.perf_counter() - started
    assert page["messages"][-1]["text"] == f"card {MESSAGES - 1}"
    assert page["has_more"]
    assert ada.user == ADA
    return elapsed
