"""What can go wrong with what is kept. Each message names the thing and the way out.

    StorageError
    ├── PayloadMissing      a payload file is not there
    ├── PayloadCorrupt      a payload file is not what its name says
    ├── DiskFull            nothing was kept, and nothing half-written is left
    ├── KeyMissing          a payload was encrypted with a key that is not configured
    ├── PayloadForged       an encrypted payload was changed
    ├── PayloadUnverified   a payload does not prove that it is ours
    ├── MacKeysUnusable     the keys for that proof cannot be read, or others may read them
    ├── InboxBusy           another process held the click inbox for too long
    ├── InboxDamaged        the click inbox cannot be read
    ├── InboxClosed         the click inbox was closed before this call
    ├── AuditKeysUnusable   the keys that sign the audit log cannot be read, or others may read them
    ├── AuditNotContinued   the audit log's end is not what a signature may follow
    ├── AnchorsDamaged      the file of audit heads cannot be read
    └── DatabaseUnavailable the database does not answer, or is not what it should be

They are ordinary exceptions on purpose: raised while Temporal reads a payload, they make a
workflow task fail and be tried again, so the workflow waits until the cause is mended. A
non-retryable error there would fail the workflow for good.
"""

import errno

NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class StorageError(Exception):
    """Something that is kept could not be written or read."""


class PayloadMissing(StorageError):  # noqa: N818 - named by what happened, as the tree reads
    """No file of that name. `reference` is the sha256 that was asked for."""

    def __init__(self, reference: str, place: str) -> None:
        super().__init__(
            f"Payload {reference} is missing in {place}. "
            "Put the file back from a backup; whoever waits for it goes on by itself."
        )
        self.reference = reference


class PayloadCorrupt(StorageError):  # noqa: N818
    """The file's bytes do not have the sha256 that names it. `reference` is that name."""

    def __init__(self, reference: str, place: str) -> None:
        super().__init__(
            f"Payload {reference} in {place} is corrupt: its bytes do not match its name. "
            "Put the file back from a backup; whoever waits for it goes on by itself."
        )
        self.reference = reference


class DiskFull(StorageError):  # noqa: N818
    """No room for `place`. Nothing was kept of what was to be written."""

    def __init__(self, place: str) -> None:
        super().__init__(f"No space left for {place}. Free some space there, then try again.")


class KeyMissing(StorageError):  # noqa: N818
    """A payload names the key `key_id`, which is not among the configured ones."""

    def __init__(self, key_id: str) -> None:
        super().__init__(
            f"Payload key {key_id!r} is not configured. "
            "Add it to the decryption keys; old payloads need the key they were written with."
        )
        self.key_id = key_id


class PayloadForged(StorageError):  # noqa: N818
    """A payload was changed, or encrypted with another key of the same id."""

    def __init__(self, key_id: str) -> None:
        super().__init__(
            f"A payload encrypted with key {key_id!r} cannot be opened: it was changed, or the "
            "configured key is another one of the same name. Configure the key it was written with."
        )


class PayloadUnverified(StorageError):  # noqa: N818
    """Temporal gave us a payload that nobody with our keys made for this place."""

    def __init__(self, why: str) -> None:
        super().__init__(
            f"Temporal holds a message that does not prove where it comes from ({why}). "
            "Find out who else reaches Temporal, or give this process the installation's "
            "payload-mac.json."
        )


class MacKeysUnusable(StorageError):  # noqa: N818
    """The key file is missing, open to others, or holds something else."""

    def __init__(self, place: str, why: str, way_out: str = "put back a copy of") -> None:
        super().__init__(f"The payload keys {place} cannot be used ({why}): {way_out} this file.")


class AuditKeysUnusable(StorageError):  # noqa: N818
    """The file of signing keys is open to others, or holds something else."""

    def __init__(self, place: str, why: str, way_out: str = "put back a copy of") -> None:
        super().__init__(f"The audit keys {place} cannot be used ({why}): {way_out} this file.")


class AuditNotContinued(StorageError):  # noqa: N818
    """What stands at the end of the audit log is not signed as it should be. Nothing was kept."""

    def __init__(self, why: str, way_out: str = "") -> None:
        way_out = way_out or (
            "see what 'signoff audit verify' says, put back a backup, or go on from what is there "
            "with 'signoff audit restart'"
        )
        super().__init__(f"The audit log cannot be continued ({why}): {way_out}.")


class InboxBusy(StorageError):  # noqa: N818
    """Another process held the inbox for longer than we wait. Nothing was kept."""

    def __init__(self, place: str) -> None:
        super().__init__(
            f"The click inbox {place} is held by another process. "
            "Look for a second bot on the same file, or a backup that locks it."
        )


class InboxDamaged(StorageError):  # noqa: N818
    """The inbox file is not a readable SQLite database."""

    def __init__(self, place: str, why: str) -> None:
        super().__init__(
            f"The click inbox {place} cannot be read ({why}). "
            "Move the file aside and start again; keep it, it may hold clicks not delivered yet."
        )


class InboxClosed(StorageError):  # noqa: N818
    """The inbox was closed; what was asked of it did not happen."""

    def __init__(self, place: str) -> None:
        super().__init__(f"The click inbox {place} is closed. Start the process again.")


class AnchorsDamaged(StorageError):  # noqa: N818
    """A line of the anchor file is no head."""

    def __init__(self, place: str, why: str) -> None:
        super().__init__(
            f"The audit anchors {place} cannot be read ({why}). "
            "Find out who changed the file; then take the bad line away and verify again."
        )


class DatabaseUnavailable(StorageError):  # noqa: N818
    """The database does not answer, refuses, or lacks a migration."""
