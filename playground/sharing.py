"""Files in messages: shared by the app, or by a person."""

from playground.http.wire import Json
from playground.store.channels import kind_of
from playground.workspace import Workspace

_LISTS = {"channel": "channels", "group": "groups", "im": "ims", "mpim": "groups"}


def share(workspace: Workspace, channel: Json, message: Json, files: list[Json]) -> Json:
    """Post the message with the files; each file learns where it hangs."""
    files = [_with_place(file, channel) for file in files]
    message = {**message, "files": files, "upload": True, "display_as_bot": False}
    message = workspace.post(channel["id"], message)
    _keep_places(workspace, channel, message, files)
    return message


def hang_on(workspace: Workspace, channel: Json, message: Json, files: list[Json]) -> Json:
    """The message, which stands already, with the files; each file learns where it hangs."""
    files = [_with_place(file, channel) for file in files]
    _keep_places(workspace, channel, message, files)
    return {**message, "files": files}


def _keep_places(workspace: Workspace, channel: Json, message: Json, files: list[Json]) -> None:
    for file in files:
        workspace.files.put(_with_share(file, channel, message))


def _with_place(file: Json, channel: Json) -> Json:
    name = _LISTS[kind_of(channel)]
    is_public = file["is_public"] or kind_of(channel) == "channel"
    return file | {name: sorted({*file[name], channel["id"]}), "is_public": is_public}


def _with_share(file: Json, channel: Json, message: Json) -> Json:
    visibility = "public" if kind_of(channel) == "channel" else "private"
    shares = {name: dict(places) for name, places in file["shares"].items()}
    place = {
        "ts": message["ts"],
        "channel_name": channel.get("name", ""),
        "team_id": channel["context_team_id"],
    }
    if message.get("thread_ts"):
        place["thread_ts"] = message["thread_ts"]
    by_channel = shares.setdefault(visibility, {})
    by_channel[channel["id"]] = [*by_channel.get(channel["id"], []), place]
    return file | {"shares": shares}
