"""Messages that wait for their time."""

from playground.http.wire import Json, dumps
from playground.store.database import Database


class Scheduled:
    """What `chat.scheduleMessage` took: the arguments, the channel and the time."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, message_id: str, post_at: int, document: Json) -> None:
        """Keep a message until its time."""
        self._database.run(
            "INSERT INTO scheduled VALUES (?, ?, ?)", message_id, post_at, dumps(document)
        )

    def remove(self, message_id: str) -> bool:
        """Drop a message; False when it is not there (any more)."""
        return self._database.run("DELETE FROM scheduled WHERE id = ?", message_id) > 0

    def get(self, message_id: str) -> Json | None:
        """The message of that id."""
        return self._database.document("SELECT doc FROM scheduled WHERE id = ?", message_id)

    def pending(self) -> list[tuple[str, int]]:
        """Ids and times, soonest first."""
        return self._database.all("SELECT id, post_at FROM scheduled ORDER BY post_at")
