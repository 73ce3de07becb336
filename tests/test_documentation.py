"""What the documentation says is true: keys, commands, targets, links, examples."""

import ast
import importlib
import json
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from agents.tool_policy.rules import RuleEngine
from bot.commands.cli import app
from bot.config import reference
from bot.config.settings import load
from bot.processes.approval_service import programs_of
from bot.processes.ports import needed
from docs import generated
from playground.config import load_config
from workflows.messages.audit import AuditKind
from workflows.messages.decisions import Outcome

ROOT = Path(__file__).parents[1]
PAGES = [
    *(ROOT / name for name in ("README.md", "AGENTS.md", "CONTRIBUTING.md", "SECURITY.md")),
    ROOT / "requirements" / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]


@pytest.mark.parametrize("page", list(generated.pages()), ids=lambda page: page.name)
def test_generated_parts_are_what_the_code_says(page: Path) -> None:
    """`make docs` writes them; somebody who adds a setting or a command has to run it."""
    text = page.read_text(encoding="utf-8")
    assert generated.regenerated(text) == text, f"{page} is behind the code: run 'make docs'"


def test_everything_that_can_be_generated_is_on_a_page() -> None:
    """No section of the settings, and no other table, is left out."""
    shown = "".join(page.read_text(encoding="utf-8") for page in generated.pages())
    for name in {*reference.sections(), *reference.IN_FILE, *reference.ELSEWHERE}:
        assert f"<!-- generated: settings {name} -->" in shown
    for kind in set(generated._KINDS) - {"settings"}:
        assert f"<!-- generated: {kind} -->" in shown


def test_what_has_no_meaning_is_an_error() -> None:
    """A key without a docstring cannot be written into the table."""
    text = "<!-- generated: settings policy -->\nold\n<!-- end -->\n"
    assert "| `quorum` | number | `1` |" in generated.regenerated(text)
    with pytest.raises(KeyError):
        generated.regenerated(text.replace("policy", "polcy"))


def test_every_kind_of_the_audit_log_is_explained() -> None:
    """And every outcome, in the statement a program gets."""
    audit = (ROOT / "docs/reference/audit-log.md").read_text(encoding="utf-8")
    a2a = (ROOT / "docs/reference/a2a.md").read_text(encoding="utf-8")
    assert {kind for kind in AuditKind if f"`{kind}`" not in audit} == set()
    assert {outcome for outcome in Outcome if f"`{outcome}`" not in a2a} == set()


def blocks(page: Path, language: str) -> list[tuple[str, str]]:
    """The fenced blocks of this language, each with its title, which may be empty."""
    text = page.read_text(encoding="utf-8")
    found = re.findall(
        rf'^```{language}(?: title="([^"]*)")?\n(.*?)^```', text, re.DOTALL | re.MULTILINE
    )
    assert text.count(f"```{language}") == len(found), f"{page}: a block is not understood"
    return found


TOML = [(page.name, title, block) for page in PAGES for title, block in blocks(page, "toml")]


def completed(block: str, folder: Path) -> Path:
    """A settings file of this example, with the parts it leaves out."""
    data: dict[str, Any] = tomllib.loads(block)
    text = block
    if "policy" not in data:
        text += '\n[policy]\napprovers = ["a@b.example"]\n'
    if "pipelines" not in data:
        text += '\n[pipelines.review]\nsteps = [{name = "analysis"}]\n'
    file = folder / "signoff.toml"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize(("page", "title", "block"), TOML)
def test_toml_examples_are_understood(page: str, title: str, block: str, tmp_path: Path) -> None:
    """Each example loads as what its title says, settings when it has none."""
    name = Path(title or "signoff.toml").name
    if name == "signoff.toml":
        load(completed(block, tmp_path))
        return
    file = tmp_path / name
    file.write_text(block, encoding="utf-8")
    readers = {"policy.toml": RuleEngine.read, "playground.toml": load_config}
    readers[name](file)


