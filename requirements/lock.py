"""Writes the lock files: `make lock`. Versions that still fit stay; `UPGRADE=yes` takes the newest.

    dev.txt   everything the tests and checks need     run.txt   what `make demo` needs
    core.txt  what Signoff needs without any extra     uv.txt    what installs them
    extras/   what each extra adds to run.txt          playground.txt  what slack-playground needs
    docs.txt  what the documentation site adds to dev.txt
    audit.txt  what looks through these files for known vulnerabilities

All agree on every version. What an extra adds may stand in dev.txt, too.
"""

import argparse
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable
from pathlib import Path

from requirements.stamp import BESIDE, FIRST_LOOK, LOCKS, ROOT

_COMPILE = (
    *("-m", "uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11"),
    *("--generate-hashes", "--no-header", "--no-annotate", "--no-emit-index-url"),
)


def main() -> None:
    """Everything is compiled under the constraints of what came before."""
    parser = argparse.ArgumentParser(prog="make lock")
    parser.add_argument("--upgrade", action="store_true")
    keep = not parser.parse_args().upgrade
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    builds = "\n".join(project["build-system"]["requires"])
    names = sorted(project["project"]["optional-dependencies"])
    every = _with(name for name in names if name not in BESIDE)
    first = _with(FIRST_LOOK)
    dev, run, core = (LOCKS / f"{name}.txt" for name in ("dev", "run", "core"))
    ours = ("pyproject.toml", "-")
    dev.write_text(_compiled(dev, *ours, *every, "--group", "dev", keep=keep, text=builds))
    within = ("-c", str(dev))
    run.write_text(_compiled(run, *ours, *first, *within, keep=keep, text=builds))
    core.write_text(_compiled(core, "pyproject.toml", *within, keep=keep))
    playground = LOCKS / "playground.txt"
    playground.write_text(_compiled(playground, "playground/pyproject.toml", *within, keep=keep))
    for name in sorted(set(names) - FIRST_LOOK):
        file = LOCKS / "extras" / f"{name}.txt"
        wanted = ("pyproject.toml", *first, "--extra", name, *within)
        file.write_text(_without(_compiled(file, *wanted, keep=keep), run.read_text()))
    (tool,) = (one for one in project["dependency-groups"]["dev"] if re.match(r"uv\b", one))
    docs, group = LOCKS / "docs.txt", ("--group", "docs", "--fork-strategy", "fewest")
    site = _compiled(docs, *group, "-c", str(dev), keep=keep)
    docs.write_text(_without(site, dev.read_text()))
    audit = LOCKS / "audit.txt"
    more = (part for file in sorted((LOCKS / "extras").glob("*.txt")) for part in ("-c", str(file)))
    audit.write_text(_compiled(audit, "--group", "audit", *within, *more, keep=keep))
    uv = LOCKS / "uv.txt"
    uv.write_text(_compiled(uv, "-", *within, keep=keep, text=tool))


def packages(lock: str) -> dict[str, str]:
    """Each package's whole entry, by its first line without the backslash."""
    entries = re.findall(r"^(\S.*?) \\\n((?: +--hash=.*\n?)+)", lock, re.MULTILINE)
    return {first: f"{first} \\\n{hashes}" for first, hashes in entries}


def _compiled(old: Path, *arguments: str, keep: bool, text: str = "") -> str:
    """What uv makes of it; versions in the old file are kept where they fit."""
    with tempfile.TemporaryDirectory() as folder:
        new = Path(folder) / old.name
        if keep and old.exists():
            new.write_bytes(old.read_bytes())
        command = [sys.executable, *_COMPILE, *arguments, "-o", str(new)]
        subprocess.run(command, cwd=ROOT, check=True, input=text, text=True)
        return new.read_text()


def _with(extras: Iterable[str]) -> list[str]:
    return [part for name in sorted(extras) for part in ("--extra", name)]


def _without(whole: str, base: str) -> str:
    there = packages(base)
    return "".join(entry for first, entry in packages(whole).items() if first not in there)


if __name__ == "__main__":
    main()
