"""Which rungs of the ladder were sent, which are due, and when the next escalation comes."""

from collections.abc import Iterable
from datetime import datetime

from workflows.messages.ladder import Act, PlannedRung


class Rungs:
    """The ladder of one approval. Escalations come by timer, all other rungs by signal."""

    def __init__(self, plan: Iterable[PlannedRung] = (), sent: Iterable[str] = ()) -> None:
        self.plan = tuple(plan)
        self.sent = list(sent)
        self._due: list[PlannedRung] = []

    def take(self, name: str) -> bool:
        """Note that a rung is due; False when it is unknown or was taken before."""
        rung = next((rung for rung in self.plan if rung.name == name), None)
        if rung is None or name in self.sent:
            return False
        self.sent.append(name)
        self._due.append(rung)
        return True

    def skip(self, name: str) -> bool:
        """Note that a rung needs nothing more; False when it is unknown or was taken before."""
        if name in self.sent or all(rung.name != name for rung in self.plan):
            return False
        self.sent.append(name)
        return True

    def due(self) -> list[PlannedRung]:
        """What has been taken since this was asked last."""
        due, self._due = self._due, []
        return due

    def to_come(self) -> tuple[PlannedRung, ...]:
        """What has not been taken yet."""
        return tuple(rung for rung in self.plan if rung.name not in self.sent)

    def next_escalation(self) -> PlannedRung | None:
        """The first escalation that has not been taken."""
        waiting = (r for r in self.plan if r.act is Act.ESCALATE and r.name not in self.sent)
        return min(waiting, key=lambda rung: rung.at, default=None)

    def next_moment(self, deadline: datetime) -> datetime:
        """When the workflow has to wake up by itself."""
        rung = self.next_escalation()
        return min(rung.at, deadline) if rung else deadline
