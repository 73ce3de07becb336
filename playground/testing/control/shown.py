"""Messages and views as the page gets them: with their HTML."""

from playground import render
from playground.http.wire import Json
from playground.workspace import Workspace


def shown_message(workspace: Workspace, channel: str, message: Json, last_read: str) -> Json:
    """A message with `channel`, `html`, `ephemeral_for` and `unread`."""
    return workspace.shown(message) | {
        "channel": channel,
        "html": _body(workspace, message),
        "ephemeral_for": message.get("ephemeral_for"),
        "unread": message["ts"] > last_read,
    }


def shown_view(workspace: Workspace, view: Json | None) -> Json | None:
    """A view with `html`."""
    return view and view | {"html": render.view_html(view, workspace)}


def _body(workspace: Workspace, message: Json) -> str:
    attachments = [_content(workspace, one) for one in message.get("attachments") or ()]
    framed = [f'<div class="attachment">{html}</div>' for html in attachments]
    return _content(workspace, message) + "".join(framed)


def _content(workspace: Workspace, owner: Json) -> str:
    if owner.get("blocks"):
        return str(render.blocks_html(owner["blocks"], workspace))
    text = owner.get("text") or owner.get("fallback") or ""
    return str(render.text_html(text, workspace)) if text else ""
