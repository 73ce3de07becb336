"""What may be decided without a person: a rule over the result, or an open bypass.

A rule is one expression of the Common Expression Language over `result` and `metrics`, for
example `metrics.rows < 1000.0 && size(result.findings) == 0`. Only a plain `true` approves;
an error, a missing number or anything else is nobody's decision.
"""

import asyncio
import re
from datetime import UTC, datetime
from typing import Protocol

import aiohttp
import cel
import structlog
from slack_sdk.errors import SlackApiError

from notifications.people.members import Member
from notifications.people.membership import objection
from storage.bypasses import Bypass, BypassStore
from workflows.activities import PrepareRequest, Weighing
from workflows.messages.decisions import Via
from workflows.messages.policy import Policy, Risk
from workflows.messages.results import AgentResult

log = structlog.get_logger()

RULE = "rule"
_ABOUT_CALLS = re.compile(r"\bresult\.calls\b")
"""Tool calls have no text and no figures: a rule that does not name them decides none."""
NOBODY = Weighing()
OPENER_SECONDS = 2.0


def rule_problem(expression: str) -> str:
    """Why this is no expression over `result` and `metrics`; empty when it is one."""
    try:
        holds(expression, AgentResult(summary=""))
    except (ValueError, RuntimeError) as error:  # what it cannot read, and names it does not know
        return str(error).splitlines()[0]
    except Exception:  # noqa: BLE001 - a metric that this empty result does not have
        return ""
    return ""


def holds(expression: str, result: AgentResult) -> bool:
    """Whether the expression is true of this result; raises what the library raises."""
    seen = {
        "result": result.model_dump(mode="json", exclude={"metrics"}),
        "metrics": dict(result.metrics),
    }
    return cel.compile(expression).execute(seen) is True


class Openers(Protocol):
    """Whoever knows people as they are now."""

    async def of(self, user: str) -> Member:
        """This person; raises what Slack raises."""


class Rules:
    """Runs in the worker."""

    def __init__(self, open_bypasses: BypassStore, members: Openers) -> None:
        self._bypasses = open_bypasses
        self._members = members

    async def weigh(self, request: PrepareRequest) -> Weighing:
        """A bypass first: whoever opened it stands behind it by name, for as long as they may."""
        return await self._bypassed(request) or _ruled(request) or NOBODY

    async def _bypassed(self, request: PrepareRequest) -> Weighing | None:
        policy = request.policy
        if not policy.bypassers or not request.pipeline or not policy.bypass_covers():
            return None
        for bypass in await self._bypasses.standing(request.pipeline, datetime.now(UTC)):
            if bypass.opened_by != request.requester and await self._may(bypass, policy):
                return Weighing(via=Via.BYPASS, by=bypass.opened_by, reason=bypass.reason)
        return None

    async def _may(self, bypass: Bypass, policy: Policy) -> bool:
        """Whether whoever opened it still may; in doubt people are asked."""
        try:
            async with asyncio.timeout(OPENER_SECONDS):
                who = await self._members.of(bypass.opened_by)
        except (SlackApiError, aiohttp.ClientError, TimeoutError, OSError) as error:
            log.warning("a bypass does not hold: its opener is unknown", error=type(error).__name__)
            return False
        return not objection(who.standing) and policy.may_bypass(who.id, who.email)


def _ruled(request: PrepareRequest) -> Weighing | None:
    policy = request.policy
    if not policy.auto_approve or policy.risk is not Risk.LOW:
        return None
    if request.result.calls and not _ABOUT_CALLS.search(policy.auto_approve):
        return None
    try:
        fits = holds(policy.auto_approve, request.result)
    except Exception as error:  # noqa: BLE001 - in doubt nobody decides, whatever went wrong
        log.warning("a rule could not be evaluated", rule=policy.auto_approve, error=str(error))
        return None
    if not fits:
        return None
    return Weighing(via=Via.RULE, by=RULE, reason=f"The rule holds: {policy.auto_approve}")
