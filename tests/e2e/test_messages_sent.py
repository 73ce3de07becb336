"""How many messages a task makes: one when it starts, one a step, one at the end."""

import asyncio
from collections import Counter

from tests.e2e.conftest import CHANNEL, Office

STEPS = ("analysis", "strategy", "patterns", "report")


async def test_the_main_job_makes_one_message_a_step(office: Office) -> None:
    """The task's message, a card a step that is in the channel too, and the end to Ada; each report
    hangs on its card."""
    await office.ada.command("/task review examples/penguins.csv", CHANNEL)
    thread = await office.thread()
    cards = [thread]
    for step in STEPS:
        card = await office.card(thread, step)
        cards.append(card["ts"])
        await office.grace.click(card, "signoff_approve")
    done = await office.decided(thread, STEPS[-1])
    await office.ada.wait_for(lambda m: "completed" in m["text"], CHANNEL)
    listed = await office.ada.messages(CHANNEL)
    shown = [message for message in listed if not message.get("ephemeral_for")]
    assert {message["ts"] for message in shown} == set(cards)
    assert all(len(message["files"]) == 1 for message in shown if message["ts"] != thread)
    assert done["files"]
    made = Counter[str]()
    for _ in range(200):
        made = Counter(call["method"] for call in await office.ada.calls())
        if made["chat.postMessage"] > len(cards):
            break
        await asyncio.sleep(0.1)
    assert made["chat.postMessage"] == len(STEPS) + 2
