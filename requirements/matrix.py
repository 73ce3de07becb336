"""Installs with every Python there is here, by uv and by old and new pips: `make install-matrix`.

Each time a copy of this folder, a new environment, and the Python that is named. PYTHONS in the
environment names other ones, `--part` takes a sample. One line each; exit 1 when one failed.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from requirements import NAMES, OLDEST
from requirements.stamp import NAME, ROOT

PIPS = ("23.0", "23.2", "newest")
_LEAVE = ("VENV", "PYTHON", "PYTHONS", "EXTRAS", "LOCK", "WITH", "MAKEFLAGS", "MAKELEVEL", "MFLAGS")
_FOLDERS = (
    *("agents", "bot", "examples", "notifications", "playground", "requirements", "signoff"),
    *("storage", "workflows"),
)
_FILES = (".env.example", "Makefile", "README.md", "manifest.yml", "pyproject.toml", "signoff.toml")
_TELL = "import sys; print(sys._base_executable, *sys.version_info[:3])"


@dataclass(frozen=True)
class Python:
    """An interpreter, by its own path."""

    path: str
    version: tuple[int, ...]

    def __str__(self) -> str:
        return ".".join(str(part) for part in self.version)


@dataclass(frozen=True)
class Cell:
    """One way to install. Without a pip version the Python is taken as it is, with what it has."""

    python: Python
    pip: str = ""
    using: str = ""
    locked: bool = True

    def __str__(self) -> str:
        pip = f"pip {self.pip}" if self.pip else "as it is"
        lock = "locked" if self.locked else "newest"
        return f"Python {self.python!s:8} {pip:11} with {self.using or 'what works':10} {lock}"


def main() -> None:
    """Tells the result of each cell as it comes."""
    parser = argparse.ArgumentParser(prog="make install-matrix")
    parser.add_argument("--part", action="store_true", help="a sample, in some two minutes")
    part = parser.parse_args().part
    found = pythons()
    if not found:
        sys.exit("There is no Python 3.11 or newer here.")
    failed = 0
    for cell in sample(found) if part else whole(found):
        began = time.monotonic()
        problem = _try(cell)
        took = time.monotonic() - began
        print(f"{cell}  {took:4.0f} s  {problem or 'ok'}", flush=True)
        failed += bool(problem)
    sys.exit(f"{failed} failed." if failed else 0)


def whole(found: Iterable[Python]) -> Iterator[Cell]:
    """Everything; pip alone, which is slow, once for each of its versions and each Python."""
    for python in found:
        yield Cell(python)
        for version in PIPS:
            yield Cell(python, version, "uv")
            yield Cell(python, version, "pip")
        yield Cell(python, locked=False)
    for version in PIPS:
        yield Cell(python, version, "pip", locked=False)


def sample(found: list[Python]) -> Iterator[Cell]:
    """Each Python as it is, and what failed once: the oldest, with the oldest pip alone."""
    for python in found:
        yield Cell(python)
        yield Cell(python, locked=False)
    yield Cell(found[0], PIPS[0], "pip")


def pythons() -> list[Python]:
    """The oldest first, each version once."""
    named = os.environ.get("PYTHONS", "").split()
    usual = [shutil.which(name) for name in ("python3", *reversed(NAMES))]
    others = ["/usr/bin/python3", *map(str, Path.home().glob(".pyenv/versions/*/bin/python"))]
    found: dict[tuple[int, ...], Python] = {}
    for path in named or [sys.executable, *filter(None, usual), *others]:
        try:
            done = subprocess.run([path, "-c", _TELL], capture_output=True, text=True, check=True)
        except (OSError, subprocess.CalledProcessError):
            continue
        base, *numbers = done.stdout.split()
        version = tuple(int(number) for number in numbers)
        if version >= OLDEST:
            found.setdefault(version, Python(base, version))
    return [found[version] for version in sorted(found)]


def _try(cell: Cell) -> str:
    """What went wrong; empty when nothing did."""
    with tempfile.TemporaryDirectory(prefix="signoff-matrix-") as folder:
        try:
            _install(cell, Path(folder))
        except subprocess.CalledProcessError as error:
            said = f"{error.stdout or ''}{error.stderr or ''}".strip()
            return f"{error.cmd[0]} ended with {error.returncode}\n{said}"
    return ""


def _install(cell: Cell, folder: Path) -> None:
    copy, venv, python = folder / "signoff", folder / "venv", cell.python.path
    if cell.pip:
        python = str(folder / "python" / "bin" / "python")
        wanted = "pip" if cell.pip == "newest" else f"pip=={cell.pip}"
        _run([cell.python.path, "-m", "venv", str(folder / "python")])
        _run([python, "-m", "pip", "install", "--quiet", "--upgrade", wanted])
    copy.mkdir()
    for name in _FOLDERS:
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in _FILES:
        shutil.copy(ROOT / name, copy / name)
    choices = [f"PYTHON={python}", f"VENV={venv}", f"WITH={cell.using}"]
    _run(["make", "install", *choices, *([] if cell.locked else ["LOCK=no"])], copy)
    _run([str(venv / "bin" / "signoff"), "--help"], copy)
    if not (venv / NAME).exists():
        raise subprocess.CalledProcessError(1, ["make install"], "It left no stamp.")


def _run(command: list[str], folder: Path | None = None) -> None:
    env = {name: value for name, value in os.environ.items() if name not in _LEAVE}
    subprocess.run(command, cwd=folder, env=env, check=True, capture_output=True, text=True)


if __name__ == "__main__":
    main()
