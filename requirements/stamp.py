"""What an environment was made of, written into it once it is whole.

An environment without this file was interrupted, or is not ours: it is never believed.
"""

import hashlib
import json
import os
import tomllib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

ROOT = Path(__file__).parents[1]
LOCKS = ROOT / "requirements"
NAME = "signoff.json"
BESIDE = frozenset({"litellm"})
"""Extras that the tests do not install: ADK loads this one by itself and then takes 20 s."""
FIRST_LOOK = frozenset({"agents", "demo", "office", "temporal"})
"""Extras that every environment made here has: `make demo` needs them."""


@dataclass(frozen=True)
class Stamp:
    """`parts` are `run`, `dev`, `docs` and extras; `base` is the real interpreter, `python` how it
    was called; `place` is the environment's own folder, because an environment cannot be moved.
    """

    parts: tuple[str, ...]
    locked: bool
    digest: str
    python: str
    base: str
    version: str
    place: str

    @classmethod
    def of(cls, venv: Path) -> Self | None:
        """The environment's stamp; None when it is not whole, or its Python is gone."""
        if not os.access(venv / "bin" / "python", os.X_OK):
            return None
        try:
            stamp = cls(**json.loads((venv / NAME).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None
        return stamp if stamp.place == str(venv.resolve()) else None

    def write(self, venv: Path) -> None:
        """At once or not at all."""
        new = venv / f"{NAME}.new"
        new.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")
        new.replace(venv / NAME)

    @staticmethod
    def remove(venv: Path) -> None:
        """Before anything is changed."""
        (venv / NAME).unlink(missing_ok=True)

    def lacks(self, parts: Iterable[str]) -> set[str]:
        """What of these parts is not there."""
        return missing(self.parts, parts)


def missing(have: Iterable[str], want: Iterable[str]) -> set[str]:
    """What the tests need holds everything else, but for the site's generator and some extras."""
    lacking = set(want) - set(have)
    return lacking & (BESIDE | {"docs"}) if "dev" in have else lacking


def extras() -> list[str]:
    """All that can be asked for here."""
    return sorted(path.stem for path in (LOCKS / "extras").glob("*.txt"))


def lock_files(parts: Iterable[str]) -> list[Path]:
    """`dev.txt` holds all of `run.txt`; `docs.txt` adds to it, and an extra's file to `run.txt`."""
    parts = set(parts)
    base = "dev" if "dev" in parts else "run"
    beside = missing({base}, parts - {"run", "dev"})
    site = [LOCKS / "docs.txt"] if "docs" in beside else []
    added = [LOCKS / "extras" / f"{name}.txt" for name in sorted(beside - {"docs"})]
    return [LOCKS / f"{base}.txt", *site, *added]


def digest(parts: Iterable[str], *, locked: bool) -> str:
    """Of everything in this folder that decides what is installed."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    kept = {key: project.get(key) for key in ("build-system", "project", "dependency-groups")}
    kept["packages"] = project.get("tool", {}).get("hatch")
    found = hashlib.sha256(json.dumps(kept, sort_keys=True).encode())
    for path in lock_files(parts) if locked else ():
        found.update(path.read_bytes())
    return found.hexdigest()
