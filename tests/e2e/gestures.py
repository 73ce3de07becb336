"""What the end-to-end tests of decisions do again and again."""

from typing import Any

from playground.testing.person import Person
from tests.e2e.conftest import CHANNEL, Office

Message = dict[str, Any]
COMMAND = "/task review examples/penguins.csv"


async def first_card(office: Office) -> tuple[str, Message]:
    """Ada starts a task; its thread, and the first card."""
    await office.ada.command(COMMAND, CHANNEL)
    thread = await office.thread()
    return thread, await office.card(thread, "analysis")


def approval_of(card: Message) -> str:
    """The id of the approval that a card shows."""
    return str(card["metadata"]["event_payload"]["approval"])


def buttons(card: Message) -> list[Message]:
    """Approve first."""
    return next(block["elements"] for block in card["blocks"] if block["type"] == "actions")


def option(message: Message, choice: str, block: str = "") -> Message:
    """The option of the menu "More" for this choice, as a click needs it."""
    for one in message["blocks"]:
        for element in one.get("elements") or ():
            if element.get("type") == "overflow" and block in one["block_id"]:
                for found in element["options"]:
                    if f'"c":"{choice}"' in found["value"]:
                        return {"selected_option": found, "block_id": one["block_id"]}
    raise LookupError(choice)


async def more(person: Person, message: Message, choice: str) -> Message:
    """Choose from the menu, or press Details; the form that opens."""
    if choice == "everything":
        await person.click(message, "signoff_details")
        return await person.wait_for_view()
    await person.click(message, "signoff_more", **option(message, choice))
    return await person.wait_for_view()


async def told(person: Person, text: str, thread: str, channel: str = CHANNEL) -> Message:
    """The private answer with this in it."""
    return await person.wait_for(
        lambda m: m.get("ephemeral_for") == person.user and text in m["text"],
        channel,
        thread=thread,
    )


async def direct(person: Person, text: str) -> Message:
    """The bot's direct message with this in it."""
    await person.home()
    channel = await _direct_channel(person)
    return await person.wait_for(lambda m: text in m["text"], channel)


async def _direct_channel(person: Person) -> str:
    """Opening Home opens the conversation with the bot."""
    listed = (await person.state())["channels"]
    return next(str(one["id"]) for one in listed if str(one["id"]).startswith("D"))


async def line_of(person: Person, title: str) -> Message:
    """Home once it lists this."""
    await person.home()
    return await person.wait_for_home(lambda view: title in str(view["blocks"]))
