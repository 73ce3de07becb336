"""Who acts, and what every payload says of them."""

from playground.errors import ControlError
from playground.http.wire import Json
from playground.store.channels import kind_of
from playground.workspace import Workspace


def acting(workspace: Workspace, user_id: str) -> Json:
    """The person of that id, who must exist and be active."""
    user = workspace.people.user(user_id)
    if user is None:
        raise ControlError("user_not_found", f"There is nobody with the id {user_id!r}.", 404)
    if user["deleted"]:
        raise ControlError("user_deactivated", f"{user['real_name']} is deactivated.", 403)
    return user


def visible_channel(workspace: Workspace, reference: str, user_id: str) -> Json:
    """The conversation by id or name, which the person must be able to see."""
    channel = workspace.channels.find(reference)
    if channel is None:
        raise ControlError("channel_not_found", f"There is no channel {reference!r}.", 404)
    is_member = workspace.channels.has_member(channel["id"], user_id)
    if is_member or (kind_of(channel) == "channel" and not _is_guest(workspace, user_id)):
        return channel
    raise ControlError("not_in_channel", f"{user_id} cannot see {channel['id']}.", 403)


def envelope_base(workspace: Workspace, user: Json) -> Json:
    """The fields every interaction payload begins with."""
    config = workspace.config
    return {
        "team": {"id": config.team.id, "domain": config.team.domain},
        "user": {
            "id": user["id"],
            "username": user["name"],
            "name": user["name"],
            "team_id": user["team_id"],
        },
        "api_app_id": config.app.id,
        "token": config.app.verification_token,
        "enterprise": {"id": config.team.enterprise_id} if config.team.enterprise_id else None,
        "is_enterprise_install": False,
    }


def brief_channel(channel: Json) -> Json:
    """A conversation as payloads name it."""
    kind = kind_of(channel)
    if kind == "im":
        return {"id": channel["id"], "name": "directmessage"}
    if kind == "group":
        return {"id": channel["id"], "name": "privategroup"}
    return {"id": channel["id"], "name": channel["name"]}


def now_ts(workspace: Workspace) -> str:
    """The moment as `action_ts` and `event_ts` carry it."""
    return f"{workspace.clock.now():.6f}"


def _is_guest(workspace: Workspace, user_id: str) -> bool:
    user = workspace.people.user(user_id)
    return user is not None and bool(user["is_restricted"] or user["is_stranger"])
