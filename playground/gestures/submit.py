"""Submitting and closing modals."""

from typing import Any

from playground.api.views import STACK, checked_view
from playground.delivery.envelope import Envelope
from playground.delivery.postman import Postman
from playground.errors import ControlError, SlackError
from playground.feed import Change
from playground.gestures.elements import entered, interactive, state_values
from playground.gestures.inputs import missing_inputs
from playground.gestures.modal import new_view, replaced
from playground.gestures.person import acting, envelope_base
from playground.gestures.surface import view_surface
from playground.gestures.triggering import response_url, trigger_id
from playground.gestures.triggers import ResponseTarget
from playground.http.wire import Json
from playground.testing.faults import Faults
from playground.workspace import Workspace

TROUBLE = "We had some trouble connecting. Try again?"


async def submit(workspace: Workspace, postman: Postman, faults: Faults, body: Json) -> Json:
    """Submit the modal with what was entered, and do what the bot acks with."""
    user = acting(workspace, str(body.get("user", "")))
    view = _open_modal(workspace, user["id"], str(body.get("view_id", "")))
    values = state_values(view["blocks"], view["state"]["values"] | entered(body))
    view = view | {"state": {"values": values}}
    errors = missing_inputs(view["blocks"], values)
    if errors:
        return {"delivered": False, "response_action": "errors", "errors": errors, "view": view}
    workspace.views.put(user["id"], view)
    payload = envelope_base(workspace, user) | {
        "type": "view_submission",
        "trigger_id": trigger_id(workspace, faults, user["id"], view["id"]),
        "view": view,
        "response_urls": _response_urls(workspace, user["id"], view),
    }
    receipt = await postman.deliver(Envelope("interactive", payload, wants_reply=True))
    told = {"delivered": receipt.delivered, "milliseconds": receipt.milliseconds}
    if not receipt.acked:
        return told | {"response_action": None, "errors": {}, "view": view, "trouble": TROUBLE}
    return told | _obey(workspace, user["id"], view, receipt.reply)


async def close(workspace: Workspace, postman: Postman, body: Json) -> Json:
    """Close the modal, or with `all` the whole stack; tells the bot if the view wants that."""
    user = acting(workspace, str(body.get("user", "")))
    view = _open_modal(workspace, user["id"], str(body.get("view_id", "")))
    clears = bool(body.get("all")) or bool(view["clear_on_close"])
    closed = workspace.views.stack(user["id"])[::-1] if clears else [view]
    delivered = False
    for one in closed:
        _remove(workspace, user["id"], one)
    for one in closed:
        if one["notify_on_close"]:
            payload = envelope_base(workspace, user) | {
                "type": "view_closed",
                "view": one,
                "is_cleared": clears,
            }
            receipt = await postman.deliver(Envelope("interactive", payload))
            delivered = receipt.delivered
    return {"delivered": delivered}


def _open_modal(workspace: Workspace, user: str, view_id: str) -> Json:
    view = view_surface(workspace, user, view_id).view
    assert view is not None
    if view["type"] != "modal":
        raise ControlError("not_a_modal", "A Home cannot be submitted or closed.")
    return view


def _obey(workspace: Workspace, user: str, view: Json, reply: Any) -> Json:
    """Do what the ack says; nothing said closes the modal."""
    action = reply.get("response_action") if isinstance(reply, dict) else None
    try:
        shown = _act(workspace, user, view, action, reply)
    except SlackError as error:
        reason = {"error": error.code, **error.extra}
        return {
            "response_action": action,
            "errors": {},
            "view": view,
            "trouble": TROUBLE,
            "reason": reason,
        }
    errors = reply.get("errors", {}) if action == "errors" else {}
    return {"response_action": action, "errors": errors, "view": shown}


def _act(
    workspace: Workspace, user: str, view: Json, action: str | None, reply: Any
) -> Json | None:
    if action == "errors":
        return view
    if action == "update":
        return replaced(workspace, view, checked_view(reply.get("view"), "modal"))
    if action == "push":
        if len(workspace.views.stack(user)) >= STACK:
            raise SlackError("push_limit_reached")
        return new_view(workspace, user, checked_view(reply.get("view"), "modal"), view)
    if action == "clear":
        for one in workspace.views.stack(user):
            _remove(workspace, user, one)
        return None
    _remove(workspace, user, view)
    stack = workspace.views.stack(user)
    return stack[-1] if stack else None


def _remove(workspace: Workspace, user: str, view: Json) -> None:
    workspace.views.remove(view["id"])
    workspace.feed.publish(Change("view", user=user, id=view["id"]))


def _response_urls(workspace: Workspace, user: str, view: Json) -> list[Json]:
    """One address per conversation picked in a menu that has `response_url_enabled`."""
    urls = []
    for block, element in interactive(view["blocks"]):
        if not element.get("response_url_enabled"):
            continue
        state = view["state"]["values"][block["block_id"]][element["action_id"]]
        channel = state.get("selected_conversation") or state.get("selected_channel")
        if channel:
            urls.append(
                {
                    "block_id": block["block_id"],
                    "action_id": element["action_id"],
                    "channel_id": channel,
                    "response_url": response_url(workspace, ResponseTarget(channel, user)),
                }
            )
    return urls
