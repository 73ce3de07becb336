"""reactions.*: emoji on messages."""

from playground.api.methods import TIER_2, TIER_3, Call, Methods
from playground.errors import SlackError
from playground.feed import Change
from playground.http.wire import Json


def register(methods: Methods) -> None:
    """Offer the methods of this family."""
    methods.add("reactions.add", add, TIER_3, "reactions:write")
    methods.add("reactions.remove", remove, TIER_2, "reactions:write")
    methods.add("reactions.get", get, TIER_3, "reactions:read")


def add(call: Call) -> Json:
    channel, message = _message(call)
    name = _emoji(call)
    bot = call.workspace.config.app.bot_user
    reactions = [dict(reaction) for reaction in message.get("reactions", ())]
    known = next((reaction for reaction in reactions if reaction["name"] == name), None)
    if known is None:
        known = {"name": name, "users": [], "count": 0}
        reactions.append(known)
    if bot in known["users"]:
        raise SlackError("already_reacted")
    known["users"] = [*known["users"], bot]
    _store(call, channel, message, reactions)
    return {}


def remove(call: Call) -> Json:
    channel, message = _message(call)
    name = _emoji(call)
    bot = call.workspace.config.app.bot_user
    reactions = [dict(reaction) for reaction in message.get("reactions", ())]
    known = next((reaction for reaction in reactions if reaction["name"] == name), None)
    if known is None or bot not in known["users"]:
        raise SlackError("no_reaction")
    known["users"] = [user for user in known["users"] if user != bot]
    _store(call, channel, message, [reaction for reaction in reactions if reaction["users"]])
    return {}


def get(call: Call) -> Json:
    channel, message = _message(call)
    return {"type": "message", "channel": channel["id"], "message": message}


def _store(call: Call, channel: Json, message: Json, reactions: list[Json]) -> None:
    changed = {name: value for name, value in message.items() if name != "reactions"}
    if reactions:
        counted = [reaction | {"count": len(reaction["users"])} for reaction in reactions]
        changed["reactions"] = counted
    call.workspace.messages.put(channel["id"], changed)
    call.publish(Change("changed", channel=channel["id"], ts=message["ts"]))


def _message(call: Call) -> tuple[Json, Json]:
    channel = call.channel()
    ts = call.arguments.required("timestamp")
    message = call.workspace.messages.get(channel["id"], ts)
    if message is None:
        raise SlackError("message_not_found")
    return channel, message


def _emoji(call: Call) -> str:
    name = call.arguments.required("name").strip(":")
    if not name or any(character.isspace() for character in name):
        raise SlackError("invalid_name")
    return name
