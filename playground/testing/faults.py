"""What goes wrong on purpose."""

import fnmatch
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from playground.ids import new_id

FaultKind = Literal[
    "rate_limited",
    "server_error",
    "error",
    "hang",
    "drop_before",
    "drop_after",
    "drop_ack",
    "duplicate",
    "deaf",
    "disconnect",
    "refresh",
    "expired_ticket",
    "expired_trigger",
    "outage",
    "redirect",
    "sign_in_page",
    "endless",
]


class Fault(BaseModel):
    """One fault in force.

    `method` is a glob over Web API methods (or over envelope types, for faults of delivery);
    Faults of downloads (`redirect` to `location`, `sign_in_page`, `endless`) go by `download`;
    `count` is how often it still strikes, None for ever.
    `retry_after` is sent as it is, so a nonsensical header can be tried.
    """

    model_config = ConfigDict(extra="forbid")

    id: str = Field(default_factory=lambda: new_id("X", 6))
    kind: FaultKind
    method: str = "*"
    count: int | None = None
    retry_after: str | int | None = 1
    status: int = 503
    error: str = "internal_error"
    seconds: float | None = None
    location: str = ""
    struck: int = 0


class Faults:
    """The faults in force, oldest first."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def all(self) -> list[Fault]:
        """Those in force."""
        return list(self._faults)

    def add(self, fault: Fault) -> None:
        self._faults.append(fault)

    def replace(self, faults: list[Fault]) -> None:
        self._faults = list(faults)

    def remove(self, fault_id: str) -> None:
        self._faults = [fault for fault in self._faults if fault.id != fault_id]

    def clear(self) -> None:
        self._faults = []

    def strike(self, subject: str, *kinds: FaultKind) -> Fault | None:
        """The first fault of these kinds for the subject, counted as having struck."""
        for fault in self._faults:
            if fault.kind in kinds and fnmatch.fnmatchcase(subject, fault.method):
                self._count(fault)
                return fault
        return None

    def _count(self, fault: Fault) -> None:
        fault.struck += 1
        if fault.count is not None:
            fault.count -= 1
            if fault.count <= 0:
                self.remove(fault.id)
