"""Typing into a menu whose options come from the bot."""

from playground.delivery.envelope import Envelope
from playground.delivery.postman import Postman
from playground.errors import ControlError
from playground.gestures.click import surface_of
from playground.gestures.elements import find
from playground.gestures.person import acting, brief_channel, envelope_base
from playground.http.wire import Json
from playground.workspace import Workspace


async def suggest(workspace: Workspace, postman: Postman, body: Json) -> Json:
    """Ask the bot for options that fit what was typed."""
    user = acting(workspace, str(body.get("user", "")))
    surface = surface_of(workspace, user["id"], body)
    action_id = str(body.get("action_id", ""))
    found = find(surface.blocks, action_id, str(body.get("block_id") or ""))
    if found is None:
        raise ControlError("no_such_element", f"There is no element {action_id!r} here.", 404)
    payload = envelope_base(workspace, user) | {
        "type": "block_suggestion",
        "container": surface.container,
        "action_id": action_id,
        "block_id": found[0]["block_id"],
        "value": str(body.get("value", "")),
    }
    if surface.view is not None:
        payload["view"] = surface.view
    elif surface.channel is not None:
        payload["channel"] = brief_channel(surface.channel)
        payload["message"] = workspace.shown(surface.message)
    receipt = await postman.deliver(Envelope("interactive", payload, wants_reply=True))
    reply = receipt.reply if isinstance(receipt.reply, dict) else {}
    if reply.get("option_groups"):
        return {"delivered": receipt.delivered, "option_groups": reply["option_groups"]}
    return {"delivered": receipt.delivered, "options": reply.get("options") or []}
