"""The keys that say a payload is ours: made at the first start, rotated, shared by every process.

One file, readable by its owner only. Every bot, worker, scheduler and command line of an
installation needs the same one; each reads it again when it has changed.
"""

import base64
import contextlib
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError, field_serializer, field_validator

from storage._owner_file import OpenToOthers, read_owned, write_owned
from storage.errors import MacKeysUnusable

FILE = "payload-mac.json"
KEY_BYTES = 32
UNDER_WAY = timedelta(days=1)
"""How long messages made with a key still count after its rotation."""
AT_ONCE = timedelta(minutes=1)
"""The same for a key that others know: until every process has read the file again."""
FOREVER = float("inf")
NEVER = 0.0


class MacKey(BaseModel):
    """One key. What is made with it counts in messages of before `until` (UTC), None for always."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    secret: bytes
    until: datetime | None = None

    @classmethod
    def fresh(cls, now: datetime) -> Self:
        """A new one, named by the moment."""
        name = f"{now:%Y-%m-%dT%H:%M:%S}-{secrets.token_hex(3)}"
        return cls(id=name, secret=secrets.token_bytes(KEY_BYTES))

    @field_validator("secret", mode="before")
    @classmethod
    def _decoded(cls, given: object) -> object:
        return base64.b64decode(given, validate=True) if isinstance(given, str) else given

    @field_validator("secret")
    @classmethod
    def _long_enough(cls, secret: bytes) -> bytes:
        if len(secret) < KEY_BYTES:
            raise ValueError(f"a key has {KEY_BYTES} bytes")
        return secret

    @field_serializer("secret")
    def _encoded(self, secret: bytes) -> str:
        return base64.b64encode(secret).decode()

    def counts_until(self) -> float:
        """The same in seconds since 1970."""
        return FOREVER if self.until is None else self.until.timestamp()


class MacKeyRing(BaseModel):
    """All keys, the current one last. Retired ones stay: histories made with them are read again.

    `plain_until` is set where an installation from before there were keys went on with them: what
    its workflows were sent before that moment carries no MAC.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    keys: tuple[MacKey, ...]
    plain_until: datetime | None = None

    @field_validator("keys")
    @classmethod
    def _not_empty(cls, keys: tuple[MacKey, ...]) -> tuple[MacKey, ...]:
        if not keys or keys[-1].until is not None:
            raise ValueError("the last key has to be in use")
        return keys

    @property
    def current(self) -> MacKey:
        """What new payloads are signed with."""
        return self.keys[-1]

    def find(self, key_id: str) -> MacKey | None:
        """The key of this name."""
        return next((key for key in self.keys if key.id == key_id), None)

    def plain_counts_until(self) -> float:
        """The end of what counts without a MAC, in seconds since 1970."""
        return NEVER if self.plain_until is None else self.plain_until.timestamp()

    def rotated(self, now: datetime, still: timedelta = UNDER_WAY) -> Self:
        """With a new key; what is made with the current one counts for as long as `still`."""
        retired = self.current.model_copy(update={"until": now + still})
        keys = (*self.keys[:-1], retired, MacKey.fresh(now))
        return self.model_copy(update={"keys": keys})


class MacKeyFile:
    """The ring in its file. Raises `MacKeysUnusable` when it cannot be read or others may read it.

    `kept` makes it at the first start; of several processes that start at once, one does.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int] = (0, 0)
        self._ring = self._read()

    @classmethod
    def kept(cls, path: Path, *, older: bool = False) -> Self:
        """The file at `path`. `older`: this installation has worked without it until now."""
        if not path.exists():
            now = datetime.now(UTC)
            ring = MacKeyRing(keys=(MacKey.fresh(now),), plain_until=now if older else None)
            write_owned(path, ring.model_dump_json(indent=1), replace=False)
        return cls(path)

    def ring(self) -> MacKeyRing:
        """The keys as they are now; those read before, while the file cannot be read."""
        try:
            stat = self._path.stat()
        except OSError:
            return self._ring
        if self._seen != (stat.st_mtime_ns, stat.st_ino):
            with contextlib.suppress(MacKeysUnusable):  # half copied, say: read again next time
                self._ring = self._read()
        return self._ring

    def rotate(self, still: timedelta = UNDER_WAY) -> MacKeyRing:
        """Make a new key, and keep the others for what was made with them."""
        ring = self.ring().rotated(datetime.now(UTC), still)
        write_owned(self._path, ring.model_dump_json(indent=1), replace=True)
        return self.ring()

    def _read(self) -> MacKeyRing:
        try:
            text, stat = read_owned(self._path)
        except OSError as error:
            raise MacKeysUnusable(str(self._path), error.strerror or "unreadable") from None
        except OpenToOthers:
            raise MacKeysUnusable(
                str(self._path), "other users may read it", "run 'chmod 600' on"
            ) from None
        try:
            ring = MacKeyRing.model_validate_json(text)
        except ValidationError:
            raise MacKeysUnusable(str(self._path), "it holds no keys of ours") from None
        self._seen = (stat.st_mtime_ns, stat.st_ino)
        return ring
