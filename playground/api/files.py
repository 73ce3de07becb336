"""files.*: what the app shares."""

from playground.api.arguments import Arguments
from playground.api.chat import destination
from playground.api.draft import checked_blocks, identity
from playground.api.methods import TIER_3, TIER_4, Call, Methods
from playground.errors import SlackError, invalid_arguments
from playground.gestures.entities import escaped
from playground.http.wire import Json
from playground.ids import new_secret
from playground.sharing import share
from playground.store.files import RESERVED, SHARED


def register(methods: Methods) -> None:
    """Offer the methods of this family."""
    methods.add("files.getUploadURLExternal", get_upload_url, TIER_4, "files:write")
    methods.add("files.completeUploadExternal", complete_upload, TIER_4, "files:write")
    methods.add("files.info", info, TIER_4, "files:read")
    methods.add("files.list", list_, TIER_3, "files:read")
    methods.add("files.delete", delete, TIER_3, "files:write")


def get_upload_url(call: Call) -> Json:
    name = call.arguments.required("filename")
    size = call.arguments.number("length", 0)
    if size <= 0:
        raise invalid_arguments("missing required field: length")
    bot = call.workspace.config.app.bot_user
    file = call.workspace.files.reserve(name, size, bot, int(call.workspace.clock.now()))
    url = f"{call.workspace.url}/upload/v1/{file['id']}-{new_secret(16)}"
    return {"upload_url": url, "file_id": file["id"]}


def complete_upload(call: Call) -> Json:
    listed = call.arguments.structure("files")
    if not isinstance(listed, list) or not listed:
        raise invalid_arguments("missing required field: files")
    files = [_uploaded(call, item) for item in listed]
    for channel in _destinations(call):
        _post(call, channel, files)
    return {"files": [call.workspace.file(_current(call, file)) for file in files]}


def info(call: Call) -> Json:
    file = _known(call)
    paging = {"count": 100, "total": 0, "page": 1, "pages": 0}
    return {
        "file": call.workspace.file(file),
        "comments": [],
        "paging": paging,
        "response_metadata": {"next_cursor": ""},
    }


def list_(call: Call) -> Json:
    """What is shared where the app is, newest first; `channel` and `user` narrow it."""
    wanted = call.channel()["id"] if call.arguments.has("channel") else ""
    person = call.arguments.text("user")
    files = [
        file
        for file in call.workspace.files.shared()
        if _is_known(call, file)
        and (not wanted or wanted in _places(file))
        and (not person or file["user"] == person)
    ]
    count = min(max(call.arguments.number("count", 100), 1), 1000)
    page = max(call.arguments.number("page", 1), 1)
    shown = files[(page - 1) * count : page * count]
    pages = -(-len(files) // count)
    return {
        "files": [call.workspace.file(file) for file in shown],
        "paging": {"count": count, "total": len(files), "page": page, "pages": pages},
    }


def _places(file: Json) -> list[str]:
    return [*file["channels"], *file["groups"], *file["ims"]]


def _is_known(call: Call, file: Json) -> bool:
    """Public channels are known to every app; others to those that are in them."""
    return bool(file["is_public"]) or any(
        (channel := call.workspace.channels.get(place)) is not None and call.is_member(channel)
        for place in _places(file)
    )


def delete(call: Call) -> Json:
    file = _known(call)
    if file["user"] != call.workspace.config.app.bot_user:
        raise SlackError("cant_delete_file")
    call.workspace.files.remove(file["id"])
    return {}


def _uploaded(call: Call, item: object) -> Json:
    if not isinstance(item, dict):
        raise invalid_arguments("must be an object [json-pointer:/files/0]")
    file_id = str(item.get("id", ""))
    file = call.workspace.files.get(file_id)
    if file is None:
        raise SlackError("file_not_found")
    if call.workspace.files.state(file_id) == RESERVED:
        raise SlackError("file_not_uploaded")
    if call.workspace.files.state(file_id) == SHARED:
        raise SlackError("file_update_failed")
    if item.get("title"):
        file["title"] = str(item["title"])
    call.workspace.files.put(file)
    return file


def _destinations(call: Call) -> list[Json]:
    references = call.arguments.words("channels")
    if channel_id := call.arguments.text("channel_id"):
        references.append(channel_id)
    channels = []
    for reference in references:
        own = Arguments(call.arguments.values | {"channel": reference})
        channel = destination(Call(own, call.workspace, call.sockets))
        if not call.is_member(channel):
            raise SlackError("not_in_channel")
        channels.append(channel)
    return channels


def _post(call: Call, channel: Json, files: list[Json]) -> None:
    message = identity(call.workspace.config, Arguments({}))
    message["text"] = escaped(call.arguments.text("initial_comment"))
    blocks = call.arguments.structure("blocks", "invalid_blocks_format")
    if blocks:
        message["blocks"] = checked_blocks(blocks, "message")
    if thread_ts := call.arguments.text("thread_ts"):
        message["thread_ts"] = thread_ts
    share(call.workspace, channel, message, files)


def _current(call: Call, file: Json) -> Json:
    return call.workspace.files.get(file["id"]) or file


def _known(call: Call) -> Json:
    file = call.workspace.files.get(call.arguments.required("file"))
    if file is None or call.workspace.files.state(file["id"]) == RESERVED:
        raise SlackError("file_not_found")
    return file
