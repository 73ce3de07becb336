"""Channels, direct messages, who is in them and how far they have read."""

from collections.abc import Iterable

from playground.config import AppConfig, ChannelConfig
from playground.http.wire import Json, dumps
from playground.ids import new_id
from playground.store.database import Database


class Channels:
    """Channels as Slack's conversation objects. `kind` is channel, group, im or mpim."""

    def __init__(self, database: Database, team_id: str) -> None:
        self._database = database
        self._team_id = team_id

    def seed(self, channels: Iterable[ChannelConfig], regulars: list[str], app: AppConfig) -> None:
        """Add the channels that are new, with their members."""
        for channel in channels:
            if self.get(channel.id):
                continue
            kind = "group" if channel.is_private else "channel"
            self._insert(channel.id, channel.name, kind, self._document(channel))
            members = list(regulars if channel.members is None else channel.members)
            for user in members + ([app.bot_user] if channel.has_app else []):
                self.join(channel.id, user)

    def get(self, channel_id: str) -> Json | None:
        """The conversation of that id."""
        return self._database.document("SELECT doc FROM channels WHERE id = ?", channel_id)

    def find(self, reference: str) -> Json | None:
        """The conversation by id, or by name with or without `#`."""
        found = self.get(reference)
        if found or not reference:
            return found
        return self._database.document(
            "SELECT doc FROM channels WHERE name = ? AND kind IN ('channel', 'group')",
            reference.removeprefix("#"),
        )

    def all(self) -> list[Json]:
        """Every conversation, in the order of their ids."""
        return self._database.documents("SELECT doc FROM channels ORDER BY id")

    def of(self, user: str) -> list[Json]:
        """The conversations a person is in."""
        return self._database.documents(
            "SELECT doc FROM channels JOIN members ON members.channel = channels.id"
            " WHERE members.user = ? ORDER BY channels.id",
            user,
        )

    def members(self, channel_id: str) -> list[str]:
        """The ids of everybody in it."""
        rows = self._database.all(
            "SELECT user FROM members WHERE channel = ? ORDER BY user", channel_id
        )
        return [user for (user,) in rows]

    def has_member(self, channel_id: str, user: str) -> bool:
        """Whether that person is in it."""
        query = "SELECT 1 FROM members WHERE channel = ? AND user = ?"
        return self._database.one(query, channel_id, user) is not None

    def join(self, channel_id: str, user: str) -> bool:
        """Put a person in it; False when they were there already."""
        statement = "INSERT OR IGNORE INTO members (channel, user) VALUES (?, ?)"
        return self._database.run(statement, channel_id, user) > 0

    def open_direct(self, users: list[str]) -> tuple[Json, bool]:
        """The direct conversation of exactly these people, and whether it existed before."""
        name = "-".join(sorted(set(users)))
        known = self._database.document(
            "SELECT doc FROM channels WHERE name = ? AND kind IN ('im', 'mpim')", name
        )
        if known:
            return known, True
        kind = "im" if len(set(users)) <= 2 else "mpim"
        document = self._direct(new_id("D" if kind == "im" else "G"), kind, users)
        self._insert(document["id"], name, kind, document)
        for user in set(users):
            self.join(document["id"], user)
        return document, False

    def last_read(self, channel_id: str, user: str) -> str:
        """The ts up to which a person has read; `0` when never."""
        query = "SELECT last_read FROM members WHERE channel = ? AND user = ?"
        row = self._database.one(query, channel_id, user)
        return str(row[0]) if row else "0"

    def mark_read(self, channel_id: str, user: str, ts: str) -> None:
        """Remember that a person has read everything up to a ts."""
        self._database.run(
            "UPDATE members SET last_read = max(last_read, ?) WHERE channel = ? AND user = ?",
            ts,
            channel_id,
            user,
        )

    def _insert(self, channel_id: str, name: str, kind: str, document: Json) -> None:
        self._database.run(
            "INSERT INTO channels VALUES (?, ?, ?, ?)", channel_id, name, kind, dumps(document)
        )

    def _document(self, channel: ChannelConfig) -> Json:
        return _conversation(channel.id, "group" if channel.is_private else "channel") | {
            "name": channel.name,
            "name_normalized": channel.name,
            "is_general": channel.is_general,
            "is_archived": channel.is_archived,
            "is_shared": channel.is_ext_shared,
            "is_ext_shared": channel.is_ext_shared,
            "context_team_id": self._team_id,
            "topic": {"value": channel.topic, "creator": "", "last_set": 0},
            "purpose": {"value": "", "creator": "", "last_set": 0},
        }

    def _direct(self, channel_id: str, kind: str, users: list[str]) -> Json:
        document = _conversation(channel_id, kind) | {"context_team_id": self._team_id}
        if kind == "im":
            return document | {"users": sorted(set(users)), "is_open": True}
        name = "mpdm-" + "--".join(sorted(set(users))).lower() + "-1"
        return document | {"name": name, "users": sorted(set(users)), "is_open": True}


def kind_of(channel: Json) -> str:
    """channel, group, im or mpim, as events name it in `channel_type`."""
    if channel["is_im"]:
        return "im"
    if channel["is_mpim"]:
        return "mpim"
    return "group" if channel["is_private"] else "channel"


def _conversation(channel_id: str, kind: str) -> Json:
    return {
        "id": channel_id,
        "created": 1_700_000_000,
        "is_channel": kind == "channel",
        "is_group": kind == "group",
        "is_im": kind == "im",
        "is_mpim": kind == "mpim",
        "is_private": kind != "channel",
        "is_archived": False,
        "is_shared": False,
        "is_ext_shared": False,
        "is_org_shared": False,
    }
