"""Search attributes: how pending approvals and running tasks are listed. Registered at start-up."""

from typing import Any

from temporalio.common import SearchAttributeKey

STATUS = SearchAttributeKey.for_keyword("SignoffStatus")
REQUESTER = SearchAttributeKey.for_keyword("SignoffRequester")
APPROVERS = SearchAttributeKey.for_keyword_list("SignoffApprovers")
DEADLINE = SearchAttributeKey.for_datetime("SignoffDeadline")
NEXT_RUNG = SearchAttributeKey.for_datetime("SignoffNextRung")
RUNG = SearchAttributeKey.for_keyword("SignoffRung")
TASK = SearchAttributeKey.for_keyword("SignoffTask")
RISK = SearchAttributeKey.for_keyword("SignoffRisk")
PIPELINE = SearchAttributeKey.for_keyword("SignoffPipeline")
PROGRAM = SearchAttributeKey.for_keyword("SignoffProgram")

ALL: tuple[SearchAttributeKey[Any], ...] = (
    STATUS,
    REQUESTER,
    APPROVERS,
    DEADLINE,
    NEXT_RUNG,
    RUNG,
    TASK,
    RISK,
    PIPELINE,
    PROGRAM,
)

PENDING = "pending"
RUNNING = "running"
STUCK = "stuck"
