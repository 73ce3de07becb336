"""Writes the lock files: `make lock`. Versions that still fit stay; `UPGRADE=yes` takes the newest.

    dev.txt   everything the tests and checks need     run.txt   what Signoff needs
    extras/   what each extra adds to run.txt          uv.txt    what installs them
    docs.txt  what the documentation site adds to dev.txt

All agree on every version. What an extra adds may stand in dev.txt, too.
"""

import argparse
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from requirements.stamp import BESIDE, LOCKS, ROOT

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
    names = sorted(project["project"]["optional-dependencies"])
    every = [part for name in names if name not in BESIDE for part in ("--extra", name)]
    dev, run = LOCKS / "dev.txt", LOCKS / "run.txt"
    dev.write_text(_compiled(dev, "pyproject.toml", *every, "--group", "dev", keep=keep))
    run.write_text(_compiled(run, "pyproject.toml", "-c", str(dev), keep=keep))
    for name in names:
        file = LOCKS / "extras" / f"{name}.txt"
        whole = _compiled(file, "pyproject.toml", "--extra", name, "-c", str(dev), keep=keep)
        file.write_text(_without(whole, run.read_text()))
    (tool,) = (one for one in project["dependency-groups"]["dev"] if re.match(r"uv\b", one))
    docs, group = LOCKS / "docs.txt", ("--group", "docs", "--fork-strategy", "fewest")
    site = _compiled(docs, *group, "-c", str(dev), keep=keep)
    docs.write_text(_without(site, dev.read_text()))
    uv = LOCKS / "uv.txt"
    uv.write_text(_compiled(uv, "-", "-c", str(dev), keep=keep, text=tool))


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


def _without(whole: str, base: str) -> str:
    there = packages(base)
    return "".join(entry for first, entry in packages(whole).items() if first not in there)


if __name__ == "__main__":
    main()
