"""How many messages a task makes: one when it starts, one a step, one at the end."""

import pathlib
from collections import Counter

from tests.e2e.conftest import CHANNEL, Office

STEPS = ("analysis", "strategy", "patterns", "report")


async def test_the_main_job_makes_one_message_a_step(offline_office: Office) -> None:
    office = offline_office
    import json

    await office.ada.command("/task review examples/penguins.csv", CHANNEL)
    thread = await office.thread()
    for step in STEPS:
        card = await office.card(thread, step)
        print(step, len(card["text"]), card["text"])
        pathlib.Path(f"/tmp/wt/cards-shots/before-{step}.json").write_text(
            json.dumps(card, indent=1)
        )
        await office.grace.click(card, "signoff_approve")
    await office.ada.wait_for(lambda m: "completed" in m["text"], CHANNEL)
    import asyncio

    await asyncio.sleep(3)
    calls = await office.ada.calls()
    made = Counter(call["method"] for call in calls)
    print(json.dumps(made))
    for call in calls:
        if call["method"].startswith(("chat.post", "chat.upd", "files.comp")):
            a = call.get("arguments", {})
            print(call["method"], str(a.get("text"))[:100], str(a.get("blocks"))[:60])
