"""Shortcuts: global ones, and those in a message's menu."""

from playground.delivery.envelope import Envelope
from playground.delivery.postman import Postman
from playground.errors import ControlError
from playground.gestures.person import (
    acting,
    brief_channel,
    envelope_base,
    now_ts,
    visible_channel,
)
from playground.gestures.surface import message_surface
from playground.gestures.triggering import response_url, trigger_id
from playground.gestures.triggers import ResponseTarget
from playground.http.wire import Json
from playground.testing.faults import Faults
from playground.workspace import Workspace


async def run_shortcut(workspace: Workspace, postman: Postman, faults: Faults, body: Json) -> Json:
    """Run the shortcut; with `ts` it is a message shortcut on that message."""
    user = acting(workspace, str(body.get("user", "")))
    callback_id = str(body.get("callback_id", ""))
    kind = "message" if body.get("ts") else "global"
    _check_shortcut(workspace, callback_id, kind)
    payload = envelope_base(workspace, user) | {
        "type": "shortcut",
        "callback_id": callback_id,
        "action_ts": now_ts(workspace),
        "trigger_id": trigger_id(workspace, faults, user["id"]),
    }
    if kind == "message":
        payload |= _on_message(workspace, user["id"], body)
    receipt = await postman.deliver(Envelope("interactive", payload))
    return receipt.told(payload["trigger_id"])


def _check_shortcut(workspace: Workspace, callback_id: str, kind: str) -> None:
    known = workspace.manifest.shortcuts
    if known and not any(one.callback_id == callback_id and one.kind == kind for one in known):
        raise ControlError("unknown_shortcut", f"There is no {kind} shortcut {callback_id!r}.")


def _on_message(workspace: Workspace, user: str, body: Json) -> Json:
    channel = visible_channel(workspace, str(body.get("channel", "")), user)
    surface = message_surface(workspace, user, channel, str(body["ts"]))
    reply = ResponseTarget(
        channel["id"], user, ts=surface.message["ts"], thread_ts=surface.thread_ts
    )
    return {
        "type": "message_action",
        "channel": brief_channel(channel),
        "message": workspace.shown(surface.message),
        "message_ts": surface.message["ts"],
        "response_url": response_url(workspace, reply),
    }
