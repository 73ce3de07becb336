"""Ports that are taken: said all at once, or replaced; and whose server a command asks."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.commands import doctor
from bot.config.errors import ConfigurationError, UnavailableError
from bot.config.sections.temporal import TemporalSettings
from bot.config.settings import Settings, load
from bot.processes import bootstrap, ports
from bot.processes.file_locks import AGENTS, TEMPORAL, shared
from bot.processes.running_demo import apart, require_ended

PLAIN = """
[policy]
approvers = ["grace@acme.example"]
[pipelines.review]
steps = [{name = "analysis"}]
"""


@pytest.fixture
def taken() -> Iterator[list[int]]:
    """Three ports that somebody else listens on."""
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
    yield [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()


def settings_in(folder: Path, more: str = "") -> Settings:
    (folder / "signoff.toml").write_text(PLAIN + more, encoding="utf-8")
    return load(folder / "signoff.toml")


def busy(folder: Path, taken: list[int]) -> Settings:
    temporal, web, page = taken
    return settings_in(
        folder,
        f"[temporal]\naddress = '127.0.0.1:{temporal}'\nui_port = 0\n"
        f"[web]\nport = {web}\n[playground]\nport = {page}\n[agent_server]\nport = 0\n",
    )


def test_every_port_in_use_is_said_in_one_sentence(tmp_path: Path, taken: list[int]) -> None:
    """With the setting that changes it, before anything is started."""
    with pytest.raises(ConfigurationError) as refused:
        ports.require_free(*ports.needed(busy(tmp_path, taken)))
    said = str(refused.value)
    assert f"{taken[0]} for Temporal (address under [temporal])" in said
    assert f"{taken[1]} for health and decision pages (port under [web])" in said
    assert "agents" not in said
    assert "\n" not in said


def test_the_demo_takes_free_ports_instead(tmp_path: Path, taken: list[int]) -> None:
    """Different ones, and says which; what was free stays."""
    settings, said = ports.moved(busy(tmp_path, taken))
    here = [settings.playground.port, settings.web.port]
    here.append(int(settings.temporal.address.rpartition(":")[2]))
    assert len({*here, *taken}) == 6
    assert settings.agent_server.port == 0
    assert len(said) == 3
    assert said[0] == (
        f"Port {taken[2]} is in use: the local Slack workspace at {here[0]} instead."
    )
    assert ports.moved(settings) == (settings, [])


def test_a_second_demo_in_the_folder_is_refused(tmp_path: Path) -> None:
    """Before it takes other ports, or starts afresh over the first one's files."""
    demo = apart(settings_in(tmp_path))
    require_ended(demo)
    with shared(demo.folder / TEMPORAL), pytest.raises(ConfigurationError, match="already"):
        require_ended(demo)


async def test_a_command_asks_only_the_server_of_its_folder(
    tmp_path: Path, temporal_address: str
) -> None:
    """Whoever else listens at the usual port is left alone, unless the settings name it."""
    settings = settings_in(tmp_path)
    usual = TemporalSettings.model_construct(set(), address=temporal_address)
    elsewhere = settings.model_copy(update={"temporal": usual})
    with pytest.raises(UnavailableError, match="isn't running in this folder"):
        await bootstrap.desk(elsewhere)
    with shared(settings.folder / TEMPORAL):
        await bootstrap.desk(elsewhere)
    named = settings.temporal.model_copy(update={"address": temporal_address})
    await bootstrap.desk(settings.model_copy(update={"temporal": named}))


async def test_doctor_asks_only_the_agents_of_its_folder(tmp_path: Path) -> None:
    """Somebody else's at the usual port are not taken for ours."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        other.settimeout(0)
        port = other.getsockname()[1]
        settings = settings_in(tmp_path, f"[agent_server]\nport = {port}\n")
        found = [one async for one in doctor._agents(settings)]
        assert [one.sentence.partition(";")[0] for one in found] == [
            "Our agents are not running here"
        ]
        with pytest.raises(BlockingIOError):
            other.accept()
    with shared(settings.folder / AGENTS):
        asked = [one.sentence async for one in doctor._agents(settings)]
    assert asked[0].startswith("Our agents don't answer")