def test_two_workspaces_share_nothing(tmp_path: Path) -> None:
    """The second settings of the page take no port of the first ones."""
    page = ROOT / "docs/how-to/two-workspaces.md"
    ports = []
    for name, block in (("first", ""), ("second", blocks(page, "toml")[0][1])):
        (tmp_path / name).mkdir()
        program = '\n[programs.shop]\nowner = "U0ADA00001"\nchannel = "C0APPROVE1"\n'
        settings = load(completed(block + program, tmp_path / name))
        ports.append({port.number for port in needed(settings)})
    assert len(ports[0]) == len(ports[1]) == 4
    assert ports[0] & ports[1] == set()


RUN = ROOT / "docs/how-to/agents"
"""These pages are done by the letter in `tests/how_to`, some with frameworks that are not here."""


@pytest.mark.parametrize(
    ("page", "block"),
    [
        (page.name, block)
        for page in PAGES
        if page.parent != RUN
        for _, block in blocks(page, "python")
    ],
)
def test_python_examples_name_what_there_is(page: str, block: str) -> None:
    """Each one is Python, and whatever it imports is there."""
    tree = ast.parse(block)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            module = importlib.import_module(str(node.module))
            assert all(hasattr(module, one.name) for one in node.names), ast.unparse(node)


def test_json_examples_are_json() -> None:
    """Those of the pages that are to be copied."""
    found = [json.loads(block) for page in PAGES for _, block in blocks(page, "json")]
    assert found


def shell() -> list[str]:
    """Every command line of every page."""
    found = [block for page in PAGES for _, block in blocks(page, "sh")]
    return [line.strip() for block in found for line in block.splitlines() if line.strip()]


def ours() -> Iterator[tuple[list[str], bool]]:
    """The words behind `signoff`, and whether it is a whole line or named in a sentence."""
    lines = [(line, True) for line in shell()]
    for page in PAGES:
        no_prose = r"```.*?```|<!-- generated.*?<!-- end -->"
        text = re.sub(no_prose, "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        named = re.findall(r"`((?:\.venv/bin/)?signoff [^`<>]+)`", text)
        lines += [(line, False) for line in named]
    for line, whole in lines:
        if line.removeprefix(".venv/bin/").startswith("signoff "):
            yield shlex.split(line)[1:], whole


@pytest.mark.parametrize(("words", "whole"), list(ours()))
def test_commands_are_understood(words: list[str], whole: bool) -> None:
    """Each `signoff` command of the pages exists, and takes what is behind it.

    A sentence may leave out arguments.
    """
    command: Any = get_command(app)
    while words and (words[0] == "--config" or words[0] in getattr(command, "commands", {})):
        if words[0] == "--config":
            words = words[2:]
        else:
            command, words = command.commands[words[0]], words[1:]
    if not words and not whole:
        return
    assert not hasattr(command, "commands"), words
    try:
        command.make_context("signoff", [*words])
    except Exception as error:
        if whole or type(error).__name__ not in {"MissingParameter", "BadOptionUsage"}:
            raise


def test_other_commands_are_known() -> None:
    """Nothing else is asked of a reader than these."""
    known = {"git", "make", "cp", "temporal", "signoff", "uv", "adk"}
    known |= {"curl", "python", "uvicorn", "echo"}
    typed = [re.sub(r"^([A-Z_]+=\S+ )+", "", line) for line in shell()]  # variables for one command
    assert {Path(line.split()[0]).name for line in typed} <= known


def test_what_the_readme_says_of_an_own_agent_fits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its tables go behind the settings that are shipped, its token and lines are the example's."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    part = readme.partition("## Use it with your own agent")[2].partition("\n## ")[0]
    (table,) = re.findall(r"```toml\n(.*?)```", part, re.DOTALL)
    (lines,) = re.findall(r"```python\n(.*?)```", part, re.DOTALL)
    shipped = (ROOT / "signoff.toml").read_text(encoding="utf-8")
    (tmp_path / "signoff.toml").write_text(f"{shipped}\n{table}", encoding="utf-8")
    (token,) = re.findall(r"PROGRAM_TOKENS=(\S+?)\"", part)
    monkeypatch.setenv("PROGRAM_TOKENS", token)
    settings = load(tmp_path / "signoff.toml")
    assert f"SHOP_TOKEN={token.partition('=')[2]} .venv/bin/python examples/own_agent.py" in part
    assert [token.partition("=")[0]] == list(settings.programs)
    assert programs_of(settings)
    assert settings.program_policy("shop").approvers == ("@finance",)
    example = (ROOT / "examples/own_agent.py").read_text(encoding="utf-8")
    for line in lines.splitlines():
        if line.startswith(("from ", "app = ")):
            assert line in example


@pytest.mark.parametrize("line", [line for line in shell() if line.startswith("temporal ")])
def test_temporals_own_commands_are_understood(line: str) -> None:
    """By the program that comes with us; what they would do needs a server."""
    words = shlex.split(line)[1:]
    program = Path(sys.executable).with_name("temporal")
    names = [word for word in words if word.startswith("--")]
    path = words[: words.index(names[0])]
    help_text = subprocess.run(
        [program, *path, "--help"], capture_output=True, text=True, check=True
    ).stdout
    assert f"temporal {' '.join(path)} [flags]" in help_text
    assert all(name in help_text for name in names)


def test_the_readme_has_two_commands() -> None:
    """One to see it, one to test it."""
    assert {"make demo", "make test"} <= set(shell())


def test_make_targets_exist() -> None:
    """Whatever the pages call with make can be made."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    named = {
        target for page in PAGES for target in re.findall(r"`make ([a-z-]+)", page.read_text())
    }
    assert named
    assert named <= targets


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """Files that pages link to are there."""
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?://|#)([^)#]+)", text):
        assert (page.parent / target).exists(), target


