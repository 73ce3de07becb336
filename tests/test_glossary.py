"""The glossary holds the words of the code: retired ones stay away, and a name means one thing."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/reference/glossary.md").read_text(encoding="utf-8")
PRODUCT = ("bot", "workflows", "agents", "notifications", "storage")
MOST_FILES = 16
MOST_LINES = 400


def files() -> Iterator[Path]:
    """Of the product, without what is generated once and kept."""
    for folder in PRODUCT:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path


def rows(heading: str) -> list[list[str]]:
    """The cells of the table below a heading."""
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def names(path: Path) -> set[str]:
    """What this module is called, defines, binds and takes."""
    found = {path.stem}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            found.add(node.attr)
    return found


def words(name: str) -> set[str]:
    """The words in a name, in either spelling."""
    return {part.lower() for part in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}


RETIRED = [row[0].strip("`") for row in rows("Retired words")]


@pytest.mark.parametrize("word", RETIRED)
def test_a_retired_word_names_nothing(word: str) -> None:
    """No module, class, function, argument or variable."""
    found = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in files()
        for name in names(path)
        if word in words(name)
    }
    assert not found


@pytest.mark.parametrize("row", rows("Words"), ids=lambda row: row[0])
def test_each_word_is_where_the_glossary_says(row: list[str]) -> None:
    """The last column names the class or the module that is it."""
    word, meaning, place = row
    assert word
    assert meaning
    path, _, name = place.strip("`").partition(":")
    module = ROOT / path
    assert module.exists(), place
    if name:
        assert re.search(
            rf"^(class|@?\w* ?def) {name}\b|^{name}\b", module.read_text(), re.MULTILINE
        )


def test_a_class_name_means_one_thing() -> None:
    """Whoever searches for a class finds one."""
    places = defaultdict(list)
    for path in files():
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef):
                places[node.name].append(str(path.relative_to(ROOT)))
    assert not {name: found for name, found in places.items() if len(found) > 1}


def test_a_folder_can_be_read_at_a_glance() -> None:
    """At most so many files, and more in none."""
    counts: dict[str, int] = defaultdict(int)
    for path in files():
        counts[str(path.parent.relative_to(ROOT))] += 1
    assert not {folder: count for folder, count in counts.items() if count > MOST_FILES}


def test_a_file_is_not_long() -> None:
    """Whatever grows longer is split along its nouns."""
    lines = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in files()
    }
    assert not {path: count for path, count in lines.items() if count > MOST_LINES}


@pytest.mark.parametrize(
    "folder",
    sorted({path.parent for path in files() if path.name == "__init__.py"}),
    ids=lambda folder: str(folder.relative_to(ROOT)),
)
def test_a_folder_says_what_lives_there(folder: Path) -> None:
    """The docstring of its `__init__.py`."""
    assert ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf-8")))
