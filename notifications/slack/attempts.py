"""Whether an earlier attempt of this activity may have sent its message.

An attempt that certainly sent nothing says so in its last heartbeat. Whatever else happened to it
(a kill, a timeout), the next attempt finds no such word and looks for its message first.
"""

from temporalio import activity

from notifications.slack.pacing import LATER

_NOT_SENT = frozenset({LATER, "ratelimited"})


def certainly_unsent(kind: str | None) -> bool:
    """Whether an error of this type means that Slack did not take the message."""
    return kind in _NOT_SENT


def nothing_sent() -> bool:
    """Whether no attempt before this one can have sent."""
    info = activity.info()
    return info.attempt == 1 or list(info.heartbeat_details) == [info.attempt - 1]


def say_nothing_sent() -> None:
    """For the next attempt: none has sent, this one included."""
    if nothing_sent():
        activity.heartbeat(activity.info().attempt)
