"""E-mail that was sent to people of the workspace."""

import json

from playground.http.wire import Json, dumps
from playground.store.database import Database


class Mails:
    """Mails as `{from, to[], subject, text, html, headers, at}`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, mail: Json) -> Json:
        """Keep a mail; what was kept, with its number `n`."""
        number = self._database.insert("INSERT INTO mails (doc) VALUES (?)", dumps(mail))
        return mail | {"n": number}

    def all(self) -> list[Json]:
        """Every mail, oldest first."""
        rows = self._database.all("SELECT n, doc FROM mails ORDER BY n")
        return [json.loads(doc) | {"n": number} for number, doc in rows]

    def count(self) -> int:
        """How many there are."""
        row = self._database.one("SELECT count(*) FROM mails")
        return int(row[0]) if row else 0
