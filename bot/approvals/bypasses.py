"""Bypasses: somebody the policy names answers for a pipeline for a while, so nobody is asked.

Opening one is audited at once, and each approval that it settles is audited again. Whether it
holds for a step is asked each time one is raised (`bot/config/auto_approval.py`), by that step's
own policy.
"""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from pydantic import TypeAdapter, ValidationError
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.config.errors import BadRequest
from bot.config.settings import Settings
from notifications.slack.errors import passing
from storage.audit.log import AuditLog
from storage.bypasses import Bypass, BypassStore
from workflows.messages.audit import AuditEntry, AuditKind
from workflows.messages.durations import Duration
from workflows.messages.durations import words as in_words

USUAL = timedelta(hours=1)
LONGEST = timedelta(hours=8)
REASON_CHARACTERS = 300
_DURATION: TypeAdapter[timedelta] = TypeAdapter(Duration)
_USAGE = "Write /task bypass, the pipeline, for how long (1h if left out), and why."


class Bypasses:
    """Opens them."""

    def __init__(
        self, settings: Settings, slack: AsyncWebClient, store: BypassStore, audit: AuditLog
    ) -> None:
        self._settings = settings
        self._slack = slack
        self._store = store
        self._audit = audit

    async def open(self, words: Sequence[str], user: str, key: str) -> str:
        """`<pipeline> [duration] <reason…>`; the same `key` twice opens one. Says what it did."""
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
        await self._record(bypass)
        await self._store.open(bypass)
        return (
            f"Approvals of {pipeline} that your policy lets you bypass need nobody for "
            f"{in_words(length)}, except those of your own tasks. Each one names you and your "
            f"reason: {reason}"
        )

    def _read(self, words: Sequence[str]) -> tuple[str, timedelta, str]:
        pipeline, *rest = words or ("",)
        if pipeline not in self._settings.pipelines:
            raise BadRequest(f"There is no pipeline '{pipeline}'. {_USAGE}")
        length = _length(rest[0]) if rest else None
        reason = " ".join(rest if length is None else rest[1:]).strip()
        length = USUAL if length is None else length
        if not timedelta(minutes=1) <= length <= LONGEST:
            raise BadRequest("A bypass lasts between 1 minute and 8 hours.")
        if len(reason) < 3:
            raise BadRequest(f"A bypass needs a reason. {_USAGE}")
        return pipeline, length, reason[:REASON_CHARACTERS]

    async def _entitled(self, pipeline: str, user: str) -> str:
        """The person's address; raises BadRequest unless some step's policy names them."""
        try:
            found = (await self._slack.users_info(user=user))["user"]
        except SlackApiError as error:
            if passing(error):
                raise
            raise BadRequest("Slack doesn't know you, so you can't open a bypass.") from None
        email = str((found.get("profile") or {}).get("email") or "")
        named = {name for plan in self._settings.plans(pipeline) for name in plan.policy.bypassers}
        strange = any(found.get(name) for name in ("deleted", "is_bot", "is_restricted"))
        if strange or not named & ({user, email} - {""}):
            raise BadRequest(
                f"You may not bypass {pipeline}: no policy of it names you under bypassers."
            )
        return email

    async def _record(self, bypass: Bypass) -> None:
        await self._audit.append(
            AuditEntry(
                id=f"bypass:{bypass.id}",
                at=bypass.opened_at,
                kind=AuditKind.BYPASSED,
                actor=bypass.opened_by,
                via="slack",
                detail={
                    "opened": bypass.pipeline,
                    "reason": bypass.reason,
                    "until": bypass.until.isoformat(),
                },
            )
        )


def _length(word: str) -> timedelta | None:
    try:
        return _DURATION.validate_python(word) if word[:1].isdigit() else None
    except ValidationError:
        return None
