"""conversations.*: channels, direct messages and what was said in them."""

from playground.api.cursor import metadata, page, page_size, position
from playground.api.methods import TIER_2, TIER_3, TIER_4, Call, Methods
from playground.errors import SlackError
from playground.feed import Change
from playground.http.wire import Json
from playground.store.channels import kind_of

_READ = ("channels:read", "groups:read", "im:read", "mpim:read")
_HISTORY = ("channels:history", "groups:history", "im:history", "mpim:history")
_KINDS = {"public_channel": "channel", "private_channel": "group", "im": "im", "mpim": "mpim"}


def register(methods: Methods) -> None:
    """Offer the methods of this family."""
    methods.add("conversations.info", info, TIER_3, *_READ)
    methods.add("conversations.list", list_, TIER_2, *_READ)
    methods.add("conversations.members", members, TIER_4, *_READ)
    methods.add("users.conversations", of_user, TIER_3, *_READ)
    methods.add("conversations.open", open_, TIER_3, "im:write", "mpim:write")
    methods.add("conversations.join", join, TIER_3, "channels:join")
    methods.add("conversations.history", history, TIER_3, *_HISTORY)
    methods.add("conversations.replies", replies, TIER_3, *_HISTORY)


def info(call: Call) -> Json:
    channel = _seen(call, call.channel())
    call.need_read(kind_of(channel))
    if call.arguments.flag("include_num_members"):
        channel["num_members"] = len(call.workspace.channels.members(channel["id"]))
    return {"channel": channel}


def list_(call: Call) -> Json:
    wanted = call.arguments.words("types") or ["public_channel"]
    if any(kind not in _KINDS for kind in wanted):
        raise SlackError("invalid_types")
    kinds = {_KINDS[kind] for kind in wanted}
    call.need_read(*sorted(kinds))
    channels = [
        _seen(call, channel)
        for channel in call.workspace.channels.all()
        if kind_of(channel) in kinds
        and (kind_of(channel) == "channel" or call.is_member(channel))
        and not (call.arguments.flag("exclude_archived") and channel["is_archived"])
    ]
    chosen, more = page(call.arguments, channels, lambda channel: str(channel["id"]))
    return {"channels": chosen, "response_metadata": more}


def members(call: Call) -> Json:
    channel = call.channel()
    call.need_read(kind_of(channel))
    users = call.workspace.channels.members(channel["id"])
    chosen, more = page(call.arguments, users, str)
    return {"members": chosen, "response_metadata": more}


def of_user(call: Call) -> Json:
    """What a person, or the app itself, is in; of private ones only those the app is in, too."""
    user = call.arguments.text("user") or call.workspace.config.app.bot_user
    if call.workspace.people.user(user) is None:
        raise SlackError("user_not_found")
    wanted = call.arguments.words("types") or ["public_channel"]
    if any(kind not in _KINDS for kind in wanted):
        raise SlackError("invalid_types")
    kinds = {_KINDS[kind] for kind in wanted}
    call.need_read(*sorted(kinds))
    channels = [
        channel
        for channel in call.workspace.channels.all()
        if kind_of(channel) in kinds
        and call.workspace.channels.has_member(channel["id"], user)
        and (kind_of(channel) == "channel" or call.is_member(channel))
        and not (call.arguments.flag("exclude_archived") and channel["is_archived"])
    ]
    chosen, more = page(call.arguments, channels, lambda channel: str(channel["id"]))
    return {"channels": chosen, "response_metadata": more}


def open_(call: Call) -> Json:
    if call.arguments.has("channel"):
        return _opened(call, call.channel(), True)
    users = call.arguments.words("users")
    if not users:
        raise SlackError("users_list_not_supplied")
    call.need_scope("im:write" if len(users) == 1 else "mpim:write")
    for user in users:
        _need_reachable(call, user)
    bot = call.workspace.config.app.bot_user
    channel, existed = call.workspace.channels.open_direct([bot, *users])
    if not existed:
        call.publish(Change("channel", channel=channel["id"]))
    return _opened(call, channel, existed)


def join(call: Call) -> Json:
    channel = call.channel()
    if kind_of(channel) != "channel":
        raise SlackError("method_not_supported_for_channel_type")
    if channel["is_archived"]:
        raise SlackError("is_archived")
    bot = call.workspace.config.app.bot_user
    answer: Json = {"channel": channel}
    if not call.workspace.channels.join(channel["id"], bot):
        answer |= {"warning": "already_in_channel"}
        answer |= {"response_metadata": {"warnings": ["already_in_channel"]}}
    return answer


def history(call: Call) -> Json:
    channel = call.channel()
    call.need_history(channel)
    limit = page_size(call.arguments, 100)
    latest = position(call.arguments) or call.arguments.text("latest") or "~"
    found = call.workspace.messages.history(
        channel["id"],
        call.arguments.text("oldest", "0"),
        latest,
        limit + 1,
        with_oldest=call.arguments.flag("inclusive"),
        with_latest=call.arguments.flag("inclusive") or call.arguments.has("cursor"),
    )
    return _page_of_messages(call, found, limit) | {"pin_count": 0}


def replies(call: Call) -> Json:
    channel = call.channel()
    call.need_history(channel)
    parent = call.workspace.messages.get(channel["id"], call.arguments.required("ts"))
    if parent is None:
        raise SlackError("thread_not_found")
    limit = page_size(call.arguments, 1_000)
    root = parent.get("thread_ts") or parent["ts"]
    since = position(call.arguments) or call.arguments.text("oldest", "0")
    found = call.workspace.messages.replies(channel["id"], root, since, limit + 1)
    if not call.arguments.has("cursor"):
        found = [call.workspace.messages.get(channel["id"], root) or parent, *found]
    shown = [call.workspace.shown(_public(call, message)) for message in found[:limit]]
    more = len(found) > limit
    answer: Json = {"messages": shown, "has_more": more}
    return answer | ({"response_metadata": metadata(shown[-1]["ts"])} if more else {})


def _page_of_messages(call: Call, found: list[Json], limit: int) -> Json:
    shown = [call.workspace.shown(_public(call, message)) for message in found[:limit]]
    more = len(found) > limit
    answer: Json = {"messages": shown, "has_more": more}
    return answer | ({"response_metadata": metadata(found[limit]["ts"])} if more else {})


def _public(call: Call, message: Json) -> Json:
    """The message as history gives it: metadata only when asked for."""
    if "metadata" not in message or call.arguments.flag("include_all_metadata"):
        return message
    return {name: value for name, value in message.items() if name != "metadata"}


def _opened(call: Call, channel: Json, existed: bool) -> Json:
    shown = channel if call.arguments.flag("return_im") else {"id": channel["id"]}
    answer: Json = {"channel": _seen(call, shown) if len(shown) > 1 else shown}
    return answer | ({"no_op": True, "already_open": True} if existed else {})


def _need_reachable(call: Call, user_id: str) -> None:
    user = call.workspace.people.user(user_id)
    if user is None:
        raise SlackError("user_not_found")
    if user["deleted"]:
        raise SlackError("user_disabled")
    if user["is_bot"]:
        raise SlackError("cannot_dm_bot")


def _seen(call: Call, channel: Json) -> Json:
    """The conversation as the app sees it."""
    channel = channel | {"is_member": call.is_member(channel)}
    if channel.get("is_im"):
        bot = call.workspace.config.app.bot_user
        others = [user for user in channel["users"] if user != bot]
        channel["user"] = others[0] if others else bot
    return channel
