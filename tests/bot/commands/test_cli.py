"""The command line: what is wrong is one sentence and an exit code, never a stack trace."""

import asyncio
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from playground.config import PlaygroundConfig
from playground.server import Playground
from tests.conftest import free_port

ROOT = Path(__file__).parents[3]
SMALL = """
[temporal]
address = "127.0.0.1:{port}"
[policy]
approvers = ["grace@acme.example"]
[pipelines.review]
steps = [{{name = "analysis"}}]
"""


def signoff(
    folder: Path, *arguments: str, text: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder with these settings and no secrets of ours."""
    settings = folder / "signoff.toml"
    settings.write_text(text or SMALL.format(port=free_port()), encoding="utf-8")
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("SLACK_", "SIGNOFF_"))}
    return subprocess.run(
        [sys.executable, "-m", "bot", "--config", str(settings), *arguments],
        env=clean | environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("arguments", "environment", "says"),
    [
        (["list"], {}, "Temporal does not answer at"),
        (["show", "t-1"], {}, "Temporal does not answer at"),
        (
            ["start", "review", "x.csv", "--channel", "C1", "--requester", "U1"],
            {},
            "Temporal does not",
        ),
        (["bot"], {}, "SLACK_BOT_TOKEN is missing"),
        (["worker"], {"SLACK_BOT_TOKEN": "xoxb-1"}, "SLACK_APP_TOKEN is missing"),
        (["bot"], {"SLACK_BOT_TOKEN": "xapp-1"}, "does not start with xoxb-"),
        (
            ["up"],
            {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xoxb-1"},
            "does not start with xapp-",
        ),
        (
            ["bot"],
            {"SLACK_BOT_TOKEN_FILE": "/nowhere"},
            "SLACK_BOT_TOKEN_FILE: /nowhere cannot be read",
        ),
    ],
)
def test_a_start_that_cannot_be_is_one_sentence(
    tmp_path: Path, arguments: list[str], environment: dict[str, str], says: str
) -> None:
    """On standard error, with an exit code of its own."""
    done = signoff(tmp_path, *arguments, **environment)
    assert done.returncode in {1, 2, 3, 4}
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("pipelines = 5", "pipelines"),
        ("[", "line 1: '[' is no TOML"),
        ("[policy]\nx = 1", "pipelines"),
    ],
)
def test_malformed_settings_are_one_sentence(tmp_path: Path, text: str, says: str) -> None:
    """Naming the file."""
    done = signoff(tmp_path, "list", text=text)
    assert done.returncode == 2
    assert says in done.stderr
    assert "signoff.toml" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    """With where to change it; nothing is left running."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        text = SMALL.format(port=free_port()) + f"[playground]\nport = {port}\n"
        done = signoff(tmp_path, "playground", text=text)
    assert done.returncode == 2
    assert f"A port is in use: {port} for" in done.stderr
    assert "port under [playground]" in done.stderr


async def test_a_refused_token_is_named(tmp_path: Path) -> None:
    """Slack's own word for it, and what to do."""
    async with Playground(PlaygroundConfig()) as slack:
        text = SMALL.format(port=free_port()) + f'[slack]\nbase_url = "{slack.api_url}"\n'
        done = await asyncio.to_thread(
            signoff,
            tmp_path,
            "doctor",
            text=text,
            SLACK_BOT_TOKEN="xoxb-wrong",
            SLACK_APP_TOKEN="xapp-wrong",
        )
    assert done.returncode == 1
    assert "Slack refuses SLACK_BOT_TOKEN (invalid_auth)" in done.stdout


def test_doctor_says_that_others_may_read_the_secrets(tmp_path: Path) -> None:
    """With the command that ends it."""
    (tmp_path / ".env").write_text("", encoding="utf-8")
    for mode, open_to_others in ((0o644, True), (0o600, False)):
        (tmp_path / ".env").chmod(mode)
        done = signoff(tmp_path, "doctor", text=SMALL.format(port=free_port()))
        said = done.stdout.replace("\n", "").replace(" ", "")
        assert (f"chmod600{tmp_path / '.env'}" in said) is open_to_others


async def test_doctor_is_content_with_a_sound_set_up(tmp_path: Path) -> None:
    """Tokens, scopes, socket and approvers, a sentence each."""
    (tmp_path / "examples").mkdir()
    (tmp_path / "manifest.yml").write_bytes((ROOT / "manifest.yml").read_bytes())
    async with Playground(PlaygroundConfig(manifest=ROOT / "manifest.yml")) as slack:
        text = SMALL.format(port=free_port()) + f'[slack]\nbase_url = "{slack.api_url}"\n'
        done = await asyncio.to_thread(
            signoff,
            tmp_path,
            "doctor",
            text=text,
            SLACK_BOT_TOKEN=slack.bot_token,
            SLACK_APP_TOKEN=slack.app_token,
        )
    assert done.returncode == 0, done.stdout
    assert "All scopes of manifest.yml are granted." in done.stdout
    assert "Every step has approvers whom Slack knows." in done.stdout
