"""Known vulnerabilities in what is locked, and what is in Signoff: `make audit`.

    dist/sbom.cdx.json  what `make install` installs, as CycloneDX

pip-audit asks PyPI about each package of each lock. It calls a package it could hear nothing about
"skipped", and then ends well: here that counts as not checked, and is said.

Exit code: 0 when everything was checked and nothing is known, 1 when something is known, 3 when
something could not be checked. With `--report`, for whoever only wants to read it, always 0.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from requirements.stamp import LOCKS, ROOT

TOOLS = ROOT / "build" / "audit"
SBOM = ROOT / "dist" / "sbom.cdx.json"
KNOWN, UNCHECKED = 1, 3
SECONDS = 600
"""For one lock."""


class Found(NamedTuple):
    """What came out for all locks; packages as `name version`."""

    checked: frozenset[str]
    unchecked: frozenset[str]
    known: frozenset[tuple[str, str, str]]
    """Package, advisory, and the versions that mend it."""

    def lines(self) -> Iterator[str]:
        """What is said of it."""
        for package, advisory, mended in sorted(self.known):
            yield f"{package}: {advisory}, {f'mended in {mended}' if mended else 'not mended yet'}."
        count = len(self.checked) + len(self.unchecked)
        if not self.checked:
            yield f"No advisories could be had: none of {count} packages was checked."
            return
        if self.unchecked:
            yield f"Not checked, nothing was heard of them: {', '.join(sorted(self.unchecked))}."
        ill = len({package for package, _, _ in self.known})
        yield f"{len(self.checked)} of {count} packages checked, {ill} with a known vulnerability."

    @property
    def exit_code(self) -> int:
        """What a gate has to know."""
        return KNOWN if self.known else UNCHECKED if self.unchecked or not self.checked else 0


def main() -> None:
    """Write the list, then look."""
    parser = argparse.ArgumentParser(prog="make audit")
    parser.add_argument("--report", action="store_true", help="end with 0 whatever was found")
    report = parser.parse_args().report
    _install()
    _list()
    print(f"{SBOM.relative_to(ROOT)} lists what 'make install' installs.")
    found = read(_asked(lock) for lock in locks())
    print(*found.lines(), sep="\n")
    sys.exit(0 if report else found.exit_code)


def locks() -> Sequence[Path]:
    """All files that something of ours is installed from."""
    return sorted(LOCKS.rglob("*.txt"))


def read(answers: Iterator[dict[str, Any]]) -> Found:
    """Put what pip-audit said of each lock together."""
    checked, unchecked, known = set[str](), set[str](), set[tuple[str, str, str]]()
    for one in (one for answer in answers for one in answer["dependencies"]):
        if "skip_reason" in one:
            unchecked.add(one["name"])
            continue
        package = f"{one['name']} {one['version']}"
        checked.add(package)
        known |= {(package, v["id"], ", ".join(v["fix_versions"])) for v in one["vulns"]}
    return Found(frozenset(checked), frozenset(unchecked), frozenset(known))


def _install() -> None:
    """The tools, where they meddle with nothing."""
    uv = (sys.executable, "-m", "uv")
    wanted = ("--no-deps", "--require-hashes", "-r", str(LOCKS / "audit.txt"))
    _run(*uv, "venv", "--quiet", "--allow-existing", str(TOOLS))
    _run(*uv, "pip", "install", "--quiet", "--python", str(TOOLS / "bin" / "python"), *wanted)


def _list() -> None:
    SBOM.parent.mkdir(exist_ok=True)
    what = ("requirements", str(LOCKS / "run.txt"), "--pyproject", str(ROOT / "pyproject.toml"))
    _run(str(TOOLS / "bin" / "cyclonedx-py"), *what, "--output-reproducible", "-o", str(SBOM))


def _asked(lock: Path) -> dict[str, Any]:
    how = ("--disable-pip", "--require-hashes", "--progress-spinner", "off", "--format", "json")
    done = _run(str(TOOLS / "bin" / "pip-audit"), *how, "-r", str(lock), well=(0, 1))
    answer: dict[str, Any] = json.loads(done)
    return answer


def _run(*command: str, well: Sequence[int] = (0,)) -> str:
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    if done.returncode not in well:
        sys.exit(f"{Path(command[0]).name} failed:\n{done.stderr[-2000:]}")
    return done.stdout


if __name__ == "__main__":
    main()
