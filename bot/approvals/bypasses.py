"""Bypasses: somebody the policy names answers for a pipeline for a while, so nobody is asked.

Opening one is audited at once, and each approval that it settles is audited again. Whether it
holds for a step is asked each time one is raised (`bot/config/auto_approval.py`), by that step's
own policy.
"""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import TypeAdapter, ValidationError

from bot.config.errors import BadRequest
from bot.config.settings import Settings
from notifications.people.members import Members
from notifications.people.membership import objection
from storage.audit.log import AuditLog
from storage.bypasses import Bypass, BypassStore
from workflows.messages.audit import AuditEntry, AuditKind
from workflows.messages.durations import Duration
from workflows.messages.durations import words as in_words

USUAL = timedelta(hours=1)
LONGEST = timedelta(hours=8)
REASON_CHARACTERS = 300
_DURATION: TypeAdapter[timedelta] = TypeAdapter(Duration)
END = "end"
_USAGE = (
    "Write /task bypass, the pipeline, for how long (1h if left out), and why; 'end' in place of "
    "both ends it."
)


class Bypasses:
    """Opens and ends them."""

    def __init__(
        self, settings: Settings, members: Members, store: BypassStore, audit: AuditLog
    ) -> None:
        self._settings = settings
        self._members = members
        self._store = store
        self._audit = audit

    async def open(self, words: Sequence[str], user: str, key: str) -> str:
        """`<pipeline> [duration] <reason…>`, or `<pipeline> end`; the same `key` twice opens one.

        Says what it did.
        """
        if tuple(words[1:]) == (END,):
            return await self._end(words[0], user, key)
        pipeline, length, reason = self._read(words)
        email = await self._entitled(pipeline, user)
        now = datetime.now(UTC)
        bypass = Bypass(
            id="b-" + hashlib.sha256(f"{user}:{key}".encode()).hexdigest()[:16],
            pipeline=pipeline,
            opened_by=user,
            email=email,
            reason=reason,
            opened_at=now,
            until=now + length,
        )
        until = bypass.until.isoformat()
        await self._record(bypass.id, user, now, opened=pipeline, reason=reason, until=until)
        await self._store.open(bypass)
        return (
            f"Approvals of {pipeline} that your policy lets you bypass need nobody for "
            f"{in_words(length)}, except those of your own tasks. Each one names you and your "
            f"reason: {reason}. '/task bypass {pipeline} {END}' ends it before."
        )

    async def _end(self, pipeline: str, user: str, key: str) -> str:
        """End every open bypass of this pipeline, whoever opened it."""
        self._require_known(pipeline)
        await self._entitled(pipeline, user)
        now = datetime.now(UTC)
        ended = await self._store.end(pipeline, now)
        if not ended:
            return f"No bypass of {pipeline} is open."
        unique = hashlib.sha256(f"{user}:{key}".encode()).hexdigest()[:16]
        await self._record(f"e-{unique}", user, now, ended=pipeline, bypasses=list(ended))
        return f"The bypass of {pipeline} has ended: its approvals need people again."

    def _require_known(self, pipeline: str) -> None:
        if pipeline not in self._settings.pipelines:
            raise BadRequest(f"There is no pipeline '{pipeline}'. {_USAGE}")

    def _read(self, words: Sequence[str]) -> tuple[str, timedelta, str]:
        pipeline, *rest = words or ("",)
        self._require_known(pipeline)
        length = _length(rest[0]) if rest else None
        reason = " ".join(rest if length is None else rest[1:]).strip()
        length = USUAL if length is None else length
        if not timedelta(minutes=1) <= length <= LONGEST:
            raise BadRequest("A bypass lasts between 1 minute and 8 hours.")
        if len(reason) < 3:
            raise BadRequest(f"A bypass needs a reason. {_USAGE}")
        return pipeline, length, reason[:REASON_CHARACTERS]

    async def _entitled(self, pipeline: str, user: str) -> str:
        """The person's address; raises BadRequest unless some step's policy names them.

        Raises SlackApiError when Slack cannot be asked now.
        """
        who = await self._members.of(user)
        policies = (plan.policy for plan in self._settings.plans(pipeline))
        named = any(policy.may_bypass(who.id, who.email) for policy in policies)
        if objection(who.standing) or not named:
            raise BadRequest(
                f"You may not bypass {pipeline}: no policy of it names you under bypassers."
            )
        return who.email

    async def _record(self, id_: str, user: str, at: datetime, **detail: Any) -> None:
        await self._audit.append(
            AuditEntry(
                id=f"bypass:{id_}",
                at=at,
                kind=AuditKind.BYPASSED,
                actor=user,
                via="slack",
                detail=detail,
            )
        )


def _length(word: str) -> timedelta | None:
    try:
        return _DURATION.validate_python(word) if word[:1].isdigit() else None
    except ValidationError:
        return None
