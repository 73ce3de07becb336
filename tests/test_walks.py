"""The walks through the code in `docs/explanation/architecture.md` lead through code that is there."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/explanation/architecture.md").read_text(encoding="utf-8")
MOST = {"From a click on Approve": 12, "From `/task` to the first card": 20}
_STOP = re.compile(r"^(\d+)\. `([\w/]+\.py)`: `(\w+)` ", re.MULTILINE)


def walk(begins: str) -> list[tuple[str, str]]:
    """The stops of this walk: file, and what to look for in it."""
    items = PAGE.partition(f"\n{begins}")[2].partition(":\n\n")[2].partition("\n\n")[0]
    found = _STOP.findall(items)
    numbers = [int(number) for number, _, _ in found]
    assert numbers == list(range(1, len(items.splitlines()) + 1)), "a stop cannot be read"
    return [(file, name) for _, file, name in found]


def defined(path: Path) -> set[str]:
    """The classes and functions of a module."""
    kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    body = ast.parse(path.read_text(encoding="utf-8")).body
    return {node.name for node in body if isinstance(node, kinds)}


@pytest.mark.parametrize("begins", MOST)
def test_each_stop_of_a_walk_is_there(begins: str) -> None:
    """The file exists, and defines what the page names in it."""
    stops = walk(begins)
    assert stops
    for file, name in stops:
        assert (ROOT / file).is_file(), file
        assert name in defined(ROOT / file), f"{name} is not in {file}"


@pytest.mark.parametrize("begins", MOST)
def test_a_walk_is_short(begins: str) -> None:
    """Each file once, and no more of them than a reader keeps in mind."""
    files = [file for file, _ in walk(begins)]
    assert len(files) == len(set(files)) <= MOST[begins]
