"""Ids in Slack's shapes."""

import secrets
import string

_UPPER = string.ascii_uppercase + string.digits
_MIXED = string.ascii_letters + string.digits


def new_id(prefix: str, length: int = 10) -> str:
    """An id such as `F07ABCDEF12`, `length` characters after its prefix."""
    return prefix + "".join(secrets.choice(_UPPER) for _ in range(length))


def new_secret(length: int = 24) -> str:
    """Letters and digits nobody can guess."""
    return "".join(secrets.choice(_MIXED) for _ in range(length))
