"""The parts of the pages that the code writes: settings, commands, metrics, tools, decisions.

A page holds `<!-- generated: settings slack -->`, what was generated, and `<!-- end -->`. The
meaning of a key is the docstring behind its field.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from prometheus_client.metrics import MetricWrapperBase
from pydantic import BaseModel
from typer.main import get_command

from agents.programs.mcp import ApprovalTools, mcp_server
from bot.commands.cli import app
from bot.config.reference import (
    BELOW,
    ELSEWHERE,
    IN_FILE,
    REQUIRED,
    docstrings,
    keys,
    kind_of,
    sections,
)
from bot.config.sections.secrets import Secrets
from bot.monitoring.metrics import Metrics

PAGES = Path(__file__).parent
_REGION = re.compile(r"(<!-- generated: (\w+) ?([^\n]*?) -->\n).*?(<!-- end -->)", re.DOTALL)


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
    return _model({**sections(), **IN_FILE, **ELSEWHERE}[name])


def secrets(_: str) -> str:
    """The secrets, by the name of their variable."""
    meanings = docstrings(Secrets)
    rows = [(f"`{name.upper()}`", meanings[name]) for name in Secrets.model_fields]
    return _table(("name", "meaning"), rows)


def _model(model: type[BaseModel]) -> str:
    rows = [(f"`{key.name}`", key.kind, _default(key.default), key.meaning) for key in keys(model)]
    return _table(("key", "kind", "default", "meaning"), rows)


def _default(said: str) -> str:
    return said if said in {"", REQUIRED, BELOW} else f"`{said}`"


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
    kind = kind_of(one.type_descriptor.annotation)
    return (
        f"`{one.name.upper() if is_argument else one.opts[0]}`",
        "" if kind == kind_of(bool) else kind,
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
