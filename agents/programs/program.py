"""Principals: the programs that may ask people for an approval, and within which limits."""

import hashlib
import hmac
from collections.abc import Iterable, Iterator

from pydantic import Field, SecretStr

from workflows.messages.base import Frozen
from workflows.messages.policy import Policy

MOST_OPEN = 50


class Program(Frozen):
    """One program. What it asks for is decided by `policy`, in `channel`, on behalf of `owner`.

    `owner` is the Slack user who answers for the program: they count as the requester, so they can
    withdraw and cannot decide. `policy.approvers` are all the people the program may name.
    `most_open` is how many of its approvals may wait at once: a program gone wild buries nobody.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_-]{0,30}$")
    token: SecretStr = Field(min_length=16)
    owner: str = Field(min_length=1)
    channel: str = Field(min_length=1)
    policy: Policy
    title: str = ""
    most_open: int = Field(default=MOST_OPEN, ge=1)

    @property
    def shown(self) -> str:
        """What people read in front of everything this program asks."""
        return self.title or self.name


class Programs:
    """All of them, by name and by token."""

    def __init__(self, known: Iterable[Program]) -> None:
        self._known = {program.name: program for program in known}
        self._hashes = {
            name: _hash(one.token.get_secret_value().encode()) for name, one in self._known.items()
        }
        if len(set(self._hashes.values())) < len(self._known):
            raise ValueError("Two principals have the same token: give each its own.")

    def __iter__(self) -> Iterator[Program]:
        return iter(self._known.values())

    def named(self, name: str) -> Program:
        """The program of this name; KeyError for a stranger."""
        return self._known[name]

    def name_of(self, token: bytes) -> str | None:
        """Whose token this is. Takes as long for a wrong one as for a right one."""
        given, found = _hash(token), None
        for name, known in self._hashes.items():
            if hmac.compare_digest(given, known):
                found = name
        return found


def _hash(token: bytes) -> bytes:
    return hashlib.sha256(token).digest()
