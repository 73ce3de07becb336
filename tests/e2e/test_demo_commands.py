"""`signoff demo` in a folder, and the other commands in the same folder: they find what runs."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import free_port
from tests.e2e.conftest import ROOT

GRACE = "U0GRACE001"
PORTS = ("PLAYGROUND__PORT", "AGENT_SERVER__PORT", "WEB__PORT", "TEMPORAL__UI_PORT")


CANARY = "canary-of-the-mail"


def environment(**more: str) -> dict[str, str]:
    """No secret and no setting of whoever runs this."""
    ours = ("SLACK_", "SIGNOFF_", "GOOGLE_")
    return {k: v for k, v in os.environ.items() if not k.startswith(ours)} | more


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Somebody's folder: the settings as they come, the manifest, the examples."""
    for name in ("signoff.toml", "manifest.yml"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    return tmp_path


@pytest.fixture
def demo(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """The demonstration on free ports, ready; the other commands are not told which."""
    ports = {f"SIGNOFF_{name}": str(free_port()) for name in PORTS}
    ports["SIGNOFF_TEMPORAL__ADDRESS"] = f"127.0.0.1:{free_port()}"
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "--config", str(folder / "signoff.toml"), "demo"],
        cwd=ROOT,
        env=environment(**ports, MAIL_PASSWORD=CANARY),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if "Ctrl-C" in line:
            break
    else:
        raise AssertionError(f"the demo ended with {process.wait(60)} before it was ready")
    yield process
    end(process, signal.SIGKILL)
    process.stdout.close()


def end(process: subprocess.Popen[str], how: signal.Signals) -> None:
    """Stop the demonstration by its process id."""
    if process.poll() is None:
        process.send_signal(how)
        process.wait(60)


def signoff(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command as it is typed in that folder."""
    return subprocess.run(
        [sys.executable, "-m", "bot", "--config", str(folder / "signoff.toml"), *arguments],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def pending(folder: Path, task: str) -> str:
    """What `show` says of the task's first approval, once it waits."""
    for _ in range(40):
        done = signoff(folder, "show", f"{task}.analysis.v1")
        if "Digest: " in done.stdout and GRACE in done.stdout:
            return done.stdout
        time.sleep(1)
    raise AssertionError(done.stdout + done.stderr)


def children(process: int) -> dict[str, bytes]:
    """The environment of each process it started, by its command line."""
    found = {}
    for one in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parent = (one / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1]
            if int(parent) == process:
                command = (one / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                found[command] = (one / "environ").read_bytes()
    return found


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="there is no /proc here")
def test_children_are_told_no_secret_they_have_no_use_for(demo: subprocess.Popen[str]) -> None:
    """Temporal's server and the agents, with other people's code and texts in them."""
    found = children(demo.pid)
    assert any("start-dev" in command for command in found)
    assert any(command.endswith("agents ") for command in found)
    assert CANARY.encode() in Path(f"/proc/{demo.pid}/environ").read_bytes()
    assert not [command for command, told in found.items() if CANARY.encode() in told]


@pytest.mark.timeout(900)
def test_commands_in_the_demos_folder_work_on_the_demo(
    folder: Path, demo: subprocess.Popen[str]
) -> None:
    """Start, show, decide, list, doctor and audit; each says so, on standard error alone."""
    started = signoff(
        folder,
        *("start", "review", "examples/penguins.csv"),
        *("--channel", "C0GENERAL1", "--requester", "U0ADA00001"),
    )
    task = re.search(r"Task (t-\w+) is running", started.stdout)
    assert task is not None, started.stderr
    digest = re.search(r"Digest: (\w+)", pending(folder, task[1]))
    assert digest is not None
    approval = f"{task[1]}.analysis.v1"
    decided = signoff(folder, "decide", approval, "approve", "--as", GRACE, "--digest", digest[1])
    assert decided.returncode == 0, decided.stderr
    said = [signoff(folder, *words) for words in (["list"], ["doctor"], ["audit", "verify"])]
    assert [done.returncode for done in said] == [0, 0, 0], [done.stderr for done in said]
    assert all("Demo workspace, running at http://127.0.0.1:" in done.stderr for done in said)
    assert all("Demo workspace" not in done.stdout for done in said)
    assert "Slack knows us in workspace Acme" in said[1].stdout
    assert "sound" in said[2].stdout

    end(demo, signal.SIGTERM)
    listed, verified = signoff(folder, "list"), signoff(folder, "audit", "verify")
    assert listed.stderr == "Signoff isn't running in this folder: start it with 'signoff demo'.\n"
    assert listed.stdout == ""
    assert listed.returncode == 3
    assert verified.returncode == 0
    assert "sound" in verified.stdout
    kept = (folder / ".signoff").rglob("*")
    assert [str(path) for path in kept if path.stat().st_mode & 0o077] == []


@pytest.mark.timeout(600)
def test_a_killed_demo_is_not_taken_for_a_running_one(
    folder: Path, demo: subprocess.Popen[str]
) -> None:
    """Its note stays behind; nobody holds it."""
    end(demo, signal.SIGKILL)
    assert (folder / ".signoff/demo/running.json").exists()
    done = signoff(folder, "audit", "verify")
    assert "The demo isn't running here" in done.stderr
    assert done.returncode == 0
