"""How values travel: pydantic models as JSON, signed, large ones as files.

What does not verify reaches nobody as a value: activities get an `Unverified`, everybody else
`PayloadUnverified`. Workflows never come to that, see `verified_workflows.py`.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from temporalio import activity
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.api.sdk.v1 import ExternalStorageReference
from temporalio.contrib.pydantic import PydanticPayloadConverter
from temporalio.converter import (
    CompositePayloadConverter,
    DataConverter,
    EncodingPayloadConverter,
    PayloadCodec,
)

from storage.errors import PayloadUnverified
from storage.payloads.driver import FileStorage, OnError, file_storage
from storage.payloads.files import PayloadFiles
from storage.payloads.mac_codec import (
    FAILURE,
    MAC,
    UNVERIFIED,
    MacCodec,
    answers_from_here_on,
    is_for_activity,
    why,
)

SEALED = b"binary/signoff-failure"
"""Of a payload that holds a whole failure of an activity."""
_MARKER = "__temporal_external_storage_reference"
"""Temporal's mark on an encoded reference to a file; we write none, and take none."""
_REFERENCE = ExternalStorageReference.DESCRIPTOR.full_name.encode()
_OLD_REFERENCE = b"json/external-storage-reference"


@dataclass(frozen=True)
class Unverified:
    """An argument that does not prove that it is ours; `kind` is what it should be."""

    payload: Payload
    kind: type[Any] | None


class UnverifiedPayloadConverter(EncodingPayloadConverter):
    """Keeps an activity's unverified argument for the activity's door, and refuses any other."""

    @property
    def encoding(self) -> str:
        """The mark of `MacCodec`."""
        return UNVERIFIED.decode()

    def to_payload(self, value: Any) -> Payload | None:
        """Nothing: nobody sends such a value."""
        return None

    def from_payload(self, payload: Payload, type_hint: type[Any] | None = None) -> Any:
        """An `Unverified`, or `PayloadUnverified`."""
        if is_for_activity(payload):
            return Unverified(payload, type_hint)
        raise PayloadUnverified(why(payload))


class OurPayloadConverter(CompositePayloadConverter):
    """Pydantic's, and one for what does not verify."""

    def __init__(self) -> None:
        pydantic = PydanticPayloadConverter().converters.values()
        super().__init__(*pydantic, UnverifiedPayloadConverter())


class OurDataConverter(DataConverter):
    """References to payload files are signed too, and a forged one never stops a workflow.

    The SDK reads references before any codec sees them, and raises on one it cannot follow; it has
    no public way to do otherwise.
    """

    async def encode_failure(self, exception: BaseException, failure: Failure) -> None:
        """That of an activity is signed as a whole; what the server has to know stands beside it.

        A message is left readable where nothing is encrypted.
        """
        codec, whole = self.payload_codec, Failure()
        self.failure_converter.to_failure(exception, self.payload_converter, whole)
        is_ended = whole.HasField("application_failure_info")
        if not isinstance(codec, MacCodec) or not activity.in_activity() or not is_ended:
            await super().encode_failure(exception, failure)
            return
        answers_from_here_on(FAILURE)
        inside = Payload(metadata={"encoding": SEALED}, data=whole.SerializeToString())
        [sealed] = await codec.encode([inside])
        failure.encoded_attributes.CopyFrom(sealed)
        failure.message = "An activity failed." if codec.encrypts else whole.message
        failure.application_failure_info.CopyFrom(whole.application_failure_info)
        failure.application_failure_info.ClearField("details")

    async def _external_store_payload_sequence(self, payloads: Sequence[Payload]) -> list[Payload]:
        stored = await super()._external_store_payload_sequence(payloads)
        codec = self.payload_codec
        if not isinstance(codec, MacCodec):
            return stored
        return [one if MAC in one.metadata else codec.sealed(one) for one in stored]

    async def _decode_reference_payload_sequence(
        self, payloads: Sequence[Payload]
    ) -> list[Payload]:
        return [_unmarked(payload) for payload in payloads]

    async def _external_retrieve_payload_sequence(
        self, payloads: Sequence[Payload]
    ) -> list[Payload]:
        return list(await asyncio.gather(*(self._retrieved(payload) for payload in payloads)))

    async def _retrieved(self, payload: Payload) -> Payload:
        storage, codec = self.external_storage, self.payload_codec
        if not _is_reference(payload) or not isinstance(storage, FileStorage):
            return payload
        if not isinstance(codec, MacCodec) or codec.is_sealed(payload):
            [found] = await super()._external_retrieve_payload_sequence([payload])
            return found
        try:  # from before there were keys, or made up; nobody is told of a file that was
            return await storage.quiet()._retrieve_payload(payload)  # noqa: SLF001 - as above
        except Exception:  # noqa: BLE001 - whatever an SDK raises over what somebody made up
            return payload


def data_converter(
    payloads: PayloadFiles, codec: PayloadCodec | None = None, on_error: OnError | None = None
) -> DataConverter:
    """Pydantic models as JSON, through the codec; payloads of 100 kB and more as files."""
    return OurDataConverter(
        payload_converter_class=OurPayloadConverter,
        payload_codec=codec,
        external_storage=file_storage(payloads, on_error),
    )


def _is_reference(payload: Payload) -> bool:
    """In either form that the SDK follows."""
    kinds = payload.metadata.get("encoding"), payload.metadata.get("messageType")
    return kinds[0] == _OLD_REFERENCE or kinds[1] == _REFERENCE


def _unmarked(payload: Payload) -> Payload:
    if _MARKER not in payload.metadata:
        return payload
    plain = Payload()
    plain.CopyFrom(payload)
    del plain.metadata[_MARKER]
    return plain
