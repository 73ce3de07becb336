"""Messages, and the threads they hang in."""

from playground.clock import Clock
from playground.http.wire import Json, dumps
from playground.store.database import Database

_PUT = "INSERT OR REPLACE INTO messages VALUES (?, ?, ?, ?, ?, ?)"


class Messages:
    """Messages as Slack's message objects; `ts` is unique in its channel and only grows."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._last_ts: dict[str, int] = {}

    def next_ts(self, channel: str) -> str:
        """The ts of a message posted now."""
        last = self._last_ts.get(channel)
        if last is None:
            row = self._database.one("SELECT max(ts) FROM messages WHERE channel = ?", channel)
            last = _micros(row[0]) if row and row[0] else 0
        micros = max(int(self._clock.now() * 1_000_000), last + 1)
        self._last_ts[channel] = micros
        return f"{micros // 1_000_000}.{micros % 1_000_000:06d}"

    def get(self, channel: str, ts: str) -> Json | None:
        """The message with that ts."""
        query = "SELECT doc FROM messages WHERE channel = ? AND ts = ?"
        return self._database.document(query, channel, ts)

    def put(self, channel: str, message: Json) -> None:
        """Store a message, new or changed."""
        self._database.run(_PUT, *_row(channel, message))

    def remove(self, channel: str, ts: str) -> None:
        """Forget a message."""
        self._database.run("DELETE FROM messages WHERE channel = ? AND ts = ?", channel, ts)

    def history(
        self,
        channel: str,
        oldest: str,
        latest: str,
        limit: int,
        *,
        with_oldest: bool = False,
        with_latest: bool = False,
    ) -> list[Json]:
        """What the channel itself shows (no thread replies but broadcast ones), newest first."""
        more, less = ">=" if with_oldest else ">", "<=" if with_latest else "<"
        return self._database.documents(
            "SELECT doc FROM messages WHERE channel = ? AND top = 1"  # noqa: S608 - two operators
            f" AND ts {more} ? AND ts {less} ? ORDER BY ts DESC LIMIT ?",
            channel,
            oldest,
            latest,
            limit,
        )

    def replies(self, channel: str, thread_ts: str, oldest: str, limit: int) -> list[Json]:
        """The replies after `oldest`, oldest first, without the message they hang under."""
        return self._database.documents(
            "SELECT doc FROM messages WHERE channel = ? AND thread_ts = ? AND ts > ? AND ts != ?"
            " ORDER BY ts LIMIT ?",
            channel,
            thread_ts,
            oldest,
            thread_ts,
            limit,
        )

    def unread(self, channel: str, user: str, since: str) -> int:
        """How many messages of others the channel shows since a ts."""
        row = self._database.one(
            "SELECT count(*) FROM messages WHERE channel = ? AND top = 1 AND ts > ?"
            " AND author != ?",
            channel,
            since,
            user,
        )
        return int(row[0]) if row else 0

    def latest(self, channel: str) -> str:
        """The ts of the newest message, `0` in an empty channel."""
        row = self._database.one("SELECT max(ts) FROM messages WHERE channel = ?", channel)
        return str(row[0]) if row and row[0] else "0"

    def count_replies(self, channel: str, parent: Json) -> Json:
        """The parent with its reply figures brought up to date, stored."""
        authors = self._database.all(
            "SELECT author, ts FROM messages WHERE channel = ? AND thread_ts = ? AND ts != ?"
            " ORDER BY ts",
            channel,
            parent["ts"],
            parent["ts"],
        )
        parent = dict(parent)
        for name in ("reply_count", "reply_users", "reply_users_count", "latest_reply"):
            parent.pop(name, None)
        if authors:
            users = list(dict.fromkeys(author for author, _ in authors))
            parent |= {
                "thread_ts": parent["ts"],
                "reply_count": len(authors),
                "reply_users_count": len(users),
                "latest_reply": authors[-1][1],
                "reply_users": users[:5],
                "is_locked": False,
                "subscribed": False,
            }
        self.put(channel, parent)
        return parent


def _row(channel: str, message: Json) -> tuple[str, str, str | None, int, str, str]:
    thread_ts = message.get("thread_ts")
    is_top = thread_ts in (None, message["ts"]) or message.get("subtype") == "thread_broadcast"
    author = message.get("user") or message.get("bot_id") or ""
    return channel, message["ts"], thread_ts, int(is_top), author, dumps(message)


def _micros(ts: str) -> int:
    seconds, _, fraction = ts.partition(".")
    return int(seconds) * 1_000_000 + int(fraction or 0)
