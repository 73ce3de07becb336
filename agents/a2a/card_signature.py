"""Signed A2A cards: that an agent is who it says, checked with a key that was agreed beforehand.

a2a-sdk's own signatures (JWS over the canonical card). A card's `jku` is never followed: the keys
come from the settings alone.
"""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, cast

from a2a.types.a2a_pb2 import AgentCard
from a2a.utils.signing import (
    NoSignatureError,
    ProtectedHeader,
    SignatureVerificationError,
    create_agent_card_signer,
    create_signature_verifier,
)
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet
from jwt import PyJWK
from jwt.exceptions import PyJWKSetError, PyJWTError

from agents.http.signature import ALGORITHM, SigningKey

ALGORITHMS = ["ES256", "EdDSA", "RS256", "PS256"]
PUBLIC_KINDS = frozenset({"EC", "RSA", "OKP"})


class CardNotTrusted(ValueError):  # noqa: N818 - the name says what it is
    """The card is not signed, or not by any of the keys, or was changed since."""


class KeysUnusable(ValueError):  # noqa: N818
    """The file holds no public key."""


def signed(card: AgentCard, key: SigningKey) -> AgentCard:
    """The card with its signature; whatever is changed afterwards breaks it."""
    header = cast(ProtectedHeader, {"alg": ALGORITHM, "kid": key.id, "typ": "JOSE"})
    return create_agent_card_signer(PyJWK(key.private()), header)(card)


def verify_card(card: AgentCard, keys: str) -> None:
    """Return if one of the keys (JWKS, as JSON) signed the card; raises CardNotTrusted."""
    known = {key.get("kid"): key for key in json.loads(keys)["keys"]}
    check = _verifier(partial(_chosen, known))
    try:
        check(card)
    except NoSignatureError:
        raise CardNotTrusted("is not signed") from None
    except (SignatureVerificationError, PyJWTError, ValueError, TypeError, KeyError):
        raise CardNotTrusted("is not signed with the key of the settings") from None


def read_keys(path: Path) -> str:
    """The key set in this file: JWKS as the agents' server publishes it, or a P-256 key as PEM.

    Private parts are dropped. Raises KeysUnusable.
    """
    try:
        found = _public(path.read_text(encoding="utf-8"))
    except (OSError, JoseError, ValueError, KeyError, TypeError):
        raise KeysUnusable(f"{path} holds no public key (JWKS or PEM) that can be read.") from None
    return json.dumps(found)


def _public(text: str) -> dict[str, Any]:
    """The key set without private parts; raises ValueError for one that proves nothing."""
    if not text.lstrip().startswith("{"):
        return dict(KeySet([ECKey.import_key(text)]).as_dict(private=False))
    keys = json.loads(text)["keys"]
    if not keys or any(key["kty"] not in PUBLIC_KINDS for key in keys):
        raise ValueError("no key, or a shared secret")
    return dict(KeySet.import_key_set({"keys": keys}).as_dict(private=False))


def _verifier(provider: Callable[[str | None, str | None], PyJWK]) -> Callable[[AgentCard], None]:
    return create_signature_verifier(provider, ALGORITHMS)


def _chosen(known: dict[str | None, dict[str, Any]], kid: str | None, _jku: str | None) -> PyJWK:
    """The key of that id; a single key stands for any id."""
    found = next(iter(known.values())) if len(known) == 1 else known.get(kid)
    if found is None:
        raise PyJWKSetError("no such key")
    return PyJWK(found, algorithm=found.get("alg"))
