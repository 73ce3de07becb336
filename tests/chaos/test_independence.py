"""Driver and checker share no code with the product."""

import ast
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "benchmarks" / "chaos"
PRODUCT = {"bot", "workflows", "agents", "notifications", "storage", "tests"}
INSIDE = {"nursery.py", "product.py"}


def test_nothing_of_the_product_is_imported() -> None:
    """But in the files that run inside a process of the product."""
    found = {
        f"{file.name}: {name}"
        for file in FOLDER.rglob("*.py")
        if file.name not in INSIDE
        for name in _imported(file)
        if name.partition(".")[0] in PRODUCT
    }
    assert found == set()


def test_of_the_playground_only_what_anybody_may_use() -> None:
    """A person, the server, its configuration."""
    names = {name for file in FOLDER.rglob("*.py") for name in _imported(file)}
    used = {name for name in names if name.startswith("playground")}
    assert used == {"playground.config", "playground.testing.person", "playground.server"}


def _imported(file: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found
