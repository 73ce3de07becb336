"""Who could decide a while ago: stands in while Slack cannot be asked, lest people wait in vain.

Whom to ask is good for an hour, that somebody who decides may do so for a minute; that they may
not is kept for an hour, too: while Slack is away, a known refusal wins.

Only for the same policy and channel, only for an hour, and only while Slack is away: a refusal
(a token, a scope) is no outage. Whoever was removed in that hour is known too late.
"""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from cachetools import TTLCache
from temporalio.exceptions import ApplicationError

from workflows.activities import ElectorateRequest, EntitlementRequest
from workflows.messages.electorate import Electorate, Entitled, Entitlement
from workflows.messages.policy import Policy

GOOD_FOR: Final = timedelta(hours=1)
LATELY: Final = timedelta(minutes=1)
PATIENCE: Final = timedelta(seconds=20)
"""So long Slack is asked again before the old answer has to do."""
MOST: Final = 1_000
AWAY: Final = frozenset(
    {
        *("fatal_error", "internal_error", "ratelimited", "request_timeout"),
        *("service_unavailable", ""),
    }
)
"""Codes by which Slack says that it is not itself; no code at all when it says nothing of use."""


class KnownElectorates:
    """The latest answers, in this process."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._kept: TTLCache[str, Electorate] = TTLCache(MOST, GOOD_FOR.total_seconds(), clock)

    def keep(self, request: ElectorateRequest, found: Electorate) -> None:
        """Slack answered."""
        self._kept[_key(request)] = found

    def stands_in(
        self, request: ElectorateRequest, error: Exception, waited: timedelta
    ) -> Electorate | None:
        """An answer of the last hour, once Slack was away for long enough; else None."""
        kept = self._kept.get(_key(request))
        waited_enough = max(waited, _pause(error)) >= PATIENCE
        return kept if _is_outage(error) and waited_enough else None


class KnownEntitlements:
    """What was found out last about whoever decides, in this process."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._may: TTLCache[str, Entitlement] = TTLCache(MOST, LATELY.total_seconds(), clock)
        self._may_not: TTLCache[str, Entitlement] = TTLCache(MOST, GOOD_FOR.total_seconds(), clock)

    def keep(self, request: EntitlementRequest, found: Entitlement) -> None:
        """Slack answered."""
        name = _person(request)
        for kept, worth in ((self._may, Entitled.YES), (self._may_not, Entitled.NO)):
            kept.pop(name, None)
            if found.entitled is worth:
                kept[name] = found

    def stands_in(self, request: EntitlementRequest) -> Entitlement:
        """A refusal of the last hour, a yes of the last minute, else unknown."""
        name = _person(request)
        known = self._may_not.get(name) or self._may.get(name)
        return known or Entitlement(entitled=Entitled.UNKNOWN)


def _key(request: ElectorateRequest) -> str:
    return f"{request.channel} {request.requester} {_named(request.policy)}"


def _person(request: EntitlementRequest) -> str:
    return f"{request.channel} {request.person.model_dump_json()} {_named(request.policy)}"


def _named(policy: Policy) -> str:
    return policy.model_dump_json(
        include={"approvers", "groups", "allow_guests", "mail_only", "mail_addresses"}
    )


def _is_outage(error: Exception) -> bool:
    return not isinstance(error, ApplicationError) or (error.type or "") in AWAY


def _pause(error: Exception) -> timedelta:
    """How long Slack wants to be left alone."""
    known = error.next_retry_delay if isinstance(error, ApplicationError) else None
    return known or timedelta(0)
