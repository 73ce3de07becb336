"""How packages get into an environment: with uv where it can be had, else with pip.

Both are given a complete list, and resolve nothing (`--no-deps`): what was published since the
lock was written does not matter. pip before 23.3 would look for newer releases wherever an extra
of a pinned package is asked for, and then refuse them.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from requirements.progress import Progress
from requirements.stamp import LOCKS, ROOT

_MEDDLERS = (  # settings for somebody else's work that would change what is installed, and where
    *(
        "PYTHONPATH",
        "PYTHONHOME",
        "PYTHONDONTWRITEBYTECODE",
        "PIP_USER",
        "PIP_TARGET",
        "PIP_PREFIX",
        "PIP_REQUIRE_VIRTUALENV",
    ),
    *("PIP_CONSTRAINT", "PIP_REQUIREMENT", "UV_CONSTRAINT", "UV_OVERRIDE", "UV_EXCLUDE_NEWER"),
)
_PIP_OPTIONS = (
    *("--disable-pip-version-check", "--no-input", "--progress-bar", "off"),
    "--no-warn-script-location",
)
_UV, _MAKING, _CHECKING = "fetching uv", "making an empty environment", "checking"


class Command(NamedTuple):
    """What is run, and what somebody who waits is told meanwhile."""

    doing: str
    arguments: list[str]


class Failed(Exception):  # noqa: N818 - named by what happened
    """A command did not succeed; the text is the end of what it said."""


@dataclass(frozen=True)
class Contents:
    """What is to be in the environment: the packages of `locks`, or the newest of `wanted`.

    `compiled` costs seconds and a hundred megabytes, and saves them in each of many processes.
    """

    locks: Sequence[Path] = ()
    wanted: Sequence[str] = ()
    compiled: bool = False


class Runner:
    """Runs commands with the display listening; a child keeps `held` open, so that the lock of
    an interrupted installation stays until the last of it has ended.
    """

    def __init__(self, progress: Progress, held: Sequence[int] = ()) -> None:
        self._progress = progress
        self._held = held

    def __call__(self, command: Command) -> str:
        """Its output; raises Failed."""
        self._progress.now(command.doing)
        env = {name: value for name, value in os.environ.items() if name not in _MEDDLERS}
        env |= {"UV_NO_PROGRESS": "1", "NO_COLOR": "1", "UV_PYTHON_DOWNLOADS": "never"}
        env |= {"PIP_ROOT_USER_ACTION": "ignore", "PYTHONUNBUFFERED": "1"}
        said: list[str] = []
        with subprocess.Popen(
            command.arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=env,
            cwd=ROOT,
            pass_fds=self._held,
        ) as process:
            try:
                for line in process.stdout or ():
                    said.append(line)
                    self._progress.hear(line)
            except BaseException:
                process.terminate()
                raise
        if process.returncode:
            raise Failed(
                "".join(said[-15:]).strip() or f"{command.arguments[0]} ended without a word."
            )
        return "".join(said)

    def succeeds(self, command: Command) -> bool:
        """Whether it does."""
        try:
            self(command)
        except (Failed, OSError):
            return False
        return True


class Uv:
    """Fetches side by side, and unpacks without compiling: seconds in place of a minute."""

    name = "uv"

    def __init__(self, program: str) -> None:
        self._program = program

    def create(self, python: str, venv: Path) -> list[Command]:
        """Without pip in it: nothing needs it there."""
        arguments = [self._program, "venv", "--quiet", "--python", python, str(venv)]
        return [Command(_MAKING, arguments)]

    def fill(self, venv: Path, contents: Contents) -> list[Command]:
        """Install, and check that everything fits together."""
        pip = [self._program, "pip"]
        here = ["--python", str(venv / "bin" / "python")]
        check = Command(_CHECKING, [*pip, "check", *here])
        install = [*pip, "install", *here, *(["--compile-bytecode"] if contents.compiled else [])]
        return [*_install(install, contents), check]


class Pip:
    """The pip of the Python that was asked for, or the one that Python brings along."""

    name = "pip"

    def __init__(self, own: list[str] | None) -> None:
        self._own = own

    def create(self, python: str, venv: Path) -> list[Command]:
        """With a pip of its own only where there is no other."""
        without = ["--without-pip"] if self._own else []
        return [Command(_MAKING, [python, "-m", "venv", *without, str(venv)])]

    def fill(self, venv: Path, contents: Contents) -> list[Command]:
        """Install, and check that everything fits together."""
        inside = str(venv / "bin" / "python")
        pip = [*self._own, "--python", inside] if self._own else [inside, "-m", "pip"]
        check = Command(_CHECKING, [*pip, "check"])
        install = [*pip, "install", *_PIP_OPTIONS]
        install += [] if contents.compiled else ["--no-compile"]
        return [*_install(install, contents), check]


def _install(install: list[str], contents: Contents) -> list[Command]:
    if not contents.locks:
        arguments = [*install, "--upgrade", *contents.wanted]
        return [Command("looking for the newest packages", arguments)]
    files = [part for path in contents.locks for part in ("-r", str(path))]
    whole = [*install, "--no-deps", "--require-hashes", *files]
    ours = [*install, "--no-deps", "--no-build-isolation", "-e", str(ROOT)]
    return [Command("fetching", whole), Command("putting Signoff itself in", ours)]


def uv(run: Runner, python: str, folder: Path) -> Uv | None:
    """The uv of the lock, put into `folder`; else the one on the PATH; else None."""
    options = [
        "--no-deps",
        "--require-hashes",
        "--no-compile",
        "--only-binary",
        ":all:",
        "--target",
        str(folder),
    ]
    fetch = ["install", "--quiet", *_PIP_OPTIONS, *options, "-r", str(LOCKS / "uv.txt")]
    own, made = [python, "-m", "pip"], folder / "pip"
    fetched = run.succeeds(Command(_UV, [*own, *fetch]))
    if not fetched and not run.succeeds(Command(_UV, [*own, "--version"])):  # none, or too old
        other = [str(made / "bin" / "python"), "-m", "pip"]
        fetched = run.succeeds(Command(_UV, [python, "-m", "venv", str(made)])) and run.succeeds(
            Command(_UV, [*other, *fetch])
        )
    if fetched:
        return Uv(str(folder / "bin" / "uv"))
    found = shutil.which("uv")
    return Uv(found) if found and run.succeeds(Command(_UV, [found, "--version"])) else None


def pip(run: Runner, python: str) -> Pip:
    """One that works for another environment (since pip 22.3), or one made there."""
    own = [python, "-m", "pip"]
    try:
        version = re.match(r"pip (\d+)\.(\d+)", run(Command(_MAKING, [*own, "--version"])))
    except Failed:
        version = None
    usable = version is not None and (int(version[1]), int(version[2])) >= (22, 3)
    return Pip(own if usable else None)
