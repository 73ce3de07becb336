"""Writing, sharing files, opening Home, changing who is in a group."""

from playground.errors import ControlError
from playground.feed import Change
from playground.gestures.entities import escaped, mentions_linked
from playground.gestures.person import acting, visible_channel
from playground.http.wire import Json
from playground.ids import new_secret
from playground.sharing import share
from playground.workspace import Workspace

LONGEST = 12_000


def say(
    workspace: Workspace, user_id: str, where: str, text: str, thread_ts: str = ""
) -> tuple[str, Json]:
    """Post a message as a person; the channel's id, and the message."""
    user, channel = _writing(workspace, user_id, where)
    if not text.strip():
        raise ControlError("no_text", "There is nothing to say.")
    if len(text) > LONGEST:
        raise ControlError("too_long", f"A message has at most {LONGEST} characters.")
    message = _message(workspace, user, channel, text, thread_ts)
    message = workspace.post(channel["id"], message)
    workspace.channels.mark_read(channel["id"], user_id, message["ts"])
    return channel["id"], message


def share_file(
    workspace: Workspace,
    user_id: str,
    where: str,
    name: str,
    data: bytes,
    *,
    text: str = "",
    thread_ts: str = "",
) -> tuple[str, Json]:
    """Post a file as a person; the channel's id, and the message."""
    user, channel = _writing(workspace, user_id, where)
    file = keep_file(workspace, user_id, name, data)
    message = _message(workspace, user, channel, text, thread_ts) | {"subtype": "file_share"}
    message = share(workspace, channel, message, [file])
    workspace.channels.mark_read(channel["id"], user_id, message["ts"])
    return channel["id"], message


def keep_file(workspace: Workspace, user_id: str, name: str, data: bytes) -> Json:
    """Keep a person's file without sharing it yet."""
    acting(workspace, user_id)
    now = int(workspace.clock.now())
    file = workspace.files.reserve(name or "file", len(data), user_id, now)
    workspace.files.fill(file["id"], data)
    return file


def open_home(workspace: Workspace, user_id: str) -> Json | None:
    """Open the app's Home; what is published there already."""
    user = acting(workspace, user_id)
    bot = workspace.config.app.bot_user
    channel, _ = workspace.channels.open_direct([bot, user_id])
    workspace.feed.publish(
        Change("opened", channel=channel["id"], user=user_id, document={"user": user["id"]})
    )
    return workspace.views.home(user_id)


def change_file(workspace: Workspace, file_id: str, changes: Json) -> Json:
    """Make a file another one: external, at another host, a tombstone."""
    file = workspace.files.get(file_id)
    if file is None:
        raise ControlError("file_not_found", f"There is no file {file_id!r}.", 404)
    workspace.files.put(file | changes)
    return file | changes


def change_user(workspace: Workspace, user_id: str, changes: Json) -> Json:
    """Deactivate a person, make them a guest, give them another address, as an administrator."""
    user = workspace.people.change(user_id, changes)
    if user is None:
        raise ControlError("user_not_found", f"There is nobody with the id {user_id!r}.", 404)
    workspace.feed.publish(Change("reload"))
    return user


def change_group(workspace: Workspace, group_id: str, users: list[str]) -> Json:
    """Replace the members of a user group, as an administrator would."""
    previous = workspace.people.group(group_id)
    if previous is None:
        raise ControlError("group_not_found", f"There is no user group {group_id!r}.", 404)
    group = workspace.people.set_members(group_id, users, workspace.clock.now())
    workspace.feed.publish(Change("group", id=group_id, document=group, previous=previous))
    return group


def _writing(workspace: Workspace, user_id: str, where: str) -> tuple[Json, Json]:
    user = acting(workspace, user_id)
    channel = visible_channel(workspace, where, user_id)
    if channel["is_archived"]:
        raise ControlError("is_archived", f"#{channel['name']} is archived.")
    workspace.channels.join(channel["id"], user_id)
    return user, channel


def _message(workspace: Workspace, user: Json, channel: Json, text: str, thread_ts: str) -> Json:
    linked = mentions_linked(escaped(text), workspace.people.by_name, workspace.group_by_handle)
    message: Json = {
        "user": user["id"],
        "text": linked,
        "team": user["team_id"],
        "client_msg_id": new_secret(32),
    }
    if user["team_id"] != workspace.config.team.id:
        message |= {"user_team": user["team_id"], "source_team": user["team_id"]}
    if not thread_ts:
        return message
    parent = workspace.messages.get(channel["id"], thread_ts)
    if parent is None:
        raise ControlError("thread_not_found", f"There is no message {thread_ts}.", 404)
    author = parent.get("user", "")
    root = parent.get("thread_ts") or thread_ts
    return message | {"thread_ts": root, "parent_user_id": author}
