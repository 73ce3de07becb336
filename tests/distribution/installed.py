"""The wheels of this checkout, and environments that hold what somebody installed."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UV = Path(sys.executable).with_name("uv")
OPENAI_AGENTS = "openai-agents==0.24.0"
_NO_NETWORK = ("error sending request", "dns error")
_OURS = ("SIGNOFF_", "SLACK_", "GOOGLE_", "PYTHON", "VIRTUAL_ENV")
_WHOLE = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}


def uv(*arguments: str | Path, **more: str) -> None:
    """Run it; where it is not, or has no network, the test is skipped, but never in CI."""
    if not UV.exists():
        _skip("uv is not installed beside this Python")
    done = subprocess.run(
        [UV, *arguments], env=_WHOLE | more, capture_output=True, text=True, check=False
    )
    offline = "UV_OFFLINE" in _WHOLE or any(sign in done.stderr.lower() for sign in _NO_NETWORK)
    if done.returncode and offline:
        _skip("there is no network to fetch packages from")
    assert done.returncode == 0, done.stderr


def _skip(why: str) -> None:
    assert "CI" not in os.environ, why
    pytest.skip(why)


def build(folder: Path, out: Path) -> Path:
    """The wheel of the distribution in this folder."""
    python = ("--python", sys.executable, "--no-build-isolation")
    uv("build", "--wheel", *python, "--out-dir", out, folder)
    (wheel,) = out.glob("*.whl")
    return wheel


@dataclass(frozen=True)
class Installed:
    """An environment of its own."""

    venv: Path

    @classmethod
    def make(cls, venv: Path, wheel: Path, lock: str) -> "Installed":
        """What the lock names, and the wheel; complete, which is checked."""
        made = cls(venv)
        uv("venv", "--python", sys.executable, venv)
        made.add("--require-hashes", "-r", ROOT / "requirements" / lock)
        made.add(wheel)
        uv("pip", "check", "--python", made.program("python"))
        return made

    def add(self, *what: str | Path) -> None:
        """Packages alone, without what they need."""
        uv("pip", "install", "--no-deps", "--python", self.program("python"), *what)

    def program(self, name: str) -> Path:
        """One that was installed."""
        return self.venv / "bin" / name

    def run(self, folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
        """A program to its end, as somebody starts it in that folder."""
        return subprocess.run(
            [self.program(command[0]), *command[1:]],
            cwd=folder,
            env=clean({}),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def start(self, folder: Path, *command: str, **more: str) -> subprocess.Popen[str]:
        """A program that goes on; its standard output is read line by line."""
        return subprocess.Popen(
            [self.program(command[0]), *command[1:]],
            cwd=folder,
            env=clean(more),
            stdout=subprocess.PIPE,
            text=True,
        )


def clean(more: Mapping[str, str]) -> dict[str, str]:
    """No setting, secret, proxy or Python path of whoever runs the tests."""
    return {
        name: value for name, value in _WHOLE.items() if not name.lower().endswith("_proxy")
    } | dict(more)
