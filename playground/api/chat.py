"""chat.*: messages of the app."""

from playground.api import draft
from playground.api.arguments import Arguments
from playground.api.methods import SPECIAL, TIER_3, TIER_4, Call, Methods
from playground.errors import SlackError
from playground.http.wire import Json
from playground.sharing import hang_on
from playground.store.channels import kind_of
from playground.store.files import RESERVED


def register(methods: Methods) -> None:
    """Offer the methods of this family."""
    methods.add("chat.postMessage", post_message, SPECIAL, "chat:write")
    methods.add("chat.postEphemeral", post_ephemeral, TIER_4, "chat:write")
    methods.add("chat.update", update, TIER_3, "chat:write")
    methods.add("chat.delete", delete, TIER_3, "chat:write")
    methods.add("chat.getPermalink", get_permalink, SPECIAL)


def destination(call: Call) -> Json:
    """The conversation a message goes to; a user id means the direct message with that person."""
    reference = call.arguments.required("channel")
    if call.workspace.people.user(reference):
        return _direct(call, reference)
    channel = call.channel()
    if channel["is_archived"]:
        raise SlackError("is_archived")
    return channel


def post_message(call: Call) -> Json:
    channel = destination(call)
    _need_write(call, channel)
    return post_into(call, channel, call.arguments)


def post_into(call: Call, channel: Json, arguments: Arguments) -> Json:
    """Post a message of the app; shared with whatever posts later or elsewhere."""
    config = call.workspace.config
    fields = draft.draft(arguments)
    message = {"type": "message", "text": "", **draft.identity(config, arguments), **fields}
    message |= _thread(call, channel["id"], arguments)
    message = call.workspace.post(channel["id"], message)
    return {"channel": channel["id"], "ts": message["ts"], "message": message}


def post_ephemeral(call: Call) -> Json:
    channel = call.channel()
    user = call.arguments.required("user")
    if not call.workspace.channels.has_member(channel["id"], user):
        raise SlackError("user_not_in_channel")
    _need_write(call, channel)
    config = call.workspace.config
    fields = draft.identity(config, call.arguments) | draft.draft(call.arguments)
    if thread_ts := call.arguments.text("thread_ts"):
        fields["thread_ts"] = thread_ts
    message = call.workspace.post_ephemeral(channel["id"], user, {"text": "", **fields})
    return {"message_ts": message["ts"]}


def update(call: Call) -> Json:
    channel, message = _own_message(call, "cant_update_message")
    if len(call.arguments.text("text")) > draft.UPDATE_TEXT:
        raise SlackError("msg_too_long")
    if call.arguments.has("markdown_text"):
        fields = draft.draft(call.arguments)
    else:
        fields = draft.content(call.arguments)
    if not fields:
        raise SlackError("no_text")
    changed = _updated(message, fields, call)
    if call.arguments.has("file_ids"):
        changed = hang_on(call.workspace, channel, changed, _own_files(call))
    call.workspace.change(channel["id"], changed)
    return {
        "channel": channel["id"],
        "ts": message["ts"],
        "text": changed["text"],
        "message": changed,
    }


def delete(call: Call) -> Json:
    channel, message = _own_message(call, "cant_delete_message")
    call.workspace.delete(channel["id"], message["ts"])
    return {"channel": channel["id"], "ts": message["ts"]}


def get_permalink(call: Call) -> Json:
    channel = call.channel()
    ts = call.arguments.required("message_ts")
    message = call.workspace.messages.get(channel["id"], ts)
    if message is None:
        raise SlackError("message_not_found")
    link = f"{call.workspace.url}/archives/{channel['id']}/p{ts.replace('.', '')}"
    thread_ts = message.get("thread_ts")
    if thread_ts and thread_ts != ts:
        link += f"?thread_ts={thread_ts}&cid={channel['id']}"
    return {"channel": channel["id"], "permalink": link}


def _updated(message: Json, fields: Json, call: Call) -> Json:
    """The message with its new content. Blocks stay only when neither text nor blocks is given."""
    config = call.workspace.config
    changed = message | fields
    if "text" in fields and "blocks" not in fields:
        changed.pop("blocks", None)
    if "text" in fields and "attachments" not in fields:
        changed.pop("attachments", None)
    for name in ("blocks", "attachments"):
        if fields.get(name) == []:
            changed.pop(name, None)
    if not (changed.get("text") or changed.get("blocks") or changed.get("attachments")):
        raise SlackError("no_text")
    now = f"{call.workspace.clock.now():.0f}.000000"
    return changed | {"edited": {"user": config.app.bot_user, "ts": now}}


def _own_message(call: Call, otherwise: str) -> tuple[Json, Json]:
    channel = call.channel()
    ts = call.arguments.required("ts")
    message = call.workspace.messages.get(channel["id"], ts)
    if message is None or message.get("subtype") == "tombstone":
        raise SlackError("message_not_found")
    if message.get("bot_id") != call.workspace.config.app.bot_id:
        raise SlackError(otherwise)
    return channel, message


def _own_files(call: Call) -> list[Json]:
    """The files that are to hang on a message of the app: uploaded, and its own."""
    found = [call.workspace.files.get(file_id) for file_id in call.arguments.words("file_ids")]
    files = [file for file in found if file is not None]
    bot = call.workspace.config.app.bot_user
    if len(files) < len(found) or any(file["user"] != bot for file in files):
        raise SlackError("file_not_found")
    if any(call.workspace.files.state(file["id"]) == RESERVED for file in files):
        raise SlackError("file_not_uploaded")
    return files


def _thread(call: Call, channel: str, arguments: Arguments) -> Json:
    thread_ts = arguments.text("thread_ts")
    if not thread_ts:
        return {}
    parent = call.workspace.messages.get(channel, thread_ts)
    if parent is None:
        return {}
    root = parent.get("thread_ts") or thread_ts
    fields: Json = {"thread_ts": root, "parent_user_id": parent.get("user", "")}
    if arguments.flag("reply_broadcast"):
        fields |= {"subtype": "thread_broadcast", "root": parent}
    return fields


def _need_write(call: Call, channel: Json) -> None:
    """The app may write where it is; elsewhere only in public, with `chat:write.public`."""
    if call.is_member(channel):
        return
    scopes = call.workspace.manifest.scopes or frozenset()
    if kind_of(channel) != "channel" or "chat:write.public" not in scopes:
        raise SlackError("not_in_channel")


def _direct(call: Call, user: str) -> Json:
    person = call.workspace.people.user(user)
    assert person is not None
    if person["deleted"]:
        raise SlackError("user_disabled")
    if person["is_bot"]:
        raise SlackError("cannot_dm_bot")
    bot = call.workspace.config.app.bot_user
    channel, _ = call.workspace.channels.open_direct([bot, user])
    return channel
