"""The environment is read in one place, and changed nowhere."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PRODUCT = ("agents", "bot", "notifications", "playground", "storage", "workflows")
ALLOWED = {"agents/environment.py"}
FILES = [
    path
    for package in PRODUCT
    for path in sorted((ROOT / package).rglob("*.py"))
    if str(path.relative_to(ROOT)) not in ALLOWED
]
_NAMES = {"environ", "environb", "getenv", "getenvb", "putenv", "unsetenv"}


def touches(source: str) -> list[int]:
    """The lines that name the environment, however they import it."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and node.attr in _NAMES:
            found.append(node.lineno)
        if isinstance(node, ast.ImportFrom) and node.module == "os":
            found += [node.lineno for alias in node.names if alias.name in _NAMES]
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            found += [node.lineno] if name in {"load_dotenv", "dotenv_values"} else []
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_environment_is_left_alone(path: Path) -> None:
    """Settings come in by the constructor; secrets go to client objects."""
    assert not touches(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "line",
    [
        "import os; os.environ['A'] = 'b'",
        "from os import environ",
        "import os; os.getenv('A')",
        "import os as o; o.putenv('A', 'b')",
        "import dotenv; dotenv.load_dotenv()",
    ],
)
def test_the_search_finds_it(line: str) -> None:
    """In every spelling."""
    assert touches(line)
