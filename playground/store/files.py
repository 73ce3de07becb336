"""Files: reserved by an upload URL, then filled, then shared."""

import mimetypes
from pathlib import PurePath

from playground.http.wire import Json, dumps
from playground.ids import new_id
from playground.store.database import Database

RESERVED, UPLOADED, SHARED = "reserved", "uploaded", "shared"


class Files:
    """Files as Slack's file objects. Addresses are added by `addressed`, never stored."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def reserve(self, name: str, size: int, user: str, created: int) -> Json:
        """A file that is announced but not there yet."""
        suffix = PurePath(name).suffix.removeprefix(".").lower() or "text"
        document = {
            "id": new_id("F"),
            "created": created,
            "timestamp": created,
            "name": name,
            "title": name,
            "mimetype": mimetypes.guess_type(name)[0] or "application/octet-stream",
            "filetype": suffix,
            "pretty_type": suffix.upper(),
            "user": user,
            "size": size,
            "mode": "hosted",
            "is_external": False,
            "is_public": False,
            "shares": {},
            "channels": [],
            "groups": [],
            "ims": [],
        }
        self._database.run(
            "INSERT INTO files VALUES (?, ?, ?, NULL)", document["id"], RESERVED, dumps(document)
        )
        return document

    def fill(self, file_id: str, data: bytes) -> None:
        """Store the bytes of a reserved file."""
        document = self.get(file_id)
        assert document is not None
        document["size"] = len(data)
        self._database.run(
            "UPDATE files SET state = ?, doc = ?, data = ? WHERE id = ?",
            UPLOADED,
            dumps(document),
            data,
            file_id,
        )

    def put(self, document: Json) -> None:
        """Store a changed document of a file that was shared."""
        self._database.run(
            "UPDATE files SET state = ?, doc = ? WHERE id = ?",
            SHARED,
            dumps(document),
            document["id"],
        )

    def get(self, file_id: str) -> Json | None:
        """The file of that id, whatever its state."""
        return self._database.document("SELECT doc FROM files WHERE id = ?", file_id)

    def shared(self) -> list[Json]:
        """Every file that was shared, newest first."""
        return self._database.documents(
            "SELECT doc FROM files WHERE state = ? ORDER BY rowid DESC", SHARED
        )

    def state(self, file_id: str) -> str | None:
        """`reserved`, `uploaded`, `shared`, or None for an unknown file."""
        row = self._database.one("SELECT state FROM files WHERE id = ?", file_id)
        return str(row[0]) if row else None

    def data(self, file_id: str) -> bytes | None:
        """The bytes, None when there are none (yet)."""
        row = self._database.one("SELECT data FROM files WHERE id = ?", file_id)
        return row[0] if row else None

    def remove(self, file_id: str) -> None:
        """Forget a file."""
        self._database.run("DELETE FROM files WHERE id = ?", file_id)


def addressed(document: Json, url: str, team_id: str) -> Json:
    """The file with the addresses under which this playground serves it."""
    path = f"{url}/files-pri/{team_id}-{document['id']}"
    if document["is_external"] and "url_private" in document:
        return document
    return document | {
        "url_private": f"{path}/{document['name']}",
        "url_private_download": f"{path}/download/{document['name']}",
        "permalink": f"{url}/files/{document['user']}/{document['id']}/{document['name']}",
    }
