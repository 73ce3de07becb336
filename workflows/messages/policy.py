"""The policy: who may decide, how many it takes, by when, what then. Declared in `signoff.toml`."""

from datetime import timedelta
from enum import StrEnum
from typing import Any, ClassVar, Self

from pydantic import Field, model_validator

from workflows.messages.base import Grown
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


class OnUnconfirmed(StrEnum):
    """What an approval is worth whose approver could not be looked up when they gave it."""

    COUNT = "count"
    REFUSE = "refuse"
    BY_RISK = "by_risk"


class Policy(Grown):
    """Who may decide, how many, by when, what then. Declared in `signoff.toml`."""

    LATER: ClassVar[frozenset[str]] = frozenset(
        {"mail_addresses", "on_unconfirmed", "bypass_high_risk", "bypass_quorum"}
    )

    approvers: tuple[str, ...] = ()
    """User ids, e-mail addresses, `@usergroup`, or `channel` for the members of the task's channel.
    Without anybody Signoff refuses to start."""
    quorum: int = Field(default=1, ge=1)
    """How many different people have to approve."""
    groups: dict[str, tuple[str, ...]] = {}
    """`{ finance = ["@finance"], legal = ["@legal"] }`: one from each; one person fills one seat.
    """
    reject_quorum: int = Field(default=1, ge=1)
    """How many rejections it takes; 1 is a veto."""
    requester_may_decide: bool = False
    """Whether whoever asked for it may decide."""
    editor_may_decide: bool = False
    """Whether an edit may be approved by whoever made it."""
    allow_guests: bool = False
    """Guests and people of other workspaces count when named one by one."""
    risk: Risk = Risk.NORMAL
    """`high` asks for a typed confirmation (of tool calls the total, else the payee or another
    argument; of results the step) and never takes part in bulk."""
    reason_required: bool = True
    """For a rejection."""
    reject_reasons: tuple[str, ...] = Field(default=(), max_length=20)
    """Presets for the form."""
    max_revisions: int = Field(default=3, ge=1)
    """After so many versions: approve or reject."""
    timeout: Duration = Field(default=timedelta(hours=24), gt=timedelta(0))
    """The window: `90s`, `30m`, `24h`, `7d`."""
    on_timeout: OnTimeout = OnTimeout.EXPIRE
    """What happens when nobody decided in time; `approve` is for low risk only."""
    ladder: tuple[Rung, ...] = DEFAULT
    """Rungs `{ at = 0.5 }` (of the window) or `{ after = "2h" }`, with `act` (`remind`, `dm`,
    `email`, `escalate`, `tell_requester`) and `to`."""
    escalate_to: tuple[str, ...] = ()
    """Whom an escalation without `to` adds; with nobody the requester is told."""
    calendar: dict[str, Any] = {}
    """`hours`, `holidays` (`DE-BE`, with the extra `holidays`), `days_off`, `quiet`, `zone`; around
    the clock when empty."""
    business_time: bool = False
    """Whether the window counts business time only."""
    mail_only: bool = False
    """Whether people without an account in Slack may decide, by e-mail: those of `mail_addresses`.
    """
    mail_addresses: tuple[str, ...] = ()
    """Addresses without an account in Slack, such as `"eve@partner.example"`, or
    `"@partner.example"` for all of a domain. To Slack somebody deactivated is unknown, too, so
    nobody else decides by e-mail alone."""
    on_unconfirmed: OnUnconfirmed = OnUnconfirmed.BY_RISK
    """Everybody who decides is looked up again. While Slack does not say whether they still may,
    an approval counts (`count`), does not (`refuse`), or counts unless risk is high (`by_risk`).
    """
    auto_approve: str = ""
    """A CEL expression over `result` and `metrics`; low risk only, audited; tool calls only if it
    names `result.calls`."""
    approve_fallback: bool = True
    """Whether a stand-in's result may be approved."""
    approve_synthetic: bool = False
    """Whether a synthetic result may be approved."""
    open_first: bool = False
    """Whether Approve opens the full text first."""
    email_decides_high_risk: bool = False
    """Whether high risk may be decided by e-mail."""
    bypassers: tuple[str, ...] = ()
    """Who may open a bypass with `/task bypass`, by user id or address."""
    bypass_high_risk: bool = False
    """Whether a bypass covers high risk, too."""
    bypass_quorum: bool = False
    """Whether a bypass covers what takes more than one person, too."""

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

    def counts_unconfirmed(self) -> bool:
        """Whether an approval counts whose approver could not be looked up."""
        if self.on_unconfirmed is OnUnconfirmed.BY_RISK:
            return self.risk is not Risk.HIGH
        return self.on_unconfirmed is OnUnconfirmed.COUNT

    def mail_decides(self, address: str) -> bool:
        """Whether this address decides by e-mail without an account in Slack."""
        wanted = address.casefold()
        domain = f"@{wanted.rpartition('@')[2]}"
        named = {one.strip().casefold() for one in self.mail_addresses}
        return self.mail_only and "@" in wanted[1:] and bool({wanted, domain} & named)

    def may_bypass(self, *names: str) -> bool:
        """Whether somebody with this user id or this address may open a bypass."""
        named = {name.strip().casefold() for name in self.bypassers}
        return bool(named & ({name.casefold() for name in names} - {""}))

    def bypass_covers(self) -> bool:
        """Whether an open bypass may decide this at all."""
        several = self.quorum > 1 or bool(self.groups)
        return (self.risk is not Risk.HIGH or self.bypass_high_risk) and (
            not several or self.bypass_quorum
        )

    def careful(self) -> bool:
        """Whether an approval takes a form, so that a single click is not enough."""
        return self.risk is Risk.HIGH or self.open_first

    def edit_settles(self) -> bool:
        """Whether an edit is approved by its own editor; otherwise it becomes the next revision."""
        return self.editor_may_decide and self.quorum == 1 and not self.groups
