"""Where a person points: a message, an ephemeral one, or a view."""

from dataclasses import dataclass, field

from playground.errors import ControlError
from playground.http.wire import Json
from playground.workspace import Workspace


@dataclass(frozen=True)
class Surface:
    """A message in its channel, or a view; `container` as payloads describe it."""

    container: Json
    message: Json = field(default_factory=dict)
    channel: Json | None = None
    view: Json | None = None
    is_ephemeral: bool = False

    @property
    def blocks(self) -> list[Json]:
        """Every block, those of attachments included."""
        owner = self.view or self.message
        blocks = list(owner.get("blocks") or ())
        for attachment in owner.get("attachments") or ():
            blocks += attachment.get("blocks") or ()
        return blocks

    @property
    def thread_ts(self) -> str:
        """The thread an answer belongs in, empty when the message stands in the channel."""
        thread_ts = str(self.message.get("thread_ts") or "")
        return "" if thread_ts == self.message.get("ts") else thread_ts


def message_surface(workspace: Workspace, user: str, channel: Json, ts: str) -> Surface:
    """A message the person sees."""
    ephemeral = workspace.ephemerals.get(channel["id"], ts)
    message = ephemeral or workspace.messages.get(channel["id"], ts)
    if message is None or (ephemeral and ephemeral["ephemeral_for"] != user):
        raise ControlError("message_not_found", f"There is no message {ts} here.", 404)
    container: Json = {
        "type": "message",
        "message_ts": ts,
        "channel_id": channel["id"],
        "is_ephemeral": ephemeral is not None,
    }
    if message.get("thread_ts"):
        container["thread_ts"] = message["thread_ts"]
    return Surface(container, message, channel, is_ephemeral=ephemeral is not None)


def view_surface(workspace: Workspace, user: str, view_id: str) -> Surface:
    """A modal the person has open, or their Home."""
    view = workspace.views.get(view_id)
    if view is None or workspace.views.owner(view_id) != user:
        raise ControlError("view_not_found", f"{user} has no view {view_id} open.", 404)
    return Surface({"type": "view", "view_id": view_id}, view=view)
