"""A temporary folder in which Signoff runs beside whatever else runs on this machine."""

import contextlib
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.config.settings import FILE, Settings, load

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Place:
    """The settings file of the project, with a folder and ports of its own."""

    config: Path
    settings: Settings


@contextlib.contextmanager
def place() -> Iterator[Place]:
    """Removed at the end. The ports travel by environment, so child processes have them, too."""
    folder = Path(tempfile.mkdtemp(prefix="signoff-"))
    try:
        for name in ("manifest.yml", "examples"):
            (folder / name).symlink_to(ROOT / name)
        config = folder / FILE
        shutil.copy(ROOT / FILE, config)
        with _environment(_overrides()):
            yield Place(config, load(config))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _overrides() -> dict[str, str]:
    temporal, workspace, agents = free_ports(3)
    return {
        "SIGNOFF_TEMPORAL__ADDRESS": f"127.0.0.1:{temporal}",
        "SIGNOFF_PLAYGROUND__PORT": str(workspace),
        "SIGNOFF_AGENT_SERVER__PORT": str(agents),
        "SIGNOFF_WEB__PORT": "0",
        "SIGNOFF_SLACK__READ_SECONDS": "0",  # nobody here reads
        "GOOGLE_API_KEY": "",
    }


@contextlib.contextmanager
def _environment(overrides: dict[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(overrides)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on just now, each another one."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]
