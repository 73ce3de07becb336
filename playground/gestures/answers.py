"""Answers to a gesture: in the ack of a command, or to a response URL."""

from typing import Any

from aiohttp import web

from playground.api.arguments import LARGEST_BODY, Arguments, read_arguments
from playground.api.draft import content, identity
from playground.errors import SlackError
from playground.gestures.triggers import ResponseTarget
from playground.http.wire import Json, MalformedJsonError, loads
from playground.workspace import Workspace


async def handle_response_url(workspace: Workspace, request: web.Request) -> web.Response:
    """Take one answer; 404 with the reason when the address is spent or gone."""
    try:
        body = await _body(request.clone(client_max_size=LARGEST_BODY))
        reply = workspace.response_urls.use(request.match_info["secret"])
        answer(workspace, reply, body)
    except SlackError as error:
        is_gone = error.code in ("expired_url", "used_url")
        refusal = {"ok": False, "error": error.code, **error.extra}
        return web.json_response(refusal, status=404 if is_gone else 400)
    return web.Response(text="ok")


def answer(workspace: Workspace, reply: ResponseTarget, body: Any) -> None:
    """Do what the answer says: delete, replace, or post for one or for all."""
    if isinstance(body, str):
        body = {"text": body}
    if not isinstance(body, dict) or not body:
        return
    arguments = Arguments(body)
    if arguments.flag("delete_original"):
        _delete(workspace, reply)
        return
    fields = content(arguments)
    if not any(fields.get(name) for name in ("text", "blocks", "attachments")):
        raise SlackError("no_text")
    if arguments.flag("replace_original") and reply.ts:
        _replace(workspace, reply, fields)
    else:
        _post(workspace, reply, fields, arguments)


def _delete(workspace: Workspace, reply: ResponseTarget) -> None:
    if reply.is_ephemeral:
        workspace.remove_ephemeral(reply.channel, reply.ts)
    elif reply.ts:
        _need_own(workspace, workspace.messages.get(reply.channel, reply.ts))
        workspace.delete(reply.channel, reply.ts)


def _replace(workspace: Workspace, reply: ResponseTarget, fields: Json) -> None:
    replaced = ("text", "blocks", "attachments", "metadata")
    known = workspace.ephemerals if reply.is_ephemeral else workspace.messages
    message = known.get(reply.channel, reply.ts)
    if message is None:
        raise SlackError("message_not_found")
    _need_own(workspace, message)
    kept = {name: value for name, value in message.items() if name not in replaced}
    changed = {"text": "", **kept, **fields}
    if reply.is_ephemeral:
        workspace.replace_ephemeral(reply.channel, changed)
        return
    bot = workspace.config.app.bot_user
    edited = {"user": bot, "ts": f"{workspace.clock.now():.0f}.000000"}
    workspace.change(reply.channel, changed | {"edited": edited})


def _need_own(workspace: Workspace, message: Json | None) -> None:
    """An app changes its own messages only, whoever used them."""
    if message and message.get("bot_id") != workspace.config.app.bot_id:
        raise SlackError("cant_update_message")


def _post(workspace: Workspace, reply: ResponseTarget, fields: Json, arguments: Arguments) -> None:
    message = {"text": "", **identity(workspace.config, Arguments({})), **fields}
    thread_ts = arguments.text("thread_ts") or reply.thread_ts
    if thread_ts:
        message["thread_ts"] = thread_ts
    if arguments.text("response_type") == "in_channel":
        workspace.post(reply.channel, message)
    else:
        workspace.post_ephemeral(reply.channel, reply.user, message)


async def _body(request: web.Request) -> Any:
    """JSON is the rule; a form with `payload` is what old clients send."""
    if request.content_type == "application/x-www-form-urlencoded":
        fields = await read_arguments(request)
        return loads(fields["payload"]) if "payload" in fields else fields
    try:
        return loads(await request.read())
    except MalformedJsonError as error:
        raise SlackError("invalid_payload") from error
