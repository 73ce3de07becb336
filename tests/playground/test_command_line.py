"""`python -m playground`."""

import argparse
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from playground.__main__ import addresses, config_of, main
from playground.config import load_config
from playground.server import Playground

ROOT = Path(__file__).parents[2]


def test_help() -> None:
    """--help names every option."""
    run = subprocess.run(
        [sys.executable, "-m", "playground", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for option in (
        "--config",
        "--state",
        "--port",
        "--mail-port",
        "--fresh",
        "--manifest",
        "--version",
    ):
        assert option in run.stdout


def test_port_in_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A taken port is one sentence and exit code 1."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert main(["--port", port, "--state", str(tmp_path / "s.sqlite")]) == 1
    error = capsys.readouterr().err
    assert error == (
        f"The playground could not start: port {port} is in use; choose another with --port.\n"
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("users = [", "is not TOML"),
        ("nonsense = 1", "nonsense: Extra inputs are not permitted."),
        ('[[channels]]\nid = "C1"', "channels.0.name: Field required."),
    ],
)
def test_bad_configuration(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, sentence: str
) -> None:
    """A broken configuration is one sentence that names the place."""
    path = tmp_path / "playground.toml"
    path.write_text(text)
    assert main(["--config", str(path)]) == 1
    error = capsys.readouterr().err
    assert sentence in error
    assert str(path) in error
    assert error.count("\n") == 1


def test_missing_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is not there is named."""
    assert main(["--config", str(tmp_path / "none.toml")]) == 1
    assert "none.toml" in capsys.readouterr().err
    assert main(["--manifest", str(tmp_path / "none.yml"), "--state", str(tmp_path / "s")]) == 1
    assert "none.yml" in capsys.readouterr().err


def test_configuration_from_a_file(tmp_path: Path) -> None:
    """People and channels come from TOML; the manifest is looked up beside it."""
    path = tmp_path / "playground.toml"
    path.write_text(
        'manifest = "manifest.yml"\n'
        "[team]\nid = 'T1'\nname = 'Small'\n"
        "[[users]]\nid = 'U1'\nname = 'bo'\nreal_name = 'Bo Derek'\n"
        "[[channels]]\nid = 'C1'\nname = 'all'\n"
    )
    config = load_config(path)
    assert config.team.name == "Small"
    assert [user.name for user in config.users] == ["bo"]
    assert config.manifest == tmp_path / "manifest.yml"
    assert config.groups[0].handle == "finance"


@pytest.mark.parametrize(
    ("file", "manifest", "name"),
    [
        ("", "", "Bot"),
        ("", "display_information: {name: Lunch}", "Lunch"),
        ("", "features: {bot_user: {display_name: Lunch Bot}}", "Lunch Bot"),
        ("app.name = 'Mine'", "display_information: {name: Lunch}", "Mine"),
    ],
)
def test_the_app_is_called_as_in_its_manifest(
    tmp_path: Path, file: str, manifest: str, name: str
) -> None:
    """Unless the configuration calls it something else."""
    config, yml = tmp_path / "playground.toml", tmp_path / "manifest.yml"
    config.write_text(file)
    yml.write_text(manifest)
    options = argparse.Namespace(config=config, manifest=yml if manifest else None)
    assert config_of(options).app.name == name


async def test_addresses() -> None:
    """Each address is a line, and rate limits are on unless the file says otherwise."""
    options = argparse.Namespace(config=None, manifest=None)
    config = config_of(options)
    assert config.rate_limits is True
    async with Playground(config, mail_port=0) as playground:
        labels = [label for label, _ in addresses(playground)]
    assert labels == [
        "Page",
        "Slack API",
        "Bot token",
        "App token",
        "Signing secret",
        "Control API",
        "Control token",
        "Mail (SMTP)",
    ]
