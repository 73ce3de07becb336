"""The keys that sign the audit log: Ed25519, made at the first start, rotated, one file.

Which key signs next, the log says itself: the one of its last row, or the one that this row
introduces. The file only holds the keys, and with which row each of them began, so that nobody who
can write the database can make signing begin once more. See docs/adr/0024-audit-rows-are-signed.md.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from storage._owner_file import OpenToOthers, read_owned, write_owned
from storage.audit.signatures import (
    CHANGED,
    ED25519,
    PublicKey,
    Signatures,
    introduced,
    key_id,
    message,
    named_in,
)
from storage.audit.verify import row_hash
from storage.errors import AuditKeysUnusable, AuditNotContinued

FILE = "audit-signing.json"
_BYTES = 32


class Beginning(BaseModel):
    """The row that introduced a key."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seq: int
    hash: str


class AuditKey(BaseModel):
    """One key, in hex. Without `private` it is retired, and only verifies.

    `began` is None until the row that introduces it is known to be kept.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    public: str
    private: str | None = None
    began: Beginning | None = None

    @field_validator("public", "private")
    @classmethod
    def _sized(cls, given: str | None) -> str | None:
        if given is not None and len(bytes.fromhex(given)) != _BYTES:
            raise ValueError(f"a key has {_BYTES} bytes")
        return given

    @classmethod
    def fresh(cls) -> Self:
        """A new one."""
        key = Ed25519PrivateKey.generate()
        return cls(
            public=key.public_key().public_bytes_raw().hex(),
            private=key.private_bytes_raw().hex(),
        )

    @property
    def id(self) -> str:
        """Its name in `mac`."""
        return key_id(bytes.fromhex(self.public))

    def sign(self, digest: str) -> str:
        """The `mac` of a row with this hash. Needs `private`."""
        key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(self.private or ""))
        return f"{ED25519}{self.id}:{key.sign(message(digest)).hex()}"

    def retired(self) -> Self:
        """The same, to verify with."""
        return self.model_copy(update={"private": None})


class AuditKeyRing(BaseModel):
    """All keys, the newest last."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    keys: tuple[AuditKey, ...] = ()

    def find(self, name: str) -> AuditKey | None:
        """The key of this name."""
        return next((key for key in self.keys if key.id == name), None)

    @property
    def began(self) -> Beginning | None:
        """The first row that is known to be signed."""
        return next((key.began for key in self.keys if key.began), None)

    def with_key(self, key: AuditKey) -> Self:
        """And this one, in place of one that never began."""
        return self.model_copy(update={"keys": (*(k for k in self.keys if k.began), key)})

    def begun(self, name: str, beginning: Beginning) -> Self:
        """The key of this name began there; from then on no other one signs."""
        keys = (
            key.model_copy(update={"began": beginning}) if key.id == name else key.retired()
            for key in self.keys
        )
        return self.model_copy(update={"keys": tuple(keys)})

    def public(self) -> dict[str, PublicKey]:
        """What the verifier takes, by name; without keys that never began."""
        return {
            key.id: PublicKey(bytes.fromhex(key.public), (key.began.seq, key.began.hash))
            for key in self.keys
            if key.began
        }

    def document(self) -> str:
        """What may be given to others: public keys, and where they began."""
        keys = [key.retired().model_dump(exclude={"private"}) for key in self.keys if key.began]
        return json.dumps({"keys": keys}, indent=1)

    def after(self, last: Mapping[str, Any] | None) -> AuditKey | None:
        """The key that signs the row after `last`; None where signing has not begun.

        Raises `AuditNotContinued` for a last row that nobody here signed.
        """
        mac = str(last["mac"]) if last else ""
        if last is None or not mac.startswith(ED25519):
            if self.began is None:
                return None
            end = f"its last row, {last['seq']}, is not signed" if last else "it is empty"
            raise AuditNotContinued(f"{end}, although signing began at row {self.began.seq}")
        self._require_signed(last)
        name = named_in(mac)
        if last["kind"] == CHANGED:
            name = key_id(introduced(last["detail"]))
        key = self._known(name, last["seq"])
        if key.private is None:
            raise AuditNotContinued(
                f"its last row, {last['seq']}, is signed with key {name}, which was retired: "
                "an older copy was put back, or its end was cut off"
            )
        return key

    def vouch(self, row: Mapping[str, Any]) -> None:
        """See that a row is as it was written; raises `AuditNotContinued` otherwise.

        Whoever can write the database knows which ids come, and could have them there before.
        """
        seq, signed = row["seq"], str(row["mac"]).startswith(ED25519)
        unsigned = not signed and self.began is not None and seq >= self.began.seq
        if seq < 1 or unsigned or row_hash(row) != row["hash"]:
            raise AuditNotContinued(f"row {seq} is not as it was written")
        if signed:
            self._require_signed(row)

    def _require_signed(self, last: Mapping[str, Any]) -> None:
        seq, name = last["seq"], named_in(last["mac"])
        wrong: list[str] = []
        check = Signatures(lambda _, sentence: wrong.append(sentence), signer=name)
        check.trust(bytes.fromhex(self._known(name, seq).public))
        try:
            check.add({**last, "kind": ""})  # whatever it introduces, it is signed
        except ValueError:
            wrong.append("unreadable")
        if wrong or row_hash(last) != last["hash"]:
            raise AuditNotContinued(f"the signature of row {seq} does not match")

    def _known(self, name: str, seq: int) -> AuditKey:
        key = self.find(name)
        if key is None:
            raise AuditNotContinued(
                f"row {seq} is signed with key {name}, which this installation does not have",
                f"copy {FILE} from the storage folder of the machine that has it",
            )
        return key


class AuditKeyFile:
    """The ring in its file, read each time; it is written under the database's lock only.

    Raises `AuditKeysUnusable` when it cannot be read or others may read it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def ring(self) -> AuditKeyRing:
        """The keys as they are now; none where there is no file."""
        try:
            text, _ = read_owned(self._path)
            return AuditKeyRing.model_validate_json(text)
        except FileNotFoundError:
            return AuditKeyRing()
        except OSError as error:
            raise AuditKeysUnusable(str(self._path), error.strerror or "unreadable") from None
        except OpenToOthers:
            raise AuditKeysUnusable(
                str(self._path), "other users may read it", "run 'chmod 600' on"
            ) from None
        except ValidationError:
            raise AuditKeysUnusable(str(self._path), "it holds no keys of ours") from None

    def write(self, ring: AuditKeyRing) -> AuditKeyRing:
        """Put the ring in place of what is there."""
        write_owned(self._path, ring.model_dump_json(indent=1), replace=True)
        return ring
