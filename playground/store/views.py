"""Views: the stack of modals each person has open, and each person's Home."""

from playground.http.wire import Json, dumps
from playground.store.database import Database


class Views:
    """Views as Slack's view objects."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, view_id: str) -> Json | None:
        """The view of that id, modal or Home."""
        return self._database.document("SELECT doc FROM views WHERE id = ?", view_id)

    def owner(self, view_id: str) -> str:
        """The person who sees it."""
        row = self._database.one("SELECT user FROM views WHERE id = ?", view_id)
        return str(row[0]) if row else ""

    def by_external_id(self, external_id: str) -> Json | None:
        """The view the app named so."""
        views = self._database.documents("SELECT doc FROM views")
        return next((view for view in views if view.get("external_id") == external_id), None)

    def stack(self, user: str) -> list[Json]:
        """The modals a person has open, topmost last."""
        return self._database.documents(
            "SELECT doc FROM views WHERE user = ? AND type = 'modal' ORDER BY position", user
        )

    def home(self, user: str) -> Json | None:
        """What was published to a person's Home."""
        return self._database.document(
            "SELECT doc FROM views WHERE user = ? AND type = 'home'", user
        )

    def put(self, user: str, view: Json) -> None:
        """Store a view: a new modal goes on top, a known one keeps its place."""
        row = self._database.one("SELECT position FROM views WHERE id = ?", view["id"])
        position = row[0] if row else len(self.stack(user))
        self._database.run(
            "INSERT OR REPLACE INTO views VALUES (?, ?, ?, ?, ?)",
            view["id"],
            user,
            view["type"],
            position,
            dumps(view),
        )

    def remove(self, view_id: str) -> None:
        """Take a view away."""
        self._database.run("DELETE FROM views WHERE id = ?", view_id)

    def clear(self, user: str) -> None:
        """Close every modal of a person."""
        self._database.run("DELETE FROM views WHERE user = ? AND type = 'modal'", user)
