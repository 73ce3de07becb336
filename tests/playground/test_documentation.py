"""What the documentation lists is what there is."""

import re
from pathlib import Path
from typing import get_args

from playground.config import load_config
from playground.server import Playground
from playground.testing.faults import FaultKind

TEXT = (Path(__file__).parents[2] / "docs" / "reference" / "playground.md").read_text(
    encoding="utf-8"
)


async def test_every_control_call_is_listed() -> None:
    """The table names every address of the control API, and no other."""
    playground = Playground()
    playground._build()
    routes = {
        f"{route.method} {route.resource.canonical}"
        for route in playground._app().router.routes()
        if route.resource is not None and route.resource.canonical.startswith("/_local/")
    }
    playground.workspace.close()
    routes -= {route for route in routes if route.startswith("HEAD ")}
    listed = set()
    for cell in re.findall(r"^\| (`(?:GET|POST|PUT|DELETE).*?`) \|", TEXT, re.MULTILINE):
        verbs = re.findall(r"GET|POST|PUT|DELETE", cell)
        paths = re.findall(r"/_local/[\w/{}]+", cell)
        listed |= {f"{verb} {path}" for verb in verbs for path in paths}
    assert listed == routes


def test_every_fault_is_listed() -> None:
    """The table names every kind of fault."""
    faults = TEXT.partition("## Faults")[2]
    cells = re.findall(r"^\| (`.*?`) \|", faults, re.MULTILINE)
    listed = {kind for cell in cells for kind in re.findall(r"`(\w+)`", cell)}
    assert listed == set(get_args(FaultKind))


def test_configuration_of_the_documentation(tmp_path: Path) -> None:
    """The TOML that is shown is understood."""
    shown = re.search(r'```toml title="playground.toml"\n(.*?)```', TEXT, re.DOTALL)
    assert shown is not None
    path = tmp_path / "playground.toml"
    path.write_text(shown.group(1))
    config = load_config(path)
    assert config.users[0].is_admin
    assert config.manifest == tmp_path / "manifest.yml"
