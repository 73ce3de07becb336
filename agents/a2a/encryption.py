"""Encrypted A2A messages: whoever carries them sees that there was a call, and not about what.

The parts of a message become one part of raw bytes: a nonce, then AES-256-GCM over the parts. What
a part is sealed to, the message's id and its direction, is authenticated with it, so an answer
cannot be passed off as the answer to another request.
"""

import base64
import binascii
import os
from collections.abc import Iterable

from a2a.helpers.proto_helpers import new_raw_part
from a2a.types.a2a_pb2 import AgentCard, AgentExtension, Message, Part
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from google.protobuf.message import DecodeError

SEALED_EXTENSION = "urn:signoff:sealed:1"
SEALED_TYPE = "application/vnd.signoff.sealed"
KEY_BYTES = 32
NONCE_BYTES = 12
REQUEST, ANSWER, PROGRESS = b"request", b"answer", b"progress"


class NotSealed(ValueError):  # noqa: N818 - the name says what it is
    """The parts are in the clear."""


class SealBroken(ValueError):  # noqa: N818
    """The part was sealed with another key, for another message, or was changed."""


class Seal:
    """One key, shared by both sides."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"The key has {len(key)} bytes; it needs {KEY_BYTES}.")
        self._cipher = AESGCM(key)

    @classmethod
    def of(cls, text: str) -> "Seal":
        """From base64, as `openssl rand -base64 32` makes it; raises ValueError."""
        try:
            return cls(base64.b64decode(text, validate=True))
        except binascii.Error:
            raise ValueError(
                "The key is no base64: make one with 'openssl rand -base64 32'."
            ) from None

    def close(self, parts: Iterable[Part], direction: bytes, message_id: str) -> Part:
        """The one part to send instead."""
        nonce = os.urandom(NONCE_BYTES)
        plain = Message(parts=parts).SerializeToString()
        sealed = self._cipher.encrypt(nonce, plain, _bound(direction, message_id))
        return new_raw_part(nonce + sealed, media_type=SEALED_TYPE)

    def open(self, parts: Iterable[Part], direction: bytes, message_id: str) -> list[Part]:
        """The parts that were sealed; raises NotSealed or SealBroken."""
        there = list(parts)
        if not is_sealed(there):
            raise NotSealed("The message is not encrypted.")
        nonce, sealed = there[0].raw[:NONCE_BYTES], there[0].raw[NONCE_BYTES:]
        try:
            plain = self._cipher.decrypt(nonce, sealed, _bound(direction, message_id))
            return list(Message.FromString(plain).parts)
        except (InvalidTag, ValueError, DecodeError):
            raise SealBroken("The message cannot be decrypted.") from None


def is_sealed(parts: Iterable[Part]) -> bool:
    """Whether this is one sealed part, whoever can open it."""
    there = list(parts)
    return len(there) == 1 and there[0].media_type == SEALED_TYPE and there[0].HasField("raw")


def sealed_extension() -> AgentExtension:
    """What the card of an agent with a key declares."""
    return AgentExtension(
        uri=SEALED_EXTENSION,
        description="Messages are sealed with AES-256-GCM under a key agreed beforehand.",
        required=True,
    )


def takes_sealed(card: AgentCard) -> bool:
    """Whether the agent says that it opens sealed messages, and takes no others."""
    return any(known.uri == SEALED_EXTENSION for known in card.capabilities.extensions)


def _bound(direction: bytes, message_id: str) -> bytes:
    return b"\0".join((SEALED_TYPE.encode(), direction, message_id.encode()))
