"""Makes the environment that everything runs in: `python -m requirements.environment run`.

    run                    what Signoff needs
    dev                    and what its tests and checks need, extras included
    docs                   and what makes the documentation site
    --extras "mcp ..."     extras beside it
    --unlocked             the newest versions pyproject.toml allows, in place of the locked ones
    --with uv|pip          only this one; else uv, and pip where uv does not work
    --this-python          made with the Python that runs this, also if there is one already

Whole and up to date, it is left alone. Something more is added to it. In every other case (half
done, other Python, other versions, moved) it is made anew: one way, which cannot go wrong midway.
"""

import argparse
import contextlib
import fcntl
import os
import shutil
import signal
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from requirements.installers import Command, Contents, Failed, Pip, Runner, Uv, pip, uv
from requirements.progress import Progress
from requirements.stamp import BESIDE, FIRST_LOOK, ROOT, Stamp, digest, extras, lock_files

KINDS = {"run": ("run",), "dev": ("run", "dev"), "docs": ("run", "dev", "docs")}
FIRST = (
    "bot.processes.bootstrap",
    "bot.processes.demo",
    "agents.runtime.server",
    "agents.runtime.turns",
)


@dataclass(frozen=True)
class Environment:
    """One to be made: where, of what, with which Python."""

    venv: Path
    parts: frozenset[str]
    locked: bool
    python: str

    def make(self, tool: Uv | Pip, run: Runner) -> None:
        """From nothing; raises Failed."""
        _clear(self.venv)
        for command in tool.create(self.python, self.venv):
            run(command)
        self.fill(tool, run)

    def fill(self, tool: Uv | Pip, run: Runner) -> None:
        """What is missing goes into it, and the stamp at last; raises Failed."""
        Stamp.remove(self.venv)
        for command in tool.fill(self.venv, self._contents()):
            run(command)
        code = "import sys; print(sys._base_executable, sys.version.split()[0], sep='\\n')"
        inside = str(self.venv / "bin" / "python")
        base, version = run(Command("checking", [inside, "-c", code])).split("\n")[:2]
        loaded = [inside, "-c", f"import {', '.join(FIRST)}"]
        run(Command("compiling what the first start loads", loaded))
        Stamp(
            parts=tuple(sorted(self.parts)),
            locked=self.locked,
            digest=digest(self.parts, locked=self.locked),
            python=self.python,
            base=os.path.realpath(base),
            version=version,
            place=str(self.venv.resolve()),
        ).write(self.venv)

    def _contents(self) -> Contents:
        compiled = "dev" in self.parts
        if self.locked:
            return Contents(locks=lock_files(self.parts), compiled=compiled)
        named = self.parts - {"run", "dev", "docs"} | FIRST_LOOK
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
        groups = project["dependency-groups"]
        wanted = [one for name in ("dev", "docs") if name in self.parts for one in groups[name]]
        if "dev" in self.parts:
            named |= set(extras()) - BESIDE
        return Contents(wanted=["-e", f".[{','.join(sorted(named))}]", *wanted], compiled=compiled)


