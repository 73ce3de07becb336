"""What buttons and modals carry: fixed action ids, and a value that says exactly what was shown."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from workflows.decisions import Place, Verdict
from workflows.digest import PREFIX


class ActionId(StrEnum):
    """The action and callback ids listeners register for."""

    APPROVE = "signoff_approve"
    APPROVE_WITH_CARE = "signoff_approve_with_care"
    REJECT = "signoff_reject"
    REQUEST_CHANGES = "signoff_request_changes"
    RETRY = "signoff_retry"
    CANCEL = "signoff_cancel"
    DECIDE_MODAL = "signoff_decide"
    TASK_MODAL = "signoff_task"
    NEW_TASK = "signoff_new_task"


class ButtonValue(BaseModel):
    """The value of every decision button. Short names, because Slack allows 2,000 characters."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    approval: str = Field(alias="a", max_length=255)
    revision: int = Field(alias="r", ge=1)
    digest: str = Field(alias="d", min_length=PREFIX, max_length=64)
    verdict: Verdict = Field(alias="v")

    def text(self) -> str:
        """The JSON that goes into the button."""
        return self.model_dump_json(by_alias=True)


class ModalValue(BaseModel):
    """A modal's private metadata: the button it was opened from, and where that button stands."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    button: ButtonValue
    place: Place | None = None
    thread: str = ""


class TaskValue(BaseModel):
    """The value of Retry and Cancel: which task, and for Retry which problem it was shown for."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    task: str = Field(alias="t", max_length=255)
    problem: int = Field(alias="p", default=0, ge=0)

    def text(self) -> str:
        """The JSON that goes into the button."""
        return self.model_dump_json(by_alias=True)


def read_button(text: str) -> ButtonValue | None:
    """The value of a decision button; None for anything we did not write."""
    try:
        return ButtonValue.model_validate_json(text)
    except ValidationError:
        return None
