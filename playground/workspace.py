"""The workspace: everything in it, and the few things that can happen to a message."""

from pathlib import Path

from playground.clock import Clock
from playground.config import PlaygroundConfig
from playground.ephemerals import Ephemerals
from playground.feed import Change, Feed
from playground.gestures.triggers import ResponseUrls, Triggers
from playground.http.wire import Json
from playground.manifest import load_manifest
from playground.store.channels import Channels
from playground.store.database import Database
from playground.store.files import Files, addressed
from playground.store.mails import Mails
from playground.store.messages import Messages
from playground.store.people import People
from playground.store.scheduled import Scheduled
from playground.store.views import Views

SLACKBOT = "USLACKBOT"


class Workspace:
    """State in SQLite; whatever changes is published to `feed`.

    `url` is where the playground listens, known once it does.
    """

    def __init__(self, config: PlaygroundConfig, state: Path | None, clock: Clock) -> None:
        self.config = config
        self.manifest = load_manifest(config.manifest)
        self.clock = clock
        self.url = ""
        self.feed = Feed()
        self.database = Database(state)
        self.people = People(self.database, config.team.id)
        self.channels = Channels(self.database, config.team.id)
        self.messages = Messages(self.database, clock)
        self.files = Files(self.database)
        self.views = Views(self.database)
        self.scheduled = Scheduled(self.database)
        self.mails = Mails(self.database)
        self.ephemerals = Ephemerals()
        self.triggers = Triggers(clock, config.trigger_seconds)
        self.response_urls = ResponseUrls(clock)
        self._seed()

    def _seed(self) -> None:
        config = self.config
        self.people.seed(config.users, config.groups, config.app)
        regulars = [
            user.id
            for user in config.users
            if not (user.deleted or user.is_restricted or user.is_ultra_restricted or user.is_bot)
            and user.team_id in (None, config.team.id)
        ]
        self.channels.seed(config.channels, regulars, config.app)

    def reset(self) -> None:
        """Empty the workspace, then fill it from the configuration again."""
        self.database.empty()
        self.messages = Messages(self.database, self.clock)
        self.ephemerals = Ephemerals()
        self._seed()
        self.feed.publish(Change("reload"))

    def close(self) -> None:
        self.database.close()

    def post(self, channel: str, message: Json) -> Json:
        """Add a message, giving it its ts; its thread's parent is brought up to date."""
        message = {"type": "message", **message, "ts": self.messages.next_ts(channel)}
        self.messages.put(channel, message)
        thread_ts = message.get("thread_ts")
        if thread_ts and thread_ts != message["ts"]:
            self._count_replies(channel, thread_ts)
        self._publish("message", channel, message)
        return message

    def change(self, channel: str, message: Json) -> Json:
        """Replace a message by the one with the same ts."""
        previous = self.messages.get(channel, message["ts"]) or {}
        self.messages.put(channel, message)
        self._publish("changed", channel, message, previous)
        return message

    def delete(self, channel: str, ts: str) -> None:
        """Remove a message; where replies hang under it, a tombstone stays."""
        message = self.messages.get(channel, ts)
        if message is None:
            return
        if message.get("reply_count"):
            self.messages.put(channel, _tombstone(message))
        else:
            self.messages.remove(channel, ts)
        thread_ts = message.get("thread_ts")
        if thread_ts and thread_ts != ts:
            self._count_replies(channel, thread_ts)
        self._publish("deleted", channel, message, message)

    def post_ephemeral(self, channel: str, user: str, message: Json) -> Json:
        """Show a message to one person."""
        ts = self.messages.next_ts(channel)
        message = {"type": "message", "is_ephemeral": True, **message, "ts": ts}
        message["ephemeral_for"] = user
        self.ephemerals.put(channel, message)
        self.feed.publish(Change("ephemeral", channel=channel, ts=ts, user=user))
        return message

    def replace_ephemeral(self, channel: str, message: Json) -> None:
        """Show an ephemeral message changed."""
        self.ephemerals.put(channel, message)
        user = message["ephemeral_for"]
        self.feed.publish(Change("ephemeral", channel=channel, ts=message["ts"], user=user))

    def remove_ephemeral(self, channel: str, ts: str) -> None:
        """Take an ephemeral message away."""
        message = self.ephemerals.get(channel, ts)
        if message is None:
            return
        self.ephemerals.remove(channel, ts)
        user = message["ephemeral_for"]
        self.feed.publish(Change("ephemeral", channel=channel, ts=ts, user=user))

    def file(self, document: Json) -> Json:
        """A file with the addresses it has now."""
        return addressed(document, self.url, self.config.team.id)

    def shown(self, message: Json) -> Json:
        """A message as it is given out: its files carry their addresses."""
        files = message.get("files")
        if not files:
            return message
        return message | {"files": [self.file(file) for file in files]}

    def user_name(self, user_id: str) -> str:
        """What the page shows for a user id."""
        if user_id == SLACKBOT:
            return "Slackbot"
        user = self.people.user(user_id)
        if user is None:
            return user_id
        return str(user["profile"]["display_name"] or user["real_name"] or user["name"])

    def channel_name(self, channel_id: str) -> str:
        """What the page shows for a channel id, without `#`."""
        channel = self.channels.get(channel_id)
        return str(channel.get("name", channel_id)) if channel else channel_id

    def group_name(self, group_id: str) -> str:
        """What the page shows for a user group id, without `@`."""
        group = self.people.group(group_id)
        return str(group["handle"]) if group else group_id

    def group_by_handle(self, handle: str) -> Json | None:
        """The user group called that."""
        groups = self.people.groups()
        return next((group for group in groups if group["handle"] == handle), None)

    def _count_replies(self, channel: str, thread_ts: str) -> None:
        parent = self.messages.get(channel, thread_ts)
        if parent is None:
            return
        parent = self.messages.count_replies(channel, parent)
        self.feed.publish(Change("changed", channel=channel, ts=thread_ts))

    def _publish(
        self, kind: str, channel: str, message: Json, previous: Json | None = None
    ) -> None:
        self.feed.publish(
            Change(
                kind,
                channel=channel,
                ts=message["ts"],
                thread_ts=message.get("thread_ts") or "",
                document=message,
                previous=previous or {},
            )
        )


def _tombstone(message: Json) -> Json:
    kept = {
        name: value for name, value in message.items() if name.startswith(("reply_", "latest_"))
    }
    return {
        "type": "message",
        "subtype": "tombstone",
        "text": "This message was deleted.",
        "user": SLACKBOT,
        "hidden": True,
        "ts": message["ts"],
        "thread_ts": message.get("thread_ts", message["ts"]),
        **kept,
    }
