"""The keys of the settings and of what is written beside them, as the code has them.

The meaning of a key is the docstring behind its field. `signoff settings` prints this, and
`docs/generated.py` writes it into the pages.
"""

import ast
import inspect
import textwrap
from collections.abc import Iterator, Mapping
from datetime import timedelta
from enum import Enum
from pathlib import Path
from types import UnionType
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from rich.console import Console

from agents.models.named import NamedModel
from agents.models.settings import ModelKeys
from agents.programs.request import ApprovalDraft
from agents.tool_policy.rules import Limit, Rule, RuleFile
from bot.config.errors import BadRequest
from bot.config.sections.agents import AgentSettings
from bot.config.sections.pipelines import PinSettings, PipelineSettings, StepSettings
from bot.config.sections.programs import ProgramSettings
from bot.config.sections.secrets import Secrets
from bot.config.settings import Settings
from notifications.forms.task import FormField
from notifications.mail.smtp import MailServer
from notifications.reminders.calendar_settings import CalendarSettings
from workflows.messages.ladder import Rung
from workflows.messages.policy import Policy

IN_FILE: Mapping[str, type[BaseModel]] = {
    "agents.<name>": AgentSettings,
    "models.<name>": NamedModel,
    "programs.<name>": ProgramSettings,
    "pipelines.<name>": PipelineSettings,
    "pipelines.<name>.steps": StepSettings,
    "pipelines.<name>.steps.pin": PinSettings,
    "pipelines.<name>.fields": FormField,
    "mail.server": MailServer,
    "policy": Policy,
    "policy.ladder": Rung,
    "policy.calendar": CalendarSettings,
}
"""Tables of `signoff.toml` that are no field of the settings by themselves."""
ELSEWHERE: Mapping[str, type[BaseModel]] = {
    "rule file": RuleFile,
    "rule": Rule,
    "limit": Limit,
    "request": ApprovalDraft,
}
REQUIRED, BELOW = "required", "see below"
_LEFT_OUT: Mapping[type[BaseModel], set[str]] = {MailServer: {"password"}}
_WORDS = {
    str: "text",
    bool: "true or false",
    int: "number",
    float: "number",
    Path: "path",
    timedelta: "duration",
}


class Key(NamedTuple):
    """A key, what people write there, what holds without it, and what it means.

    `default` is as TOML has it, or `REQUIRED` or `BELOW`, or empty.
    """

    name: str
    kind: str
    default: str
    meaning: str


def print_keys(say: Console, section: str) -> None:
    """Every key with its meaning, of all tables or of one; raises BadRequest for another name."""
    tables = {**sections(), **IN_FILE}
    if section:
        named = {name: model for name, model in tables.items() if name.split(".")[0] == section}
        if not named:
            known = dict.fromkeys(name.split(".")[0] for name in tables)
            raise BadRequest(f"There is no table [{section}]; there are {', '.join(known)}.")
        tables = named
    for name, model in tables.items():
        say.print(f"[{name}]", style="bold", markup=False)
        for key in keys(model):
            standing = (
                key.default if key.default in {"", REQUIRED, BELOW} else f"default {key.default}"
            )
            facts = ", ".join(filter(None, (key.kind.replace("`", ""), standing)))
            say.print(f"  {key.name}  ({facts})", markup=False)
            say.print(f"      {key.meaning}", markup=False)
        say.print()


def sections() -> dict[str, type[BaseModel]]:
    """`[slack]` and the like: the models that are fields of the settings themselves."""
    kinds = {name: field.annotation for name, field in Settings.model_fields.items()}
    return {
        name: kind
        for name, kind in kinds.items()
        if isinstance(kind, type)
        and issubclass(kind, BaseModel)
        and kind not in {Secrets, ModelKeys}
    }


def keys(model: type[BaseModel]) -> Iterator[Key]:
    """Those that people may write."""
    meanings, left_out = docstrings(model), _LEFT_OUT.get(model, set())
    for name, field in model.model_fields.items():
        if name not in left_out:
            yield Key(name, kind_of(field.annotation), _default(field), meanings[name])


def docstrings(model: type[BaseModel]) -> dict[str, str]:
    """What stands behind each field, also an inherited one, in the source, on one line."""
    found: dict[str, str] = {}
    for kind in reversed(model.__mro__):
        if issubclass(kind, BaseModel) and kind is not BaseModel:
            found |= _own_docstrings(kind)
    return found


def _own_docstrings(model: type[BaseModel]) -> dict[str, str]:
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(model))).body
    assert isinstance(tree, ast.ClassDef)
    found = {}
    for field, behind in zip(tree.body, tree.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(behind, ast.Expr):
            text = ast.literal_eval(behind.value)
            found[ast.unparse(field.target)] = " ".join(text.split())
    return found


def kind_of(annotation: Any) -> str:
    """What people write there; choices stand in backticks."""
    origin, inside = get_origin(annotation), get_args(annotation)
    if hasattr(annotation, "__metadata__"):
        return kind_of(inside[0])
    if origin in {Union, UnionType}:
        return kind_of(next(one for one in inside if one is not type(None)))
    if origin is tuple:
        return f"list of {kind_of(inside[0])}"
    if origin is Literal or (isinstance(annotation, type) and issubclass(annotation, Enum)):
        choices = inside or [one.value for one in annotation]
        return ", ".join(f"`{one}`" for one in choices)
    is_table = origin is dict or (
        isinstance(annotation, type) and issubclass(annotation, BaseModel)
    )
    return "table" if is_table else _WORDS.get(annotation, "text")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return REQUIRED
    value = field.default
    if value is None or value in ("", (), {}, Path()) or isinstance(value, BaseModel):
        return ""
    if isinstance(value, tuple) and isinstance(value[0], BaseModel):
        return BELOW
    return _written(value)


def _written(value: object) -> str:
    """As TOML has it; durations as people write them."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, timedelta):
        return _duration(value)
    if isinstance(value, tuple):
        return f"[{', '.join(map(_written, value))}]"
    if isinstance(value, Enum):
        value = value.value
    return str(value) if isinstance(value, int | float) else f'"{value}"'


def _duration(value: timedelta) -> str:
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")):
        count, rest = divmod(value.total_seconds(), size)
        if count and not rest and (unit != "d" or count > 1):
            return f"{count:g}{unit}"
    return f"{value.total_seconds():g}s" if value else "0"
