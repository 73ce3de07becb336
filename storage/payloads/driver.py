"""Temporal's large payloads in our payload files.

Give `file_storage(...)` to a data converter as its `external_storage`.
The reference in the history holds `sha256` and `size`; it stays readable, also with a codec.
"""

import asyncio
import dataclasses
from collections.abc import Callable, Sequence

from temporalio.api.common.v1 import Payload
from temporalio.converter import (
    ExternalStorage,
    SerializationContext,
    StorageDriver,
    StorageDriverClaim,
    StorageDriverRetrieveContext,
    StorageDriverStoreContext,
    WithSerializationContext,
)

from storage.errors import PayloadMissing, StorageError
from storage.payloads.files import PayloadFiles

LARGE = 100_000
"""Payloads of so many bytes become files."""

OnError = Callable[[StorageError, str], None]
"""Hears of each failure, with the id of the workflow it met (empty when unknown)."""


class FileStorageDriver(StorageDriver):
    """Stores each payload as one file, whole.

    Every failure is a `StorageError`, which Temporal tries again: a workflow that needs a missing
    or corrupt file waits, and goes on when the file is back. `on_error` hears of each failure
    (metrics, a notice), and must not raise; `workflow` is the one this copy serves.
    """

    def __init__(
        self, files: PayloadFiles, on_error: OnError | None = None, workflow: str = ""
    ) -> None:
        self._files = files
        self._on_error = on_error
        self._workflow = workflow

    def serving(self, workflow: str) -> "FileStorageDriver":
        """The same for one workflow, so that its failures name it."""
        return FileStorageDriver(self._files, self._on_error, workflow)

    def quiet(self) -> "FileStorageDriver":
        """The same, telling nobody of failures."""
        return FileStorageDriver(self._files, None, self._workflow)

    def name(self) -> str:
        """Written into every reference: histories stop being readable when it changes."""
        return "signoff-files"

    def type(self) -> str:
        """The kind of driver, the same in any language."""
        return "signoff.files"

    async def store(
        self, context: StorageDriverStoreContext, payloads: Sequence[Payload]
    ) -> list[StorageDriverClaim]:
        """Keep every payload; durable when it returns. Raises `DiskFull`."""
        return await asyncio.gather(*(self._store(payload) for payload in payloads))

    async def retrieve(
        self, context: StorageDriverRetrieveContext, claims: Sequence[StorageDriverClaim]
    ) -> list[Payload]:
        """The payloads, verified. Raises `PayloadMissing` or `PayloadCorrupt`."""
        return await asyncio.gather(*(self._retrieve(claim) for claim in claims))

    async def _store(self, payload: Payload) -> StorageDriverClaim:
        data = payload.SerializeToString(deterministic=True)
        try:
            sha256 = await self._files.put(data)
        except StorageError as error:
            self._tell(error)
            raise
        return StorageDriverClaim({"sha256": sha256, "size": str(len(data))})

    async def _retrieve(self, claim: StorageDriverClaim) -> Payload:
        try:
            data = await self._files.get(_reference(claim, self._files))
        except StorageError as error:
            self._tell(error)
            raise
        return Payload.FromString(data)

    def _tell(self, error: StorageError) -> None:
        if self._on_error is not None:
            self._on_error(error, self._workflow)


class FileStorage(ExternalStorage, WithSerializationContext):
    """External storage over `FileStorageDriver`, told by the SDK which workflow it works for."""

    def with_context(self, context: SerializationContext) -> "FileStorage":
        """A copy for the context's workflow."""
        workflow = getattr(context, "workflow_id", None) or ""
        return self._with(lambda driver: driver.serving(workflow))

    def quiet(self) -> "FileStorage":
        """A copy that tells nobody of failures."""
        return self._with(lambda driver: driver.quiet())

    def _with(self, change: Callable[[FileStorageDriver], FileStorageDriver]) -> "FileStorage":
        drivers = [
            change(driver) if isinstance(driver, FileStorageDriver) else driver
            for driver in self.drivers
        ]
        return dataclasses.replace(self, drivers=drivers)


def file_storage(files: PayloadFiles, on_error: OnError | None = None) -> FileStorage:
    """What a data converter needs to keep large payloads as files."""
    driver = FileStorageDriver(files, on_error)
    return FileStorage(drivers=[driver], payload_size_threshold=LARGE)


def _reference(claim: StorageDriverClaim, files: PayloadFiles) -> str:
    sha256 = claim.claim_data.get("sha256")
    if sha256 is None:
        raise PayloadMissing("without a sha256 in its reference", str(files.root))
    return sha256
