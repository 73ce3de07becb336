"""Slash commands."""

from playground.delivery.envelope import Envelope
from playground.delivery.postman import Postman
from playground.errors import ControlError, SlackError
from playground.gestures.answers import answer
from playground.gestures.entities import mentions_linked
from playground.gestures.person import acting, brief_channel, visible_channel
from playground.gestures.triggering import response_url, trigger_id
from playground.gestures.triggers import ResponseTarget
from playground.http.wire import Json
from playground.testing.faults import Faults
from playground.workspace import SLACKBOT, Workspace


async def run_command(workspace: Workspace, postman: Postman, faults: Faults, body: Json) -> Json:
    """Send `/name arguments` to the bot and show what it answers."""
    user_id = str(body["user"])
    user = acting(workspace, user_id)
    channel = visible_channel(workspace, str(body["channel"]), user_id)
    name, _, arguments = str(body["text"]).strip().partition(" ")
    _check_command(workspace, name)
    reply = ResponseTarget(channel["id"], user_id)
    trigger = trigger_id(workspace, faults, user_id)
    payload = _payload(workspace, user, channel) | {
        "command": name,
        "text": _typed(workspace, name, arguments.strip()),
        "response_url": response_url(workspace, reply),
        "trigger_id": trigger,
    }
    receipt = await postman.deliver(Envelope("slash_commands", payload, wants_reply=True))
    if not receipt.acked:
        code = "operation_timeout" if receipt.delivered else "dispatch_failed"
        _tell(workspace, reply, f'{name} failed with the error "{code}"')
    elif receipt.reply:
        _show(workspace, reply, receipt.reply, name)
    return receipt.told(trigger) | {"response": receipt.reply}


def _check_command(workspace: Workspace, name: str) -> None:
    if not name.startswith("/") or len(name) < 2:
        raise ControlError("not_a_command", f"{name!r} does not begin with a slash.")
    commands = workspace.manifest.commands
    if commands and workspace.manifest.command(name) is None:
        known = ", ".join(command.name for command in commands)
        raise ControlError("unknown_command", f"{name} is not a valid command. Known: {known}.")


def _typed(workspace: Workspace, name: str, text: str) -> str:
    """What was typed; with `should_escape` in the manifest, mentions become entities."""
    command = workspace.manifest.command(name)
    if command is None or not command.should_escape:
        return text
    return mentions_linked(text, workspace.people.by_name, workspace.group_by_handle)


def _payload(workspace: Workspace, user: Json, channel: Json) -> Json:
    config = workspace.config
    where = brief_channel(channel)
    return {
        "token": config.app.verification_token,
        "team_id": config.team.id,
        "team_domain": config.team.domain,
        "channel_id": where["id"],
        "channel_name": where["name"],
        "user_id": user["id"],
        "user_name": user["name"],
        "api_app_id": config.app.id,
        "is_enterprise_install": "false",
    }


def _show(workspace: Workspace, reply: ResponseTarget, body: object, name: str) -> None:
    try:
        answer(workspace, reply, body)
    except SlackError as error:
        _tell(workspace, reply, f'{name} failed with the error "{error.code}"')


def _tell(workspace: Workspace, reply: ResponseTarget, text: str) -> None:
    """Say something as Slackbot, privately."""
    message = {"user": SLACKBOT, "text": text}
    workspace.post_ephemeral(reply.channel, reply.user, message)
