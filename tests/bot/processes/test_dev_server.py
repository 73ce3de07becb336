"""The embedded Temporal server on its bad days."""

import sys
from pathlib import Path

import pytest

from bot.config.errors import UnavailableError
from bot.config.sections.temporal import TemporalSettings
from bot.processes import dev_server
from bot.temporal import client as temporal
from storage.payloads.files import PayloadFiles
from tests.conftest import free_port

SLOW = """#!{python}
import os, socket, sys, time
port = int(sys.argv[sys.argv.index("--port") + 1])
with socket.create_server(("127.0.0.1", port)) as early:
    early.settimeout(0.1)
    until = time.monotonic() + 4
    while time.monotonic() < until:
        try:
            early.accept()[0].close()
        except TimeoutError:
            pass
os.execv({real!r}, [{real!r}, *sys.argv[1:]])
"""


def program(path: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is started in the place of `temporal`."""
    path.write_text(text.format(python=sys.executable, real=dev_server.binary()), encoding="utf-8")
    path.chmod(0o700)
    monkeypatch.setattr(dev_server, "binary", lambda: str(path))


@pytest.fixture
def settings() -> TemporalSettings:
    """On ports of its own."""
    return TemporalSettings(address=f"127.0.0.1:{free_port()}", ui_port=free_port())


async def test_it_is_up_when_it_answers_not_when_its_port_is_open(
    tmp_path: Path, settings: TemporalSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a busy machine seconds lie between; whoever comes next connects at once."""
    program(tmp_path / "temporal", SLOW, monkeypatch)
    async with dev_server.server(settings, tmp_path / "state"):
        plugin = temporal.plugin(PayloadFiles(tmp_path))
        client = await temporal.connect(settings, plugin)
        await temporal.register_attributes(client)


async def test_one_that_ends_at_once_is_told_with_its_log(
    tmp_path: Path, settings: TemporalSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not waited for."""
    program(tmp_path / "temporal", "#!{python}\nraise SystemExit(3)\n", monkeypatch)
    with pytest.raises(UnavailableError, match=r"ended at once: see .*temporal\.log"):
        async with dev_server.server(settings, tmp_path / "state"):
            raise AssertionError("there is no server")
