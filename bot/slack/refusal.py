"""Why a request from outside is turned away, and with which status."""

from enum import StrEnum


class Reason(StrEnum):
    """One word each, fit for a log line and for a metric's label."""

    TIMESTAMP = "timestamp"
    SIGNATURE = "signature"
    STALE = "stale"
    TOO_LARGE = "too_large"
    TOO_SLOW = "too_slow"
    CUT_OFF = "cut_off"
    COMPRESSED = "compressed"
    CONTENT_TYPE = "content_type"
    BODY = "body"
    SHAPE = "shape"


_STATUS = {
    Reason.TIMESTAMP: 401,
    Reason.SIGNATURE: 401,
    Reason.STALE: 401,
    Reason.TOO_LARGE: 413,
    Reason.TOO_SLOW: 408,
}


class RequestRefused(Exception):  # noqa: N818 - the request was refused, the program is fine
    """Nothing of the request's content is in it, so it can be logged and sent back."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason

    @property
    def status(self) -> int:
        """401 for who it is, 413 and 408 for how it came, 400 for what it says."""
        return _STATUS.get(self.reason, 400)
