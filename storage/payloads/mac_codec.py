"""Every payload carries a MAC: who it comes from, and which workflow it is meant for.

HMAC-SHA256 over the namespace, the workflow's id, an activity's type and id, what it is for
(`start TaskWorkflow`, `signal decide`, `result`), the key's id, its metadata and its bytes. So a
payload that is copied to another workflow, or to another signal or activity of the same one, does
not verify.

What does not verify is never an error here: it comes back wrapped, marked with `UNVERIFIED`, and
whoever knows when the message was sent decides. An error would make Temporal try the workflow task
again and again, and one forged signal would stop a workflow for good. See
docs/adr/0021-payloads-carry-a-mac.md.
"""

import contextlib
import hmac
from collections.abc import Iterator, Sequence
from contextvars import ContextVar

from temporalio.api.common.v1 import Payload
from temporalio.converter import (
    ActivitySerializationContext,
    PayloadCodec,
    SerializationContext,
    WithSerializationContext,
)

from storage.errors import KeyMissing, PayloadForged
from storage.payloads.mac_keys import FOREVER, NEVER, MacKeyFile

MAC = "signoff-mac"
KEY = "signoff-mac-key"
PURPOSE = "signoff-for"
UNVERIFIED = b"signoff/unverified"
ARGUMENT = "argument"
RESULT = "result"
FAILURE = "failure"
UNTIL = "until"
WHY = "why"
UNKNOWN_KEY = "a key this installation does not have"
NO_MAC = "without a MAC"
WRONG_MAC = "made for something else, or changed"
PLACE = "place"
_ACTIVITY = b"activity"
_DOMAIN = b"signoff payload 1"
_purpose: ContextVar[bytes] = ContextVar("purpose", default=b"")
_asked: ContextVar[bytes] = ContextVar("asked", default=b"")
"""Of which run of the workflow the arguments of this asyncio task's activity were."""


@contextlib.contextmanager
def meant_for(purpose: str) -> Iterator[None]:
    """What is encoded in this block is for that purpose and no other."""
    token = _purpose.set(purpose.encode())
    try:
        yield
    finally:
        _purpose.reset(token)


def answers_from_here_on(kind: str = RESULT) -> None:
    """What is encoded in the rest of this asyncio task is how the activity it runs ended."""
    _purpose.set(kind.encode() + _asked.get())


