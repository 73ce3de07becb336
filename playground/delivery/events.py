"""The Events API: what the bot is told without having asked."""

from playground.delivery.postman import Postman
from playground.feed import Change
from playground.http.wire import Json
from playground.ids import new_id, new_secret
from playground.store.channels import kind_of
from playground.workspace import Workspace

_SUBSCRIPTIONS = {
    "channel": "message.channels",
    "group": "message.groups",
    "im": "message.im",
    "mpim": "message.mpim",
}


class Events:
    """Turns changes of the workspace into events, as far as the manifest subscribes to them."""

    def __init__(self, workspace: Workspace, postman: Postman) -> None:
        self._workspace = workspace
        self._postman = postman
        self._silence = workspace.feed.listen(self.on_change)

    def close(self) -> None:
        """Tell the bot nothing more."""
        self._silence()

    def on_change(self, change: Change) -> None:
        """Send whatever events follow from a change."""
        if not change.document:
            return
        if change.kind in ("message", "changed", "deleted"):
            self._on_message(change)
        elif change.kind == "group":
            self._on_group(change)
        elif change.kind == "opened":
            self._on_home(change)

    def _on_message(self, change: Change) -> None:
        channel = self._workspace.channels.get(change.channel)
        bot = self._workspace.config.app.bot_user
        if channel is None or not self._workspace.channels.has_member(change.channel, bot):
            return
        event = self._message_event(change) | {
            "channel": change.channel,
            "channel_type": kind_of(channel),
            "event_ts": self._event_ts() if change.kind != "message" else change.ts,
        }
        shared = bool(channel["is_ext_shared"])
        self._send(_SUBSCRIPTIONS[kind_of(channel)], event, shared)
        if change.kind == "message" and self._mentions_app(change.document, kind_of(channel)):
            self._send("app_mention", _as_mention(event), shared)

    def _message_event(self, change: Change) -> Json:
        message = self._workspace.shown(change.document)
        if change.kind == "message":
            return message
        previous = {"type": "message", "hidden": True, "previous_message": change.previous}
        if change.kind == "deleted":
            deleted = {"subtype": "message_deleted", "deleted_ts": change.ts}
            return previous | deleted | {"ts": self._event_ts()}
        changed = {"subtype": "message_changed", "message": message}
        return previous | changed | {"ts": self._event_ts()}

    def _mentions_app(self, message: Json, kind: str) -> bool:
        app = self._workspace.config.app
        is_own = message.get("bot_id") == app.bot_id
        return kind != "im" and not is_own and f"<@{app.bot_user}>" in message.get("text", "")

    def _on_group(self, change: Change) -> None:
        before, now = set(change.previous["users"]), set(change.document["users"])
        event = {
            "type": "subteam_members_changed",
            "subteam_id": change.id,
            "team_id": self._workspace.config.team.id,
            "date_previous_update": change.previous["date_update"],
            "date_update": change.document["date_update"],
            "added_users": sorted(now - before),
            "added_users_count": len(now - before),
            "removed_users": sorted(before - now),
            "removed_users_count": len(before - now),
            "event_ts": self._event_ts(),
        }
        self._send("subteam_members_changed", event)

    def _on_home(self, change: Change) -> None:
        event: Json = {
            "type": "app_home_opened",
            "user": change.user,
            "channel": change.channel,
            "tab": "home",
            "event_ts": self._event_ts(),
        }
        view = self._workspace.views.home(change.user)
        self._send("app_home_opened", event | ({"view": view} if view else {}))

    def _send(self, subscription: str, event: Json, is_shared: bool = False) -> None:
        wanted = self._workspace.manifest.events
        if wanted is None or subscription in wanted:
            self._postman.post(self._wrapped(event, is_shared))

    def _wrapped(self, event: Json, is_shared: bool) -> Json:
        config = self._workspace.config
        authorization = {
            "enterprise_id": None,
            "team_id": config.team.id,
            "user_id": config.app.bot_user,
            "is_bot": True,
            "is_enterprise_install": False,
        }
        return {
            "token": config.app.verification_token,
            "team_id": config.team.id,
            "context_team_id": config.team.id,
            "context_enterprise_id": None,
            "api_app_id": config.app.id,
            "event": event,
            "type": "event_callback",
            "event_id": new_id("Ev"),
            "event_time": int(self._workspace.clock.now()),
            "authorizations": [authorization],
            "is_ext_shared_channel": is_shared,
            "event_context": f"4-{new_secret(40)}",
        }

    def _event_ts(self) -> str:
        return f"{self._workspace.clock.now():.6f}"


def _as_mention(event: Json) -> Json:
    dropped = ("channel_type", "subtype")
    return {name: value for name, value in event.items() if name not in dropped} | {
        "type": "app_mention"
    }
