"""The parts of the pages that the code writes: settings, commands, metrics, tools, decisions.

A page holds `<!-- generated: settings slack -->`, what was generated, and `<!-- end -->`. The
meaning of a key is the docstring behind its field.
"""

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from enum import Enum
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from prometheus_client.metrics import MetricWrapperBase
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from typer.main import get_command

from agents.models.named import NamedModel
from agents.models.settings import ModelKeys
from agents.programs.mcp import ApprovalTools, mcp_server
from agents.programs.request import ApprovalDraft
from agents.tool_policy.rules import Limit, Rule, RuleFile
from bot.commands.cli import app
from bot.config.sections.agents import AgentSettings
from bot.config.sections.pipelines import PinSettings, PipelineSettings, StepSettings
from bot.config.sections.programs import ProgramSettings
from bot.config.sections.secrets import Secrets
from bot.config.settings import Settings
from bot.monitoring.metrics import Metrics
from notifications.forms.task import FormField
from notifications.mail.smtp import MailServer
from notifications.reminders.calendar_settings import CalendarSettings
from workflows.messages.ladder import Rung
from workflows.messages.policy import Policy

PAGES = Path(__file__).parent
MODELS: Mapping[str, type[BaseModel]] = {
    "agents.<name>": AgentSettings,
    "models.<name>": NamedModel,
    "programs.<name>": ProgramSettings,
    "pipelines.<name>": PipelineSettings,
    "step": StepSettings,
    "pin": PinSettings,
    "field": FormField,
    "mail.server": MailServer,
    "policy": Policy,
    "rung": Rung,
    "calendar": CalendarSettings,
    "rule file": RuleFile,
    "rule": Rule,
    "limit": Limit,
    "request": ApprovalDraft,
}
_LEFT_OUT: Mapping[type[BaseModel], set[str]] = {MailServer: {"password"}}
_REGION = re.compile(r"(<!-- generated: (\w+) ?([^\n]*?) -->\n).*?(<!-- end -->)", re.DOTALL)
_WORDS = {
    str: "text",
    bool: "true or false",
    int: "number",
    float: "number",
    Path: "path",
    timedelta: "duration",
}


def main() -> None:
    """Write every generated part anew."""
    for page in pages():
        text = page.read_text(encoding="utf-8")
        if (new := regenerated(text)) != text:
            page.write_text(new, encoding="utf-8")


def pages() -> Iterator[Path]:
    """Those that hold a generated part."""
    for page in sorted(PAGES.rglob("*.md")):
        if _REGION.search(page.read_text(encoding="utf-8")):
            yield page


def regenerated(text: str) -> str:
    """The page with its parts as the code has them now; KeyError for one that nothing writes."""
    return _REGION.sub(lambda m: f"{m[1]}\n{_KINDS[m[2]](m[3])}\n{m[4]}", text)


def settings(name: str) -> str:
    """The table of a section of the settings, or of another model."""
    return _model(MODELS[name] if name in MODELS else _sections()[name])


def _sections() -> dict[str, type[BaseModel]]:
    """`[slack]` and the like: the models that are fields of the settings themselves."""
    kinds = {name: field.annotation for name, field in Settings.model_fields.items()}
    return {
        name: kind
        for name, kind in kinds.items()
        if isinstance(kind, type)
        and issubclass(kind, BaseModel)
        and kind not in {Secrets, ModelKeys}
    }


def secrets(_: str) -> str:
    """The secrets, by the name of their variable."""
    meanings = docstrings(Secrets)
    rows = [(f"`{name.upper()}`", meanings[name]) for name in Secrets.model_fields]
    return _table(("name", "meaning"), rows)


def _model(model: type[BaseModel]) -> str:
    meanings, left_out = docstrings(model), _LEFT_OUT.get(model, set())
    rows = [
        (f"`{name}`", _kind(field.annotation), _default(field), meanings[name])
        for name, field in model.model_fields.items()
        if name not in left_out
    ]
    return _table(("key", "kind", "default", "meaning"), rows)


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


