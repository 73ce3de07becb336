"""GET: what there is to see."""

from aiohttp import web

from playground.errors import ControlError
from playground.gestures.person import visible_channel
from playground.http.wire import Json
from playground.store.channels import kind_of
from playground.testing.control.desk import Desk, answer
from playground.testing.control.shown import shown_message, shown_view
from playground.workspace import Workspace

DEFAULT_PAGE = 50
LARGEST_PAGE = 1_000


async def state(desk: Desk, request: web.Request) -> web.Response:
    workspace = desk.workspace
    user_id = request.query.get("user", "")
    app = workspace.config.app
    manifest = workspace.manifest
    return answer(
        team={"id": workspace.config.team.id, "name": workspace.config.team.name},
        me=_person(workspace, user_id),
        users=workspace.people.users(),
        groups=workspace.people.groups(),
        channels=channels_of(workspace, user_id),
        bots=[{"id": app.bot_id, "user_id": app.bot_user, "app_id": app.id, "name": app.name}],
        commands=[command.model_dump() for command in manifest.commands],
        shortcuts=[shortcut.model_dump() for shortcut in manifest.shortcuts],
        mails=workspace.mails.count(),
        notice=workspace.config.notice,
        try_first=workspace.config.try_first,
        sockets=desk.sockets.count(),
    )


def channels_of(workspace: Workspace, user_id: str) -> list[Json]:
    """The conversations a person sees, with unread counts."""
    own = {channel["id"] for channel in workspace.channels.of(user_id)}
    shown = []
    for channel in workspace.channels.all():
        is_member = channel["id"] in own
        if not is_member and (kind_of(channel) != "channel" or _sees_own_only(workspace, user_id)):
            continue
        since = workspace.channels.last_read(channel["id"], user_id)
        unread = workspace.messages.unread(channel["id"], user_id, since) if is_member else 0
        shown.append(
            _named(workspace, channel, user_id) | {"is_member": is_member, "unread": unread}
        )
    return sorted(shown, key=lambda channel: (bool(channel.get("users")), channel["name"]))


async def messages(desk: Desk, request: web.Request) -> web.Response:
    workspace, query = desk.workspace, request.query
    user_id = query.get("user", "")
    channel = visible_channel(workspace, query.get("channel", ""), user_id)["id"]
    limit = _limit(request)
    thread = query.get("thread", "")
    found, more = (
        _thread(workspace, channel, thread, limit)
        if thread
        else _history(workspace, channel, query.get("before", "") or "~", limit)
    )
    private = workspace.ephemerals.of(channel, user_id, thread or None)
    oldest = found[0]["ts"] if found and more else "0"
    found += [message for message in private if message["ts"] > oldest]
    found.sort(key=lambda message: str(message["ts"]))
    last_read = workspace.channels.last_read(channel, user_id)
    shown = [shown_message(workspace, channel, message, last_read) for message in found]
    return answer(messages=shown, has_more=more)


async def views(desk: Desk, request: web.Request) -> web.Response:
    stack = desk.workspace.views.stack(request.query.get("user", ""))
    return answer(views=[shown_view(desk.workspace, view) for view in stack])


async def home(desk: Desk, request: web.Request) -> web.Response:
    view = desk.workspace.views.home(request.query.get("user", ""))
    return answer(view=shown_view(desk.workspace, view))


async def calls(desk: Desk, request: web.Request) -> web.Response:
    method = request.query.get("method", "")
    return answer(calls=desk.journal.calls(_since(request), method))


async def deliveries(desk: Desk, request: web.Request) -> web.Response:
    return answer(deliveries=desk.journal.deliveries(_since(request)))


async def mails(desk: Desk, request: web.Request) -> web.Response:
    found = [mail for mail in desk.workspace.mails.all() if mail["n"] > _since(request)]
    return answer(mails=found)


async def methods(desk: Desk, _request: web.Request) -> web.Response:
    known = [
        {"name": method.name, "scopes": list(method.scopes), "per_minute": method.per_minute}
        for method in desk.methods.all()
    ]
    return answer(methods=known)


async def file(desk: Desk, request: web.Request) -> web.Response:
    file_id = request.match_info["id"]
    document = desk.workspace.files.get(file_id)
    data = desk.workspace.files.data(file_id)
    if document is None or data is None:
        raise ControlError("file_not_found", f"There is no file {file_id}.", 404)
    return file_response(document, data)


def file_response(document: Json, data: bytes) -> web.Response:
    """A file's bytes, in a form in which no browser runs what is in it."""
    return web.Response(
        body=data,
        headers={
            "Content-Type": document["mimetype"],
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; img-src 'self'; sandbox",
        },
    )


def _person(workspace: Workspace, user_id: str) -> Json | None:
    return workspace.people.user(user_id)


def _sees_own_only(workspace: Workspace, user_id: str) -> bool:
    user = workspace.people.user(user_id)
    return user is None or bool(user["is_restricted"] or user["is_stranger"])


def _named(workspace: Workspace, channel: Json, user_id: str) -> Json:
    """The conversation; a direct one is called after the others in it."""
    if not channel.get("users"):
        return channel
    others = [user for user in channel["users"] if user != user_id] or [user_id]
    name = ", ".join(workspace.user_name(user) for user in others)
    return channel | {"name": name, "user": others[0]}


def _history(
    workspace: Workspace, channel: str, before: str, limit: int
) -> tuple[list[Json], bool]:
    found = workspace.messages.history(channel, "0", before, limit + 1)
    return found[:limit][::-1], len(found) > limit


def _thread(workspace: Workspace, channel: str, thread: str, limit: int) -> tuple[list[Json], bool]:
    parent = workspace.messages.get(channel, thread)
    found = workspace.messages.replies(channel, thread, "0", limit + 1)
    return ([parent] if parent else []) + found[:limit], len(found) > limit


def _limit(request: web.Request) -> int:
    return min(max(_number(request, "limit", DEFAULT_PAGE), 1), LARGEST_PAGE)


def _since(request: web.Request) -> int:
    return _number(request, "since", 0)


def _number(request: web.Request, name: str, default: int) -> int:
    try:
        return int(request.query.get(name, default))
    except ValueError as error:
        raise ControlError("invalid_number", f"{name} must be a whole number.") from error
