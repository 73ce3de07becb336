"""What buttons and modals carry: fixed action ids, and a value that says exactly what was shown."""

from enum import StrEnum
from typing import Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from workflows.messages.content_hash import PREFIX
from workflows.messages.decisions import Place, Verdict, Via


class ActionId(StrEnum):
    """The action and callback ids listeners register for."""

    APPROVE = "signoff_approve"
    APPROVE_WITH_CARE = "signoff_approve_with_care"
    REJECT = "signoff_reject"
    REQUEST_CHANGES = "signoff_request_changes"
    MORE = "signoff_more"
    DETAILS = "signoff_details"
    RETRY = "signoff_retry"
    CANCEL = "signoff_cancel"
    DECIDE_MODAL = "signoff_decide"
    EDIT_MODAL = "signoff_edit"
    HAND_ON_MODAL = "signoff_hand_on"
    LATER_MODAL = "signoff_later"
    WITHDRAW_MODAL = "signoff_withdraw"
    READ_MODAL = "signoff_read"
    TASK_MODAL = "signoff_task"
    NEW_TASK = "signoff_new_task"
    PIPELINE = "signoff_pipeline"
    SEND = "signoff_send"
    SEND_MODAL = "signoff_send_form"
    BULK = "signoff_bulk"
    BULK_MODAL = "signoff_bulk_choose"
    BULK_CONFIRM_MODAL = "signoff_bulk_confirm"
    SETTINGS = "signoff_settings"
    SETTINGS_MODAL = "signoff_settings_form"
    HOME_RISK = "signoff_home_risk"
    HOME_PIPELINE = "signoff_home_pipeline"
    HOME_NEXT = "signoff_home_next"
    HOME_FIRST = "signoff_home_first"
    OPEN_HOME = "signoff_open_home"


class MenuChoice(StrEnum):
    """What the menu "More" offers."""

    EDIT = "edit"
    HAND_ON = "hand_on"
    LATER = "later"
    EVERYTHING = "everything"
    WITHDRAW = "withdraw"


class Target(BaseModel):
    """Which revision was shown. Short names: an option's value holds 150 characters."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    approval: str = Field(alias="a", max_length=255)
    revision: int = Field(alias="r", ge=1)
    digest: str = Field(alias="d", min_length=PREFIX, max_length=64)

    def text(self) -> str:
        """The JSON that goes into the button."""
        return self.model_dump_json(by_alias=True, exclude_defaults=True)

    def about(self) -> "Target":
        """The target alone."""
        return Target(approval=self.approval, revision=self.revision, digest=self.digest)


class ButtonValue(Target):
    """The value of every decision button; `shown` is when a list with it was made (epoch)."""

    verdict: Verdict = Field(alias="v")
    shown: float = Field(alias="s", default=0.0)


class MenuValue(Target):
    """The value of an option of the menu "More"."""

    choice: MenuChoice = Field(alias="c")


class HomeCursor(BaseModel):
    """The Home's private metadata: which filters are set, and which page is shown."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    risk: str = ""
    pipeline: str = ""
    after: str = Field(default="", max_length=40, description="ISO time: only later deadlines")

    @classmethod
    def read(cls, text: str) -> Self:
        """The metadata of a Home; the first page for anything we did not write."""
        try:
            return cls.model_validate_json(text)
        except ValidationError:
            return cls()


class ModalValue(BaseModel):
    """A form's private metadata: what it is about, and where it was opened.

    `place` is the message that was clicked and `thread` where an answer is seen; both empty when
    the form was opened from Home (then `home` is what Home showed) or from a list. `shown` holds a
    digest of each text that the form came filled with, so that an unchanged field is known as
    such, and `opened` is when that was (epoch). `required` says that one of several fields has to
    be filled in, `phrase` what has to be typed to confirm.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    target: Target
    verdict: Verdict = Verdict.APPROVE
    via: Via = Via.MODAL
    place: Place | None = None
    thread: str = ""
    shown: dict[str, str] = {}
    opened: float = 0.0
    required: bool = False
    phrase: str = ""
    home: HomeCursor | None = None

    def answer_place(self) -> Place | None:
        """Where a private answer is seen by whoever opened the form."""
        return self.place and Place(channel=self.place.channel, ts=self.thread)


class TaskValue(BaseModel):
    """The value of Retry and Cancel: which task, and for Retry which problem it was shown for."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    task: str = Field(alias="t", max_length=255)
    problem: int = Field(alias="p", default=0, ge=0)

    def text(self) -> str:
        """The JSON that goes into the button."""
        return self.model_dump_json(by_alias=True)


Value = TypeVar("Value", bound=BaseModel)


def read(kind: type[Value], text: str) -> Value | None:
    """A value that a button or a form carried; None for anything we did not write."""
    try:
        return kind.model_validate_json(text)
    except ValidationError:
        return None
