"""Which payload files are still needed: whatever any history in the namespace leads to.

Open and ended workflows alike, until Temporal forgets them. A history names files in references to
large payloads, and in what it says of a task's inputs; a large payload may name further files. So
everything is decoded and looked through for names of files that are there. No table names any.
"""

import contextlib
import re
from collections.abc import AsyncIterator, Iterator

from google.protobuf.message import DecodeError
from temporalio.api.common.v1 import Payload
from temporalio.client import Client, WorkflowExecution
from temporalio.converter import PayloadCodec
from temporalio.service import RPCError, RPCStatusCode

from storage.errors import StorageError
from storage.payloads.files import PayloadFiles
from storage.payloads.found import payloads_in

_RUN = re.compile(rb"[0-9a-f]{64,}")


class LivePayloads:
    """Iterate over it: the names (sha256) of the files of `files` that must stay.

    Raises `RPCError` when Temporal does not answer, and `StorageError` when a payload of `queue`
    cannot be read: then it is not known what it leads to, and nothing should go. Workflows of other
    queues may be another installation's, with files and keys of its own.
    """

    def __init__(
        self, client: Client, files: PayloadFiles, codec: PayloadCodec | None, queue: str
    ) -> None:
        self._client = client
        self._files = files
        self._codec = codec
        self._queue = queue

    async def __aiter__(self) -> AsyncIterator[str]:
        known = frozenset(name.encode() for name in await self._files.names())
        seen: set[str] = set()
        async for workflow in self._client.list_workflows():
            ours = workflow.task_queue == self._queue
            waiting = [name async for name in self._named_by(workflow, known, ours=ours)]
            while waiting:
                name = waiting.pop()
                if name in seen:
                    continue
                seen.add(name)
                yield name
                with _pardoned(ours=ours):
                    waiting += await self._inside(name, known)

    async def _named_by(
        self, workflow: WorkflowExecution, known: frozenset[bytes], *, ours: bool
    ) -> AsyncIterator[str]:
        handle = self._client.get_workflow_handle(workflow.id, run_id=workflow.run_id)
        try:
            async for event in handle.fetch_history_events():
                for payload in payloads_in(event):
                    with _pardoned(ours=ours):
                        for name in await self._of(payload, known):
                            yield name
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:  # its retention ended just now
                raise

    async def _inside(self, name: str, known: frozenset[bytes]) -> list[str]:
        """What a payload file names; a task's input is bytes of any kind."""
        data = await self._files.get(name)
        found = set(names_in(data, known))
        try:
            payload = Payload.FromString(data)
        except DecodeError:
            return list(found)
        if payload.metadata:
            found |= set(await self._of(payload, known))
        return list(found)

    async def _of(self, payload: Payload, known: frozenset[bytes]) -> list[str]:
        """A reference is not encrypted, and what it names has to be there."""
        if payload.external_payloads:
            return [name.decode() for name in _RUN.findall(payload.data)]
        if self._codec is not None:
            [payload] = await self._codec.decode([payload])
        return list(names_in(payload.data, known))


@contextlib.contextmanager
def _pardoned(*, ours: bool) -> Iterator[None]:
    """What is not ours may be missing here, or locked with keys we do not have."""
    try:
        yield
    except StorageError:
        if ours:
            raise


def names_in(data: bytes, known: frozenset[bytes]) -> Iterator[str]:
    """Every one of the `known` names that stands in the data."""
    for run in _RUN.finditer(data):
        digits = run[0]
        for at in range(len(digits) - 63):
            name = digits[at : at + 64]
            if name in known:
                yield name.decode()