def _kind(annotation: Any) -> str:
    """What people write there."""
    origin, inside = get_origin(annotation), get_args(annotation)
    if hasattr(annotation, "__metadata__"):
        return _kind(inside[0])
    if origin in {Union, UnionType}:
        return _kind(next(one for one in inside if one is not type(None)))
    if origin is tuple:
        return f"list of {_kind(inside[0])}"
    if origin is Literal or (isinstance(annotation, type) and issubclass(annotation, Enum)):
        choices = inside or [one.value for one in annotation]
        return ", ".join(f"`{one}`" for one in choices)
    is_table = origin is dict or (
        isinstance(annotation, type) and issubclass(annotation, BaseModel)
    )
    return "table" if is_table else _WORDS.get(annotation, "text")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.default
    if value is None or value in ("", (), {}, Path()) or isinstance(value, BaseModel):
        return ""
    if isinstance(value, tuple) and isinstance(value[0], BaseModel):
        return "see below"
    return f"`{_written(value)}`"


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


def commands(_: str) -> str:
    """Each command with its arguments and options."""
    return "\n".join(_command("signoff", get_command(app)))


def _command(path: str, command: Any) -> Iterator[str]:
    for name, below in getattr(command, "commands", {}).items():
        yield from _command(f"{path} {name}", below)
    if hasattr(command, "commands"):
        return
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    named = "".join(f" {one.name.upper()}{'...' * (one.nargs < 0)}" for one in arguments)
    yield f"### `{path}{named}`\n\n{command.help}\n"
    if command.params:
        yield _table(("", "kind", "", "meaning"), map(_parameter, command.params))


def _parameter(one: Any) -> tuple[str, str, str, str]:
    is_argument = one.param_type_name == "argument"
    kind = _kind(one.type_descriptor.annotation)
    return (
        f"`{one.name.upper() if is_argument else one.opts[0]}`",
        "" if kind == _WORDS[bool] else kind,
        "required" if one.required else "",
        one.help,
    )


def metrics(_: str) -> str:
    """What a process counts, with its labels."""
    found: list[Any] = [
        one for one in vars(Metrics()).values() if isinstance(one, MetricWrapperBase)
    ]
    rows = [
        (
            f"`{one._name}{'_total' * (one._type == 'counter')}`",
            one._type,
            ", ".join(f"`{label}`" for label in one._labelnames),
            one._documentation,
        )
        for one in found
    ]
    return _table(("metric", "kind", "labels", "meaning"), sorted(rows))


def tools(_: str) -> str:
    """The tools of the MCP server, with what they take."""
    nothing: Any = None
    server = mcp_server(ApprovalTools(nothing, nothing, nothing))
    return "\n".join(_tool(tool) for tool in server._tool_manager.list_tools())


def _tool(tool: Any) -> str:
    needed = set(tool.parameters.get("required", ()))
    rows = [
        (f"`{name}`", _json_kind(said), "required" * (name in needed), said.get("description", ""))
        for name, said in tool.parameters["properties"].items()
    ]
    head = ("argument", "kind", "", "meaning")
    return f"### `{tool.name}`\n\n{tool.description}\n\n{_table(head, rows)}"


def _json_kind(said: Mapping[str, Any]) -> str:
    kinds: list[str] = [one["type"] for one in said.get("anyOf", [said]) if one["type"] != "null"]
    return {"string": "text", "array": "list of text"}.get(kinds[0], kinds[0])


def decisions(_: str) -> str:
    """The pages of `docs/adr`, by their titles."""
    pages = sorted((PAGES / "adr").glob("[0-9]*.md"))
    titles = [page.read_text(encoding="utf-8").partition("\n")[0] for page in pages]
    return "".join(
        f"- [{title.removeprefix('# ')}]({page.name})\n"
        for title, page in zip(titles, pages, strict=True)
    )


def _table(head: Sequence[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    cells = ([cell.replace("|", "\\|") for cell in line] for line in lines)
    return "".join(f"| {' | '.join(line)} |\n" for line in cells)


_KINDS: Mapping[str, Callable[[str], str]] = {
    "settings": settings,
    "secrets": secrets,
    "commands": commands,
    "metrics": metrics,
    "tools": tools,
    "decisions": decisions,
}

if __name__ == "__main__":
    main()
