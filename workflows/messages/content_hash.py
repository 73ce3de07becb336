"""The digest: sha256 over the canonical bytes of exactly what is to be decided."""

import hashlib
import json

from pydantic import BaseModel

PREFIX = 16


def canonical(value: object) -> bytes:
    """Canonical JSON: sorted keys, no spaces, ASCII only.

    Raises ValueError for NaN and infinities, which have no JSON form.
    """
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False
    ).encode("ascii")


def digest(*parts: BaseModel | str | int | None) -> str:
    """64 hexadecimal digits over the parts, in order."""
    plain = [
        part.model_dump(mode="json") if isinstance(part, BaseModel) else part for part in parts
    ]
    return hashlib.sha256(canonical(plain)).hexdigest()


def matches(shown: str, full: str) -> bool:
    """Whether what a button carried is the beginning of this digest (16 digits at least)."""
    return len(shown) >= PREFIX and full.startswith(shown)