def main() -> None:
    """Errors are a sentence, after the end of what the tool said."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    options = _options()
    try:
        with _alone() as held:
            _provide(options, held)
    except Failed as error:
        sys.exit(f"{error}\n\nThe installation did not succeed. The same command begins anew.")
    except KeyboardInterrupt:
        sys.exit("\nInterrupted. The same command begins anew.")


def _provide(options: argparse.Namespace, held: list[int]) -> None:
    venv: Path = options.venv
    parts = frozenset({*KINDS[options.kind], *options.extras.split()})
    stamp = Stamp.of(venv)
    if stamp is None:
        why = "What is there is not whole." if venv.is_dir() and any(venv.iterdir()) else ""
        return _install(
            Environment(venv, parts, options.locked, _this_python(venv)), options, held, why
        )
    lacking = stamp.lacks(parts)
    why = _outdated(stamp, options)
    if not (why or lacking):
        return None
    keep = os.access(stamp.python, os.X_OK) and not options.this_python
    python = stamp.python if keep else _this_python(venv)
    wanted = Environment(venv, parts | set(stamp.parts), options.locked, python)
    return _install(wanted, options, held, why, add=not why)


def _outdated(stamp: Stamp, options: argparse.Namespace) -> str:
    """Why what is there will not do; empty when it will, perhaps with something added."""
    if options.this_python and stamp.base != os.path.realpath(_base()):
        return f"It was made with Python {stamp.version} ({stamp.base})."
    if stamp.locked != options.locked:
        return f"Its versions are {'the locked' if stamp.locked else 'not the locked'} ones."
    if stamp.digest != digest(stamp.parts, locked=stamp.locked):
        return "What belongs into it has changed."
    return ""


def _install(
    wanted: Environment,
    options: argparse.Namespace,
    held: list[int],
    why: str,
    *,
    add: bool = False,
) -> None:
    with Progress() as progress, tempfile.TemporaryDirectory(prefix="signoff-") as folder:
        run = Runner(progress, held)
        what = " and ".join(sorted(wanted.parts))
        progress.say(f"{'Adding to' if add else 'Making'} {wanted.venv}: {what}. {why}".rstrip())
        tools = _tools(options.using, run, wanted.python, Path(folder))
        for tool in tools:
            try:
                (wanted.fill if add else wanted.make)(tool, run)
                break
            except Failed as error:
                if tool is tools[-1]:
                    raise
                add = False
                progress.say(f"{error}\n{tool.name} did not succeed; pip tries.")
        size = sum(path.lstat().st_size for path in wanted.venv.rglob("*")) / 1e6
        progress.say(f"Ready, with {tool.name}: {size:.0f} MB in {progress.seconds:.0f} s.")


def _tools(using: str, run: Runner, python: str, folder: Path) -> list[Uv | Pip]:
    """uv, and pip where uv does not work: pip knows the mirrors and certificates it was told."""
    tools: list[Uv | Pip] = []
    if using != "pip" and (found := uv(run, python, folder)):
        tools.append(found)
    if using != "uv":
        tools.append(pip(run, python))
    if not tools:
        raise Failed("uv is not to be had here. Leave WITH out, and pip installs.")
    return tools


def _clear(venv: Path) -> None:
    """Nothing but an environment is ever removed; what says that it is one goes last."""
    if venv.is_symlink():
        venv.unlink()
    if not venv.exists():
        return
    ours = venv.name == ".venv" or (venv / "pyvenv.cfg").exists()
    if not venv.is_dir() or not (ours or not any(venv.iterdir())):
        raise Failed(f"{venv} is there, and is no environment of Python. Move it away.")
    for path in venv.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.name != "pyvenv.cfg":
            path.unlink()
    shutil.rmtree(venv)


def _base() -> str:
    """The interpreter itself, also when this runs in an environment."""
    return str(getattr(sys, "_base_executable", sys.executable))


def _this_python(venv: Path) -> str:
    """Never the one in the environment that is about to be removed."""
    return _base() if Path(sys.prefix).resolve() == venv.resolve() else sys.executable


@contextlib.contextmanager
def _alone() -> Iterator[list[int]]:
    """One installation at a time; gives what to leave open in children."""
    folder = os.open(ROOT, os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another installation is going on here; this one waits for it.", flush=True)
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield [folder]
    finally:
        os.close(folder)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make install")
    parser.add_argument("kind", choices=tuple(KINDS))
    parser.add_argument("--venv", type=Path, default=Path(".venv"))
    parser.add_argument("--extras", default="", help=f"any of: {', '.join(extras())}")
    parser.add_argument("--unlocked", dest="locked", action="store_false")
    parser.add_argument("--with", dest="using", choices=("", "uv", "pip"), default="")
    parser.add_argument("--this-python", action="store_true")
    options = parser.parse_args()
    options.venv = ROOT / options.venv
    if unknown := sorted(set(options.extras.split()) - set(extras())):
        sys.exit(f"There is no extra '{unknown[0]}'. There are {', '.join(extras())}.")
    return options


if __name__ == "__main__":
    main()
