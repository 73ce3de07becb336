"""A policy engine that reads its rules from a TOML file.

    default = "allow"                  # for tools that no rule names; "confirm" unless said
    destructive = ["delete_*"]         # these count as destructive, whatever they say themselves
    reads = ["get_*"]                  # a second run changes nothing
    idempotent = ["put_*"]             # nor here, with the same idempotency key
    once = ["mail_*"]                  # a second run acts again, whatever they say themselves

    [[rule]]
    name = "small payments"
    tools = ["pay_*"]                  # globs; likewise agents and users
    when = "args.currency == 'EUR'"    # CEL over args, tool, agent, user, destructive
    limit = { argument = "amount", most = 100 }
    then = "allow"
    reason = "Up to 100 euros need nobody."

The first rule that applies decides. Where a condition cannot be judged (an argument is missing),
a rule that allows does not apply, and a rule that denies or confirms does: an error opens no door.
"""

import math
import tomllib
from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from agents.journal.repeatable import Repeat
from agents.tool_policy.condition import Condition
from agents.tool_policy.engine import Judgement, Ruling, ToolCall
from workflows.content.wrong_value import first_problem


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Limit(_Strict):
    """An amount, in the unit of the argument."""

    argument: str
    """The argument that holds the amount."""
    most: float = Field(ge=0)
    """The rule applies up to this amount. No number, no application."""

    def covers(self, arguments: Mapping[str, Any]) -> bool | None:
        """Whether the amount is within the limit; nothing when it is no plain amount."""
        value = arguments.get(self.argument)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        if not math.isfinite(value) or value < 0:
            return None
        return value <= self.most


class Rule(_Strict):
    """One rule."""

    name: str
    """What the log calls it."""
    tools: tuple[str, ...] = ("*",)
    """Globs: the tools it is about."""
    agents: tuple[str, ...] = ("*",)
    """Globs: whose calls."""
    users: tuple[str, ...] = ("*",)
    """Globs: on whose behalf."""
    when: str = ""
    """A CEL expression over `args`, `tool`, `agent`, `user` and `destructive`."""
    limit: Limit | None = None
    """`{ argument = "amount", most = 100 }`: the rule applies up to this amount."""
    then: Ruling
    """What becomes of the call."""
    reason: str = ""
    """What the model or the approvers read."""

    @field_validator("when")
    @classmethod
    def _compiles(cls, source: str) -> str:
        if source:
            Condition(source)
        return source

    @cached_property
    def condition(self) -> Condition | None:
        """The compiled condition, if there is one."""
        return Condition(self.when) if self.when else None

    def applies(self, call: ToolCall) -> bool:
        """Whether this rule decides on the call."""
        if not (
            _matches(call.tool, self.tools)
            and _matches(call.agent, self.agents)
            and _matches(call.user, self.users)
        ):
            return False
        held = [] if self.limit is None else [self.limit.covers(call.arguments)]
        if self.condition is not None:
            held.append(self.condition.holds(_values(call)))
        if False in held:
            return False
        return None not in held or self.then is not Ruling.ALLOW


class RuleFile(_Strict):
    """The whole file."""

    default: Ruling = Ruling.CONFIRM
    """For tools that no rule names."""
    destructive: tuple[str, ...] = ()
    """Globs: these count as destructive, whatever they say themselves."""
    reads: tuple[str, ...] = ()
    """Globs: a second run changes nothing."""
    idempotent: tuple[str, ...] = ()
    """Globs: nor here, with the same idempotency key."""
    once: tuple[str, ...] = ()
    """Globs: a second run acts again, whatever they say themselves."""
    rule: tuple[Rule, ...] = ()
    """The rules; the first that applies decides."""


class RuleEngine:
    """Judges by the rules of a file."""

    def __init__(self, rules: RuleFile) -> None:
        self._rules = rules

    @classmethod
    def read(cls, path: Path) -> "RuleEngine":
        """Read a file; raises ValueError with one sentence that names the file and the mistake."""
        try:
            written = tomllib.loads(path.read_text(encoding="utf-8"))
            return cls(RuleFile.model_validate(written))
        except OSError as error:
            raise ValueError(
                f"{path} cannot be read. Check the path of the policy file."
            ) from error
        except tomllib.TOMLDecodeError as error:
            raise ValueError(f"{path} is not valid TOML: {error}.") from error
        except ValidationError as error:
            said = first_problem(error, written=written, model=RuleFile)
            raise ValueError(f"{path}: {said}" + "." * (not said.endswith("?"))) from error

    def declared(self, tool: str) -> Repeat | None:
        """See `DeclaresTools`; the most careful word counts."""
        said = (
            (Repeat.ONCE, self._rules.once),
            (Repeat.IDEMPOTENT, self._rules.idempotent),
            (Repeat.READS, self._rules.reads),
        )
        return next((repeat for repeat, globs in said if _matches(tool, globs)), None)

    def evaluate(self, call: ToolCall) -> Judgement:
        """See `PolicyEngine`."""
        if _matches(call.tool, self._rules.destructive):
            call = call.model_copy(update={"destructive": True})
        for rule in self._rules.rule:
            if rule.applies(call):
                reason = rule.reason or f"The rule {rule.name!r} says so."
                return Judgement(ruling=rule.then, reason=reason, rule=rule.name)
        if call.destructive and self._rules.default is not Ruling.DENY:
            reason = f"{call.tool} changes things and no rule allows it."
            return Judgement(ruling=Ruling.CONFIRM, reason=reason)
        return Judgement(ruling=self._rules.default, reason=f"No rule names {call.tool}.")


def _matches(name: str, globs: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, glob) for glob in globs)


def _values(call: ToolCall) -> dict[str, Any]:
    return {
        "args": call.arguments,
        "tool": call.tool,
        "agent": call.agent,
        "user": call.user,
        "destructive": call.destructive,
    }
