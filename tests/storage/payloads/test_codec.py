"""Encryption of payloads, and its key rotation."""

import os

import pytest
from temporalio.api.common.v1 import Payload

from storage.errors import KeyMissing, PayloadForged
from storage.payloads.codec import AesGcmCodec

OLD, NEW = os.urandom(32), os.urandom(16)
SECRET = Payload(metadata={"encoding": b"json/plain"}, data=b'"a secret"')


async def sealed(codec: AesGcmCodec) -> Payload:
    """The secret, encrypted."""
    [payload] = await codec.encode([SECRET])
    return payload


async def test_a_payload_comes_back_and_hides_everything() -> None:
    """Data and metadata are inside; equal payloads do not look equal."""
    codec = AesGcmCodec({"2026": NEW}, "2026")
    first, second = await codec.encode([SECRET, SECRET])
    assert b"secret" not in first.SerializeToString()
    assert b"json/plain" not in first.SerializeToString()
    assert first.data != second.data
    assert await codec.decode([first, second]) == [SECRET, SECRET]


async def test_keys_rotate() -> None:
    """Old payloads open with the old key; new ones are written with the new one."""
    before = AesGcmCodec({"old": OLD}, "old")
    after = AesGcmCodec({"old": OLD, "new": NEW}, "new")
    assert await after.decode([await sealed(before)]) == [SECRET]
    assert (await sealed(after)).metadata["signoff-key-id"] == b"new"
    with pytest.raises(KeyMissing, match="'new' is not configured"):
        await before.decode([await sealed(after)])


async def test_plain_payloads_are_read_until_told_otherwise() -> None:
    """Encryption can be turned on with workflows in flight, and made strict later."""
    assert await AesGcmCodec({"k": NEW}, "k").decode([SECRET]) == [SECRET]
    with pytest.raises(PayloadForged):
        await AesGcmCodec({"k": NEW}, "k", read_plain=False).decode([SECRET])


@pytest.mark.parametrize("change", ["data", "short", "key id", "other key"])
async def test_a_changed_payload_does_not_open(change: str) -> None:
    """Neither with a bit flipped, nor cut, nor moved to another key id, nor with another key."""
    codec = AesGcmCodec({"old": OLD, "copy": OLD}, "old")
    payload = await sealed(codec)
    if change == "data":
        payload.data = payload.data[:-1] + bytes([payload.data[-1] ^ 1])
    elif change == "short":
        payload.data = payload.data[:5]
    elif change == "key id":
        payload.metadata["signoff-key-id"] = b"copy"
    else:
        codec = AesGcmCodec({"old": os.urandom(32)}, "old")
    with pytest.raises(PayloadForged):
        await codec.decode([payload])


def test_keys_are_checked_at_the_start() -> None:
    """A key of a wrong length, or a missing one, is refused before anything is written."""
    with pytest.raises(ValueError, match="'short' has 5 bytes"):
        AesGcmCodec({"short": b"12345"}, "short")
    with pytest.raises(KeyMissing):
        AesGcmCodec({"a": OLD}, "b")
