"""What the playground refuses, each with the code real Slack gives.

PlaygroundError
├── SlackError        answered to a bot: `{"ok": false, "error": code}`
└── ControlError      answered to a person: `{"ok": false, "error": code, "detail": sentence}`
"""

from typing import Any


class PlaygroundError(Exception):
    """Base of every error raised on purpose."""


class SlackError(PlaygroundError):
    """A Web API call that is refused; `extra` joins the answer beside `ok` and `error`."""

    def __init__(self, code: str, **extra: Any) -> None:
        super().__init__(code)
        self.code = code
        self.extra = extra


def invalid_arguments(*messages: str) -> SlackError:
    """The error of a call whose arguments do not fit, with Slack's list of reasons."""
    lines = [f"[ERROR] {message}" for message in messages]
    return SlackError("invalid_arguments", response_metadata={"messages": lines})


class ControlError(PlaygroundError):
    """A control call that is refused, with a sentence for the person who made it."""

    def __init__(self, code: str, detail: str, status: int = 400) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.status = status
