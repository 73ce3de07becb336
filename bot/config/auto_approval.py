"""What may be decided without a person: a rule over the result, or an open bypass.

A rule is one expression of the Common Expression Language over `result` and `metrics`, for
example `metrics.rows < 1000.0 && size(result.findings) == 0`. Only a plain `true` approves;
an error, a missing number or anything else is nobody's decision.
"""

import re
from datetime import UTC, datetime

import cel
import structlog

from storage.bypasses import BypassStore
from workflows.activities import PrepareRequest, Weighing
from workflows.messages.decisions import Via
from workflows.messages.policy import Risk
from workflows.messages.results import AgentResult

log = structlog.get_logger()

RULE = "rule"
_ABOUT_CALLS = re.compile(r"\bresult\.calls\b")
"""Tool calls have no text and no figures: a rule that does not name them decides none."""
NOBODY = Weighing()


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


class Rules:
    """Runs in the worker."""

    def __init__(self, bypasses: BypassStore) -> None:
        self._bypasses = bypasses

    async def weigh(self, request: PrepareRequest) -> Weighing:
        """A bypass first: whoever opened it stands behind it by name."""
        return await self._bypassed(request) or _ruled(request) or NOBODY

    async def _bypassed(self, request: PrepareRequest) -> Weighing | None:
        named = set(request.policy.bypassers)
        if not named or not request.pipeline:
            return None
        for bypass in await self._bypasses.standing(request.pipeline, datetime.now(UTC)):
            allowed = named & ({bypass.opened_by, bypass.email} - {""})
            if allowed and bypass.opened_by != request.requester:
                return Weighing(via=Via.BYPASS, by=bypass.opened_by, reason=bypass.reason)
        return None


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