def test_our_packages_are_the_ones_imported() -> None:
    """`agents` and `workflows` are import names of other packages, too."""
    import agents  # noqa: PLC0415
    import workflows  # noqa: PLC0415

    assert Path(str(agents.__file__)).parent == ROOT / "agents"
    assert Path(str(workflows.__file__)).parent == ROOT / "workflows"


def test_no_module_lies_in_the_root() -> None:
    """The root folder holds packages."""
    assert not list(ROOT.glob("*.py"))


def test_what_the_pages_make_is_in_the_makefile() -> None:
    """Each `make` line: its target is there, its choices are known, its extras exist."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [shlex.split(line) for line in shell() if line.startswith("make ")]
    texts = [page.read_text(encoding="utf-8") for page in PAGES] + sentences()
    lines += [
        shlex.split(line) for text in texts for line in re.findall(r"[`'](make [^`'.]+)[`']", text)
    ]
    assert len(lines) > 10
    for _, *words in lines:
        choices = dict(word.split("=", 1) for word in words if "=" in word)
        assert set(words) - {f"{key}={value}" for key, value in choices.items()} <= targets, words
        assert all(f"$({key})" in makefile or f"{key} ?=" in makefile for key in choices), words
        named = set(choices.get("EXTRAS", "").replace("...", "").split())
        assert named <= set(project["optional-dependencies"]), words


def sentences() -> list[str]:
    """Our own code, where sentences name the way out."""
    folders = ("agents", "bot", "notifications", "storage")
    return [
        path.read_text(encoding="utf-8")
        for folder in folders
        for path in (ROOT / folder).rglob("*.py")
    ]


def test_the_readme_calls_programs_that_are_installed() -> None:
    """Whatever is called out of `.venv/bin` is ours, or comes with the tests."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    programs = {"python", *project["project"]["scripts"]}
    called = {line.split()[0] for line in shell() if line.startswith(".venv/bin/")}
    assert called
    assert called <= {f".venv/bin/{program}" for program in programs}
