"""How approvals are found: search attributes and memo, set by the workflow itself."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from temporalio import workflow
from temporalio.common import SearchAttributeUpdate

from workflows.approval import search_attributes
from workflows.content.rendering import summary_of
from workflows.messages.ballot import Ballot
from workflows.messages.content_hash import PREFIX
from workflows.messages.decisions import Outcome
from workflows.messages.ladder import Act, PlannedRung
from workflows.messages.requests import ApprovalRequest

Updates = list[SearchAttributeUpdate[Any]]
NO_RUNG: Updates = [search_attributes.NEXT_RUNG.value_unset(), search_attributes.RUNG.value_unset()]


def pending(request: ApprovalRequest, ballot: Ballot, plan: Iterable[PlannedRung]) -> None:
    """List as pending, with everything a list shows, so that no list asks each workflow."""
    assert ballot.deadline is not None
    workflow.upsert_search_attributes(
        [
            search_attributes.STATUS.value_set(search_attributes.PENDING),
            search_attributes.REQUESTER.value_set(request.requester),
            search_attributes.DEADLINE.value_set(ballot.deadline),
            search_attributes.TASK.value_set(request.task_id),
            search_attributes.RISK.value_set(request.policy.risk),
            search_attributes.PIPELINE.value_set(request.pipeline),
            search_attributes.APPROVERS.value_set(sorted(ballot.eligible())),
            *_rung(plan, ()),
        ]
    )
    people = ballot.electorate.people if ballot.electorate else ()
    workflow.upsert_memo(
        {
            "title": request.title,
            "summary": summary_of(request.result),
            "channel": request.thread.channel,
            "revision": request.revision,
            "digest": ballot.digest[:PREFIX],
            "zones": {person.id: person.tz for person in people},
            "approvers": _named(ballot),
            "careful": request.policy.careful(),
        }
    )


def _named(ballot: Ballot) -> list[str]:
    people = ballot.electorate.people if ballot.electorate else ()
    able = ballot.deciders()
    return [person.name or person.id for person in people if person.id in able]


def left_alone(ballot: Ballot, snoozed: Mapping[str, datetime]) -> None:
    """Whom digests leave this out for: who wants no reminder now, and who has had their say."""
    if not workflow.patched("left-alone"):
        return
    until = {user: at.isoformat() for user, at in snoozed.items()}
    said = {decision.by: "9999-12-31T00:00:00+00:00" for decision in ballot.counted}
    workflow.upsert_memo({"left_alone": until | said})


def approvers(ballot: Ballot) -> None:
    """List for everybody whose decision would count."""
    workflow.upsert_search_attributes(
        [search_attributes.APPROVERS.value_set(sorted(ballot.eligible()))]
    )


def next_rung(plan: Iterable[PlannedRung], sent: Iterable[str]) -> None:
    """List when the next reminder is due; the scheduler looks for it."""
    workflow.upsert_search_attributes(_rung(plan, sent))


def _rung(plan: Iterable[PlannedRung], sent: Iterable[str]) -> Updates:
    done = set(sent)
    notices = (rung for rung in plan if rung.act is not Act.ESCALATE)
    rung = next((rung for rung in notices if rung.name not in done), None)
    if rung is None:
        return NO_RUNG
    return [
        search_attributes.NEXT_RUNG.value_set(rung.at),
        search_attributes.RUNG.value_set(rung.name),
    ]


def settled(outcome: Outcome, by: Iterable[str], *, edited: bool) -> None:
    """List under its outcome, with whoever decided; no reminder is due any more."""
    workflow.upsert_search_attributes([search_attributes.STATUS.value_set(outcome), *NO_RUNG])
    workflow.upsert_memo({"decided_by": list(by), "edited": edited})
