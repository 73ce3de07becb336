"""What happened in the workspace, told to whoever listens: the page, and the bot's events."""

from collections.abc import Callable
from dataclasses import dataclass, field

from playground.http.wire import Json


@dataclass(frozen=True)
class Change:
    """One happening. `kind` is a name of the control API's event stream.

    `user` narrows it to one person. `document` and `previous` are the thing after and before.
    """

    kind: str
    channel: str = ""
    ts: str = ""
    thread_ts: str = ""
    user: str = ""
    id: str = ""
    document: Json = field(default_factory=dict)
    previous: Json = field(default_factory=dict)

    def announcement(self) -> Json:
        """The ids needed to fetch anew."""
        names = ("channel", "ts", "thread_ts", "user", "id")
        return {"type": self.kind} | {
            name: value for name in names if (value := self.__dict__[name])
        }


Listener = Callable[[Change], None]


class Feed:
    """Hands each change to every listener, at once and in order."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call the listener for each change from now on; the result ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def publish(self, change: Change) -> None:
        for listener in tuple(self._listeners):
            listener(change)
