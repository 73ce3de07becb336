"""POST: what people do."""

from aiohttp import web

from playground.delivery.envelope import Envelope
from playground.errors import ControlError
from playground.feed import Change
from playground.gestures import message as writing
from playground.gestures.click import click
from playground.gestures.command import run_command
from playground.gestures.person import visible_channel
from playground.gestures.shortcut import run_shortcut
from playground.gestures.submit import close, submit
from playground.gestures.suggest import suggest
from playground.http.downloads import LARGEST_UPLOAD
from playground.http.forms import BrokenFormError, Part, read_form
from playground.http.wire import Json
from playground.testing.control.desk import Desk, answer, body_of
from playground.testing.control.shown import shown_message, shown_view


async def post_message(desk: Desk, request: web.Request) -> web.Response:
    if request.content_type == "multipart/form-data":
        channel, message = await _post_file(desk, request)
    else:
        body = await body_of(request)
        user, channel, text = _texts(body, "user", "channel", "text")
        thread_ts = str(body.get("thread_ts") or "")
        channel, message = writing.say(desk.workspace, user, channel, text, thread_ts)
    return answer(message=shown_message(desk.workspace, channel, message, message["ts"]))


async def post_file(desk: Desk, request: web.Request) -> web.Response:
    """Take a file for an input of a modal; it hangs in no channel."""
    fields, file = await _file_form(request)
    (user,) = _texts(fields, "user")
    document = writing.keep_file(desk.workspace, user, file.filename, file.data)
    return answer(file=desk.workspace.file(document))


async def post_command(desk: Desk, request: web.Request) -> web.Response:
    body = await body_of(request)
    _texts(body, "user", "channel", "text")
    return answer(**await run_command(desk.workspace, desk.postman, desk.faults, body))


async def post_click(desk: Desk, request: web.Request) -> web.Response:
    body = await body_of(request)
    return answer(**await click(desk.workspace, desk.postman, desk.faults, body))


async def post_submit(desk: Desk, request: web.Request) -> web.Response:
    told = await submit(desk.workspace, desk.postman, desk.faults, await body_of(request))
    return answer(**told | {"view": shown_view(desk.workspace, told["view"])})


async def post_close(desk: Desk, request: web.Request) -> web.Response:
    return answer(**await close(desk.workspace, desk.postman, await body_of(request)))


async def post_home(desk: Desk, request: web.Request) -> web.Response:
    (user,) = _texts(await body_of(request), "user")
    view = writing.open_home(desk.workspace, user)
    return answer(view=shown_view(desk.workspace, view))


async def post_shortcut(desk: Desk, request: web.Request) -> web.Response:
    body = await body_of(request)
    return answer(**await run_shortcut(desk.workspace, desk.postman, desk.faults, body))


async def post_suggest(desk: Desk, request: web.Request) -> web.Response:
    return answer(**await suggest(desk.workspace, desk.postman, await body_of(request)))


async def post_read(desk: Desk, request: web.Request) -> web.Response:
    user, where = _texts(await body_of(request), "user", "channel")
    channel = visible_channel(desk.workspace, where, user)["id"]
    desk.workspace.channels.mark_read(channel, user, desk.workspace.messages.latest(channel))
    desk.workspace.feed.publish(Change("channel", channel=channel, user=user))
    return answer()


async def post_group(desk: Desk, request: web.Request) -> web.Response:
    body = await body_of(request)
    users = body.get("users")
    if not isinstance(users, list):
        raise ControlError("no_users", "'users' must be a list of user ids.")
    members = [str(user) for user in users]
    group = writing.change_group(desk.workspace, str(body.get("group", "")), members)
    return answer(group=group)


async def post_user(desk: Desk, request: web.Request) -> web.Response:
    body = await body_of(request)
    return answer(user=writing.change_user(desk.workspace, *_changed(body, "id")))


async def post_change_file(desk: Desk, request: web.Request) -> web.Response:
    body = await body_of(request)
    return answer(file=writing.change_file(desk.workspace, *_changed(body, "id")))


def _changed(body: Json, name: str) -> tuple[str, Json]:
    """What is to be changed, and how."""
    changes = body.get("changes")
    if not isinstance(changes, dict):
        raise ControlError("no_changes", "'changes' must be an object.")
    return str(body.get(name, "")), changes


async def post_mail(desk: Desk, request: web.Request) -> web.Response:
    mail = desk.workspace.mails.add({"at": desk.workspace.clock.now(), **await body_of(request)})
    desk.workspace.feed.publish(Change("mail", id=str(mail["n"])))
    return answer(mail=mail)


async def post_delivery(desk: Desk, request: web.Request) -> web.Response:
    """Deliver a payload just as it is given: forged, stale or repeated ones, for tests."""
    body = await body_of(request)
    kind, payload = body.get("kind"), body.get("payload")
    if kind not in ("slash_commands", "interactive", "events_api") or not isinstance(payload, dict):
        raise ControlError("invalid_delivery", "It takes 'kind' and 'payload'.")
    receipt = await desk.postman.deliver(
        Envelope(kind, payload, wants_reply=bool(body.get("wants_reply")))
    )
    return answer(
        delivered=receipt.delivered,
        acked=receipt.acked,
        milliseconds=receipt.milliseconds,
        reply=receipt.reply,
    )


async def put_request_url(desk: Desk, request: web.Request) -> web.Response:
    """Verify a request URL with a challenge; from then on the bot is reached there."""
    url = str((await body_of(request)).get("url", ""))
    problem = await desk.webhook.verify(url)
    if problem:
        raise ControlError("url_not_verified", f"{url} was not verified: {problem}.")
    desk.webhook.request_url = url
    desk.postman.transport = desk.webhook
    return answer()


async def post_reset(desk: Desk, _request: web.Request) -> web.Response:
    desk.faults.clear()
    desk.journal.clear()
    desk.workspace.reset()
    return answer()


async def _post_file(desk: Desk, request: web.Request) -> tuple[str, Json]:
    fields, file = await _file_form(request)
    user, channel = _texts(fields, "user", "channel")
    text, thread_ts = fields.get("text", ""), fields.get("thread_ts", "")
    return writing.share_file(
        desk.workspace, user, channel, file.filename, file.data, text=text, thread_ts=thread_ts
    )


async def _file_form(request: web.Request) -> tuple[dict[str, str], Part]:
    try:
        parts = await read_form(request, LARGEST_UPLOAD)
    except BrokenFormError as error:
        raise ControlError("invalid_form", "The form is broken.") from error
    fields = {part.name: part.text for part in parts if not part.filename}
    file = next((part for part in parts if part.filename), None)
    if file is None:
        raise ControlError("no_file", "The form has no part with a file name.")
    return fields, file


def _texts(body: Json, *names: str) -> list[str]:
    """The named fields as text, each of which must be there."""
    for name in names:
        if not isinstance(body.get(name), str):
            raise ControlError("missing_field", f"'{name}' is missing.")
    return [body[name] for name in names]
