"""Signed statements (JWS), so that whoever gets a decision can check who decided what.

    key = SigningKey.kept(Path("decisions.pem"))     # made on first use, readable by its owner only
    token = sign({"approval_id": "x-1.approve.v1", ...}, key)
    statement = verify(token, key.public())          # raises BadSignature

A token is a JWS in compact form, ES256, over the statement's canonical bytes (JSON with sorted
keys, no spaces, ASCII only). Its header names the key (`kid`, the RFC 7638 thumbprint) and the
type `TYPE`. Every JWS library can check it against the key set that the server publishes.
"""

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

from workflows.messages.content_hash import canonical

ALGORITHM = "ES256"
CURVE = "P-256"
TYPE = "signoff-decision+jws"
OWNER_ONLY = 0o600

KeySetJson = dict[str, list[dict[str, Any]]]


class BadSignature(ValueError):  # noqa: N818 - the name says what it is
    """The token was not signed by any of these keys, or is no token of ours."""


class KeyUnusable(ValueError):  # noqa: N818
    """The key file cannot be read, or others may read it."""


class SigningKey:
    """An ES256 key pair."""

    def __init__(self, key: ECKey) -> None:
        if key.curve_name != CURVE or not key.is_private:
            raise KeyUnusable(f"The signing key has to be a private {CURVE} key.")
        self._key = key
        self.id = key.thumbprint()

    @classmethod
    def fresh(cls) -> Self:
        """A new one, kept nowhere."""
        return cls(ECKey.generate_key(CURVE))

    @classmethod
    def kept(cls, path: Path) -> Self:
        """The key in this PEM file; the first call makes it, with mode 0600.

        Two processes that start at once agree on one key. Raises KeyUnusable when the file holds
        none, or when other users may read it.
        """
        if not path.exists():
            _make(path)
        try:
            if path.stat().st_mode & 0o077:
                raise KeyUnusable(f"Other users may read {path}: run 'chmod 600 {path}'.")
            return cls(ECKey.import_key(path.read_bytes()))
        except (OSError, JoseError, ValueError) as error:
            if isinstance(error, KeyUnusable):
                raise
            raise KeyUnusable(f"{path} holds no usable {CURVE} key: {error}.") from None

    def public(self) -> KeySetJson:
        """The key set to publish: public parts only."""
        known = self._key.as_dict(private=False)
        return {"keys": [{**known, "kid": self.id, "use": "sig", "alg": ALGORITHM}]}

    def private(self) -> dict[str, Any]:
        """The key itself as a JWK, for signing with another library; never to be shown."""
        return {**self._key.as_dict(private=True), "kid": self.id, "alg": ALGORITHM}

    def signed(self, payload: bytes) -> str:
        """The JWS of these bytes, compact."""
        header = {"alg": ALGORITHM, "kid": self.id, "typ": TYPE}
        return jws.serialize_compact(header, payload, self._key, algorithms=[ALGORITHM])


def sign(statement: Mapping[str, Any], key: SigningKey) -> str:
    """The token of this statement, which has to be plain JSON (ValueError otherwise)."""
    return key.signed(canonical(dict(statement)))


def verify(token: str, keys: KeySetJson) -> dict[str, Any]:
    """What was signed, once the signature is checked; raises BadSignature.

    Only ES256 and our own type are taken, whatever the token's header asks for. `keys` has to come
    from a place you trust: the server's card or key set over TLS, or a copy you keep.
    """
    try:
        trusted = KeySet.import_key_set({"keys": list(keys["keys"])})
        found = jws.deserialize_compact(token, trusted, algorithms=[ALGORITHM])
        if found.headers().get("typ") != TYPE:
            raise BadSignature("The token is signed, but it is no decision.")
        statement = json.loads(found.payload)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        if isinstance(error, BadSignature):
            raise
        raise BadSignature(f"The signature does not hold ({type(error).__name__}).") from None
    if not isinstance(statement, dict):
        raise BadSignature("The token is signed, but it is no decision.")
    return statement


def _make(path: Path) -> None:
    """Write a new key beside, then link it into place: the first of several writers wins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pem = ECKey.generate_key(CURVE).as_pem(private=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".key-")  # mode 0600 from the start
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        draft.chmod(OWNER_ONLY)
        path.hardlink_to(draft)
    except FileExistsError:
        return
    finally:
        draft.unlink(missing_ok=True)
