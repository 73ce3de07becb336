"""The policy: who may decide, how many it takes, by when, what then. Declared in `signoff.toml`."""

from datetime import timedelta
from enum import StrEnum
from typing import Any, Self

from pydantic import Field, model_validator

from workflows.messages.base import Frozen
from workflows.messages.durations import Duration
from workflows.messages.ladder import DEFAULT, Rung, check


class Risk(StrEnum):
    """How much care a decision needs."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


class OnTimeout(StrEnum):
    """What happens when nobody decided in time."""

    EXPIRE = "expire"
    REJECT = "reject"
    APPROVE = "approve"


class Policy(Frozen):
    """Who may decide, how many, by when, what then. Declared in `signoff.toml`."""

    approvers: tuple[str, ...] = ()
    quorum: int = Field(default=1, ge=1)
    groups: dict[str, tuple[str, ...]] = {}
    reject_quorum: int = Field(default=1, ge=1, description="1 is a veto")
    requester_may_decide: bool = False
    editor_may_decide: bool = False
    allow_guests: bool = False
    risk: Risk = Risk.NORMAL
    reason_required: bool = True
    reject_reasons: tuple[str, ...] = Field(default=(), max_length=20)
    max_revisions: int = Field(default=3, ge=1)
    timeout: Duration = Field(default=timedelta(hours=24), gt=timedelta(0))
    on_timeout: OnTimeout = OnTimeout.EXPIRE
    ladder: tuple[Rung, ...] = DEFAULT
    escalate_to: tuple[str, ...] = Field(default=(), description="whom an escalation adds")
    calendar: dict[str, Any] = Field(default={}, description="hours, holidays, quiet, zone")
    business_time: bool = Field(default=False, description="the window counts business time only")
    mail_only: bool = Field(default=False, description="addresses Slack does not know may decide")
    auto_approve: str = Field(default="", description="CEL over result and metrics; low risk only")
    approve_fallback: bool = True
    approve_synthetic: bool = False
    open_first: bool = Field(default=False, description="Approve opens the full view first")
    email_decides_high_risk: bool = False
    bypassers: tuple[str, ...] = Field(default=(), description="who may open a bypass; nobody")

    @model_validator(mode="after")
    def _only_low_risk_decides_itself(self) -> Self:
        if self.risk is not Risk.LOW and self.auto_approve:
            raise ValueError("auto_approve needs risk = 'low'")
        if self.risk is not Risk.LOW and self.on_timeout is OnTimeout.APPROVE:
            raise ValueError("on_timeout = 'approve' needs risk = 'low'")
        check(self.ladder)
        return self

    def decides_alone(self) -> bool:
        """Whether something other than a person might decide, so that it has to be asked."""
        return bool(self.auto_approve or self.bypassers)

    def careful(self) -> bool:
        """Whether an approval takes a form, so that a single click is not enough."""
        return self.risk is Risk.HIGH or self.open_first

    def edit_settles(self) -> bool:
        """Whether an edit is approved by its own editor; otherwise it becomes the next revision."""
        return self.editor_may_decide and self.quorum == 1 and not self.groups
