"""A view as Slack keeps it: with ids, a hash, its place in the stack and its state."""

from playground.blocks.ids import with_ids
from playground.feed import Change
from playground.gestures.elements import state_values
from playground.http.wire import Json
from playground.ids import new_id, new_secret
from playground.workspace import Workspace


def new_view(workspace: Workspace, user: str, view: Json, below: Json | None = None) -> Json:
    """Show a person a new view, on top of `below` if given."""
    view_id = new_id("V")
    stored = _stored(workspace, view) | {
        "id": view_id,
        "root_view_id": below["root_view_id"] if below else view_id,
        "previous_view_id": below["id"] if below else None,
    }
    return _show(workspace, user, stored)


def replaced(workspace: Workspace, known: Json, view: Json) -> Json:
    """Show other content in a known view; state of inputs that are still there is kept."""
    user = workspace.views.owner(known["id"])
    kept = ("id", "root_view_id", "previous_view_id")
    stored = _stored(workspace, view) | {name: known[name] for name in kept}
    stored["state"] = {"values": state_values(stored["blocks"], known["state"]["values"])}
    return _show(workspace, user, stored)


def _show(workspace: Workspace, user: str, stored: Json) -> Json:
    workspace.views.put(user, stored)
    kind = "home" if stored["type"] == "home" else "view"
    workspace.feed.publish(Change(kind, user=user, id=stored["id"]))
    return stored


def _stored(workspace: Workspace, view: Json) -> Json:
    config = workspace.config
    blocks = with_ids(view.get("blocks"))
    return {
        "team_id": config.team.id,
        "type": view["type"],
        "blocks": blocks,
        "private_metadata": view.get("private_metadata") or "",
        "callback_id": view.get("callback_id") or "",
        "state": {"values": state_values(blocks, {})},
        "hash": f"{workspace.clock.now():.0f}.{new_secret(8)}",
        "title": view.get("title"),
        "clear_on_close": bool(view.get("clear_on_close")),
        "notify_on_close": bool(view.get("notify_on_close")),
        "close": view.get("close"),
        "submit": view.get("submit"),
        "submit_disabled": bool(view.get("submit_disabled")),
        "app_id": config.app.id,
        "external_id": view.get("external_id") or "",
        "app_installed_team_id": config.team.id,
        "bot_id": config.app.bot_id,
    }
