"""`[pipelines.<name>]`: the steps of a task, what each may cost and who its agent must be."""

from datetime import timedelta
from enum import StrEnum
from typing import Any

from pydantic import Field, field_validator

from bot.config.sections.base import Section
from notifications.forms.task import DEFAULT, FormField
from workflows.messages.durations import Duration
from workflows.messages.results import AgentPin
from workflows.messages.tasks import Gate
from workflows.task.cost import Budget


class PinSettings(AgentPin, Section):
    """What a step's agent must say it is."""


class BudgetSettings(Budget, Section):
    """The most that models may cost, over all attempts and revisions; 0 is no limit."""


class StepSettings(Section):
    """One step of a pipeline; its `budget` stands for the general one."""

    name: str = Field(pattern="^[a-z][a-z0-9_]{0,30}$")
    """What cards and messages call it."""
    agent: str = ""
    """The agent, or an `https://` address; the step's own name when empty."""
    model: str = ""
    """A model of Gemini or of another provider, or `offline`; the agent's own when empty."""
    temperature: float | None = Field(default=None, ge=0, le=2)
    """The model's temperature."""
    timeout: Duration = timedelta(minutes=10)
    """How long the agent may take."""
    pin: PinSettings = PinSettings()
    """What the agent must declare. Something else is refused before anything is sent to it."""
    gate: Gate = Gate.AUTO
    """What becomes of the step's result; `false` is `none`; see below."""
    policy: dict[str, Any] = {}
    """Goes over the pipeline's policy."""
    budget: BudgetSettings | None = None
    """The most that its models may cost; stands for the general `[budget]`."""

    @field_validator("gate", mode="before")
    @classmethod
    def _false_is_none(cls, given: object) -> object:
        return Gate.NONE if given is False else given


class Gates(StrEnum):
    """About which of its steps' results a pipeline asks people."""

    EACH = "each"
    END = "end"


class PipelineSettings(Section):
    """Steps in order; `policy` here goes over the general one, a step's own over both.

    `budget` is that of a whole task.
    """

    description: str = ""
    """What people read in the form and in `/task help`."""
    channel: str = ""
    """Where its cards go; the channel the task was started in when empty."""
    policy: dict[str, Any] = {}
    """Goes over the general policy."""
    gate: Gates = Gates.EACH
    """`end` asks people about the last step's result only: `gate = false` for those before it."""
    fields: tuple[FormField, ...] = DEFAULT
    """Its form; file, upload, address and text when left out."""
    steps: tuple[StepSettings, ...] = Field(min_length=1)
    """Its steps, in order."""
    budget: BudgetSettings = BudgetSettings()
    """The most that the models of a whole task may cost."""

    def gate_of(self, step: StepSettings) -> Gate:
        """What becomes of this step's result: its own word, else the pipeline's."""
        if self.gate is Gates.END and "gate" not in step.model_fields_set:
            return Gate.AUTO if step is self.steps[-1] else Gate.NONE
        return step.gate
