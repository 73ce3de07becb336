"""Optional encryption of everything Temporal keeps: AES-GCM, with keys that can be rotated.

Rotation: add the new key to `keys` everywhere, then make it `encrypt_with` everywhere; take an old
key away when no history written with it is left. The key's id travels with each payload.
"""

import os
from collections.abc import Mapping, Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadCodec

from storage.errors import KeyMissing, PayloadForged

ENCODING = b"binary/encrypted"
KEY_ID = "signoff-key-id"
NONCE_BYTES = 12
KEY_BYTES = (16, 24, 32)


class AesGcmCodec(PayloadCodec):
    """Encrypts with one key, decrypts with any of `keys` (id -> 16, 24 or 32 bytes).

    With an empty `encrypt_with` nothing new is encrypted, and what is can still be read.
    Payloads without encryption are read as they are while `read_plain` is set, so that encryption
    can be turned on with workflows in flight; unset it when none of those is left. Equal payloads
    become different ones, so external storage keeps each of them. Raises `ValueError` for a key
    that does not fit, `KeyMissing` and `PayloadForged` on decoding.
    """

    def __init__(
        self, keys: Mapping[str, bytes], encrypt_with: str, *, read_plain: bool = True
    ) -> None:
        if encrypt_with and encrypt_with not in keys:
            raise KeyMissing(encrypt_with)
        self._keys = {key_id: _cipher(key_id, key) for key_id, key in keys.items()}
        self._encrypt_with = encrypt_with
        self._read_plain = read_plain

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Encrypt each payload, its metadata included."""
        if not self._encrypt_with:
            return list(payloads)
        return [self._encrypt(payload) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Decrypt each payload that is encrypted."""
        return [self._decrypt(payload) for payload in payloads]

    def _encrypt(self, payload: Payload) -> Payload:
        key_id = self._encrypt_with
        nonce = os.urandom(NONCE_BYTES)
        sealed = self._keys[key_id].encrypt(nonce, payload.SerializeToString(), _bound(key_id))
        metadata = {"encoding": ENCODING, KEY_ID: key_id.encode()}
        return Payload(metadata=metadata, data=nonce + sealed)

    def _decrypt(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != ENCODING:
            return self._plain(payload)
        key_id = payload.metadata.get(KEY_ID, b"").decode(errors="replace")
        cipher = self._keys.get(key_id)
        if cipher is None:
            raise KeyMissing(key_id)
        nonce, sealed = payload.data[:NONCE_BYTES], payload.data[NONCE_BYTES:]
        try:
            return Payload.FromString(cipher.decrypt(nonce, sealed, _bound(key_id)))
        except (InvalidTag, ValueError) as error:
            raise PayloadForged(key_id) from error

    def _plain(self, payload: Payload) -> Payload:
        if not self._read_plain:
            raise PayloadForged("none")
        return payload


def _cipher(key_id: str, key: bytes) -> AESGCM:
    if len(key) not in KEY_BYTES:
        raise ValueError(f"Payload key {key_id!r} has {len(key)} bytes; it needs 16, 24 or 32.")
    return AESGCM(key)


def _bound(key_id: str) -> bytes:
    """Sealed together with the data, so that a payload cannot be moved to another key id."""
    return ENCODING + b"\0" + key_id.encode()
