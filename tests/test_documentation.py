"""What the documentation says is true: keys, commands, targets, links, examples."""

import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from typer.testing import CliRunner

from bot.commands.cli import app
from bot.config.settings import AgentSettings, Secrets, Settings, StepSettings, load
from workflows.messages.policy import Policy

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "AGENTS.md", *sorted((ROOT / "docs").rglob("*.md"))]
CONFIGURATION = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")


def keys() -> list[str]:
    """Every key of every section, as the page writes it."""
    found = []
    for name, field in Settings.model_fields.items():
        kind = field.annotation
        if name != "secrets" and isinstance(kind, type) and issubclass(kind, BaseModel):
            found += [f"`{name}.{key}`" for key in kind.model_fields]
    for model in (AgentSettings, StepSettings, Policy):
        found += [f"`{key}`" for key in model.model_fields]
    return found + [f"`{name.upper()}`" for name in Secrets.model_fields]


@pytest.mark.parametrize("key", keys())
def test_every_key_is_explained(key: str) -> None:
    """A setting without a word about it is a setting nobody finds."""
    assert key in CONFIGURATION


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of this language."""
    text = page.read_text(encoding="utf-8")
    return re.findall(rf"^ *```{language}\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE)


TOML = [
    (page, block)
    for page in PAGES
    if "playground" not in page.name
    for block in blocks(page, "toml")
]


@pytest.mark.parametrize(("page", "block"), TOML, ids=lambda value: getattr(value, "name", ""))
def test_toml_examples_are_settings(page: Path, block: str, tmp_path: Path) -> None:
    """Each example loads, completed by the parts it leaves out."""
    data: dict[str, Any] = tomllib.loads(block)
    text = block
    if "pipelines" not in data:
        text += '\n[pipelines.review]\nsteps = [{name = "analysis"}]\n'
        if "policy" not in data:
            text += '[pipelines.review.policy]\napprovers = ["a@b.example"]\n'
    file = tmp_path / "signoff.toml"
    file.write_text(text, encoding="utf-8")
    load(file)


def shell() -> list[str]:
    """Every command line of the README and the operations page."""
    lines = []
    for page in [*PAGES[:2], ROOT / "docs/operations.md"]:
        for block in blocks(page, "sh"):
            lines += [line.strip() for line in block.splitlines() if line.strip()]
    return lines


def test_the_readme_has_two_commands() -> None:
    """One to see it, one to test it."""
    assert {"make demo", "make test"} <= set(shell())


@pytest.mark.parametrize(
    "line", [line for line in shell() if line.removeprefix(".venv/bin/").startswith("signoff ")]
)
def test_commands_exist(line: str) -> None:
    """Each `signoff` command in the pages answers to --help."""
    command = line.split("signoff ", 1)[1].split(maxsplit=1)[0]
    assert CliRunner().invoke(app, [command, "--help"]).exit_code == 0


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
