"""Which reminders are a burst, and so become one digest. Remembers only what was due lately."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from workflows.messages.base import Frozen
from workflows.messages.ladder import Act

PATIENCE = 2
"""An approval that ends within so many spans does not wait for a digest."""


class DueRung(Frozen):
    """A rung that is due within the next minute, and whom it is for."""

    approval: str
    rung: str
    at: datetime
    deadline: datetime
    channel: str = ""
    approvers: tuple[str, ...] = ()

    @property
    def audience(self) -> tuple[str, ...]:
        """The channel of a reminder, the people of a direct message; nobody for anything else."""
        act = self.rung.partition("@")[0]
        if act == Act.REMIND and self.channel:
            return (self.channel,)
        return tuple(sorted(self.approvers)) if act == Act.DM else ()

    @property
    def is_for_people(self) -> bool:
        """Whether its audience is people, not a channel."""
        return self.rung.startswith(Act.DM)


class Gathering:
    """Counts what is due for each audience."""

    def __init__(self, more_than: int, within: timedelta) -> None:
        self._more_than = more_than
        self._within = within
        self._lately: defaultdict[tuple[str, ...], dict[tuple[str, str], datetime]]
        self._lately = defaultdict(dict)

    def bursts(self, due: Iterable[DueRung]) -> list[tuple[DueRung, ...]]:
        """Those of these that belong together: more than so many within the span."""
        found: defaultdict[tuple[str, ...], list[DueRung]] = defaultdict(list)
        for one in sorted(due, key=lambda one: (one.at, one.approval)):
            is_late = one.deadline - one.at <= PATIENCE * self._within
            if one.audience and not is_late:
                found[one.audience].append(one)
                self._lately[one.audience][one.approval, one.rung] = one.at
        self._forget(max((one.at for group in found.values() for one in group), default=None))
        return [
            tuple(group)
            for audience, group in found.items()
            if len(self._lately[audience]) > self._more_than
        ]

    def _forget(self, newest: datetime | None) -> None:
        if newest is None:
            return
        for audience, known in list(self._lately.items()):
            kept = {key: at for key, at in known.items() if newest - at <= self._within}
            if kept:
                self._lately[audience] = kept
            else:
                del self._lately[audience]
