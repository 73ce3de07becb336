"""`[storage]`: where things are kept, and for how long."""

from datetime import timedelta
from pathlib import Path

from pydantic import field_validator

from bot.config.sections.base import Section
from workflows.messages.durations import Duration


class StorageSettings(Section):
    """Where things are kept, relative to the settings file."""

    folder: Path = Path(".signoff")
    """Payload files, inbox, embedded databases, logs; relative to the settings file."""
    database: str = ""
    """SQLite in the folder, or for example `postgresql://user@host/name`, which needs the extra
    `postgres`."""
    anchors: Path = Path()
    """A file on another disk that the audit log's heads are written to; it shows a cut-off end or a
    restored backup."""
    encrypt_with: str = ""
    """The name of the key in `PAYLOAD_KEYS` that new payloads are encrypted with."""
    read_plain: bool = True
    """Whether payloads of ours from before encryption are still read. Others never are."""
    keep_unused: Duration = timedelta(days=7)
    """Payload files that no workflow refers to any more are removed after this time; `0` keeps all.
    """

    @field_validator("keep_unused")
    @classmethod
    def _long_enough(cls, keep: timedelta) -> timedelta:
        if timedelta(0) < keep < timedelta(hours=1):
            raise ValueError("give an hour or more, or 0 to keep all files")
        return keep
