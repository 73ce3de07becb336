"""One run's folder: settings file, logs, evidence, and ports nobody else listens on."""

import contextlib
import json
import socket
from dataclasses import dataclass
from pathlib import Path

from benchmarks.chaos.people.crowd import ADDRESSES

ROOT = Path(__file__).parents[3]
STEP = "analysis"
INPUT = "input.csv"
REMINDER = "remind@10s"
_TOML = """\
[slack]
base_url = "{api}"
read_seconds = 0
[temporal]
address = "127.0.0.1:{temporal}"
task_queue = "chaos"
embedded = true
[storage]
folder = "state"
database = "{database}"
[inputs]
folders = ["inputs"]
[web]
port = {web}
[agent_server]
port = {agents}
[policy]
approvers = {approvers}
timeout = "24h"
ladder = [{{ after = "10s", act = "remind" }}]
[pipelines.review]
steps = [{{ name = "{step}" }}]
"""


@dataclass(frozen=True)
class Ports:
    """Where things listen."""

    temporal: int
    temporal_http: int
    postgres: int
    web: int
    agents: int

    @classmethod
    def free(cls) -> "Ports":
        """Each another one."""
        with contextlib.ExitStack() as stack:
            sockets = [stack.enter_context(socket.socket()) for _ in range(5)]
            for one in sockets:
                one.bind(("127.0.0.1", 0))
            return cls(*(int(one.getsockname()[1]) for one in sockets))


class Site:
    """Everything of one run lies in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = Ports.free()
        self.config = folder / "signoff.toml"
        self.state = folder / "state"
        self.state.mkdir()
        inputs = folder / "inputs"
        inputs.mkdir()
        (inputs / INPUT).write_text("day,value\n1,2\n", encoding="utf-8")

    def write_settings(self, api_url: str, database: str) -> None:
        """The settings file, for the workspace and the database (empty: SQLite in the folder)."""
        text = _TOML.format(
            api=api_url,
            temporal=self.ports.temporal,
            database=database,
            web=self.ports.web,
            agents=self.ports.agents,
            approvers=json.dumps(ADDRESSES),
            step=STEP,
        )
        self.config.write_text(text, encoding="utf-8")