class MacCodec(PayloadCodec, WithSerializationContext):
    """Signs and verifies, around `inner` (encryption) where there is one.

    Verified payloads come back as they were, with their purpose in the metadata. Others come back
    as `UNVERIFIED` ones, see `unwrapped`. Raises `KeyMissing` for verified ones only.
    """

    def __init__(
        self,
        keys: MacKeyFile,
        inner: PayloadCodec | None = None,
        place: tuple[bytes, ...] = (b"",) * 5,
    ) -> None:
        self._keys = keys
        self._inner = inner
        self._place = place

    def with_context(self, context: SerializationContext) -> "MacCodec":
        """A copy for the workflow, or an activity of the workflow, that the context names."""
        kind, fields = b"workflow", ["namespace", "workflow_id", "", ""]
        if isinstance(context, ActivitySerializationContext):
            kind = _ACTIVITY
            if not context.is_local:  # those have no id yet, and nobody else can answer them
                fields[2:] = ["activity_type", "activity_id"]
        names = (getattr(context, name, None) or "" for name in fields)
        return MacCodec(self._keys, self._inner, (kind, *(name.encode() for name in names)))

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Encrypt where that is wanted, then sign."""
        purposes = [payload.metadata.get(PURPOSE, _purpose.get()) for payload in payloads]
        if self._inner is not None:
            payloads = await self._inner.encode(payloads)
        return [self._sealed(*each) for each in zip(payloads, purposes, strict=True)]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Verify, then decrypt; as many payloads as there were, and no error but `KeyMissing`."""
        return [await self._opened(payload) for payload in payloads]

    @property
    def encrypts(self) -> bool:
        """Whether what it signs cannot be read either."""
        return self._inner is not None

    def plain_until(self) -> float:
        """Messages of before this moment (seconds since 1970) count without a MAC."""
        return self._keys.ring().plain_counts_until()

    def sealed(self, payload: Payload) -> Payload:
        """A copy with a MAC, without encryption: for references to payload files."""
        return self._sealed(payload, b"")

    def is_sealed(self, payload: Payload) -> bool:
        """Whether it has a MAC, and that is right."""
        return self._judged(payload)[0] > NEVER and MAC in payload.metadata

    def _sealed(self, payload: Payload, purpose: bytes) -> Payload:
        key = self._keys.ring().current
        sealed = Payload()
        sealed.CopyFrom(payload)
        sealed.metadata[PURPOSE], sealed.metadata[KEY] = purpose, key.id.encode()
        sealed.metadata[MAC] = self._mac(sealed, key.secret)
        return sealed

    async def _opened(self, payload: Payload) -> Payload:
        until, why = self._judged(payload)
        if until == NEVER:
            return self._wrapped(payload, until, why)
        inside = Payload()
        inside.CopyFrom(payload)
        purpose = payload.metadata.get(PURPOSE) if MAC in payload.metadata else None
        for name in (MAC, KEY, PURPOSE):
            if name in inside.metadata:
                del inside.metadata[name]
        try:
            if self._inner is not None:
                [inside] = await self._inner.decode([inside])
        except (PayloadForged, KeyMissing) as error:
            if isinstance(error, KeyMissing) and purpose is not None:
                raise
            problem = why if purpose is None else "not encrypted with our key"
            return self._wrapped(payload, NEVER, problem)
        if purpose is not None:
            inside.metadata[PURPOSE] = purpose
            if self._place[0] == _ACTIVITY and purpose.startswith(ARGUMENT.encode()):
                _asked.set(purpose.removeprefix(ARGUMENT.encode()))
        return inside if until == FOREVER else self._wrapped(inside, until, why)

    def _wrapped(self, payload: Payload, until: float, why: str) -> Payload:
        """The payload inside of one that no converter takes for its own."""
        said = {"encoding": UNVERIFIED, UNTIL: repr(until).encode(), WHY: why.encode()}
        metadata = said | {PLACE: self._place[0]}
        return Payload(metadata=metadata, data=payload.SerializeToString(deterministic=True))

    def _judged(self, payload: Payload) -> tuple[float, str]:
        """Messages of before which moment it counts in, and why not later."""
        ring, mac = self._keys.ring(), payload.metadata.get(MAC)
        if mac is None:
            return ring.plain_counts_until(), NO_MAC
        key = ring.find(payload.metadata.get(KEY, b"").decode(errors="replace"))
        if key is None:
            return NEVER, UNKNOWN_KEY
        if not hmac.compare_digest(mac, self._mac(payload, key.secret)):
            return NEVER, WRONG_MAC
        return key.counts_until(), "made with a retired key"

    def _mac(self, payload: Payload, secret: bytes) -> bytes:
        metadata = payload.metadata
        said = [
            part
            for name in sorted(metadata)
            for part in (name.encode(), metadata[name])
            if name != MAC
        ]
        parts = (_DOMAIN, *self._place, *said, payload.data)
        message = b"".join(part for each in parts for part in (len(each).to_bytes(8), each))
        return hmac.digest(secret, message, "sha256")


def is_unverified(payload: Payload) -> bool:
    """Whether the codec wrapped it."""
    return payload.metadata.get("encoding") == UNVERIFIED


def is_for_activity(payload: Payload) -> bool:
    """Whether a wrapped payload came where an activity's arguments or results come."""
    return payload.metadata.get(PLACE) == _ACTIVITY


def why(payload: Payload) -> str:
    """Why a wrapped payload does not count."""
    return payload.metadata.get(WHY, b"").decode(errors="replace") or WRONG_MAC


def unwrapped(payload: Payload, at: float) -> Payload | None:
    """What is inside, if it counts in a message of this moment (seconds since 1970)."""
    if at >= float(payload.metadata.get(UNTIL, b"0")):
        return None
    return Payload.FromString(payload.data)
