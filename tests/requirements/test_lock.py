"""The lock files are whole: nothing has to be looked up to install them."""

import re
import sys
import tomllib
from collections.abc import Iterable
from importlib import metadata
from itertools import product
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from requirements.lock import packages
from requirements.stamp import BESIDE, FIRST_LOOK, LOCKS, NAME, extras, lock_files

ROOT = Path(__file__).parents[2]
LISTS = [
    ("core",),
    ("playground",),
    ("run",),
    ("dev",),
    ("dev", "docs"),
    *(("run", extra) for extra in extras()),
]
PLATFORMS = (
    ("linux", "Linux", "x86_64"),
    ("darwin", "Darwin", "arm64"),
    ("win32", "Windows", "AMD64"),
)
PYTHONS = ("3.11", "3.12", "3.13", "3.14")


def locked(parts: Iterable[str]) -> dict[str, Requirement]:
    """What is installed for these parts, by name."""
    files = [LOCKS / f"{one}.txt" for one in parts if one in {"core", "playground"}]
    entries = [first for file in files or lock_files(parts) for first in packages(file.read_text())]
    found = [Requirement(entry) for entry in entries]
    return {canonicalize_name(one.name): one for one in found}


def machines() -> list[dict[str, str]]:
    """Where it may be installed, as markers see it."""
    base = {key: str(value) for key, value in default_environment().items()}
    return [
        base
        | {"python_version": python, "python_full_version": f"{python}.0"}
        | {"sys_platform": platform, "platform_system": system, "platform_machine": machine}
        | {"os_name": "nt" if platform == "win32" else "posix"}
        for python, (platform, system, machine) in product(PYTHONS, PLATFORMS)
    ]


def applies(requirement: Requirement, machine: dict[str, str], wanted: frozenset[str]) -> bool:
    """On this machine, with one of these extras or with none."""
    marker = requirement.marker
    return marker is None or any(
        marker.evaluate({**machine, "extra": extra}) for extra in ("", *wanted)
    )


def needed(machine: dict[str, str], roots: list[Requirement]) -> list[tuple[str, Requirement]]:
    """Everything these need, as far as installed packages tell, each with who needs it."""
    found: list[tuple[str, Requirement]] = []
    seen: set[tuple[str, frozenset[str]]] = set()
    left = [("pyproject.toml", root) for root in roots]
    while left:
        source, one = left.pop()
        found.append((source, one))
        key = (canonicalize_name(one.name), frozenset(one.extras))
        if key in seen:
            continue
        seen.add(key)
        try:
            requires = metadata.requires(one.name) or []
        except metadata.PackageNotFoundError:  # of another platform, or beside the tests
            continue
        more = [Requirement(text) for text in requires]
        left += [(one.name, two) for two in more if applies(two, machine, key[1])]
    return found


def asked(parts: Iterable[str]) -> list[Requirement]:
    """What pyproject.toml asks for."""
    folder = ROOT / "playground" if "playground" in parts else ROOT
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    texts = list(project["project"]["dependencies"])
    for group in {"dev", "docs"} & set(parts):
        texts += project["dependency-groups"][group]
    if {"run", "dev"} & set(parts):
        texts += project["build-system"]["requires"]
        parts = {*parts, *FIRST_LOOK}
    optional = project["project"].get("optional-dependencies", {})
    if "dev" in parts:
        parts = set(optional) - BESIDE
    for extra in set(parts) & set(optional):
        texts += optional[extra]
    found = [Requirement(text) for text in texts]
    return [one for one in found if one.name != project["project"]["name"]]  # of an extra


@pytest.mark.parametrize("parts", LISTS, ids="+".join)
def test_whatever_is_needed_is_in_the_lock(parts: tuple[str, ...]) -> None:
    """Every requirement of every locked package, on every platform, in a version that will do."""
    lock, checked = locked(parts), 0
    for machine in machines():
        for source, one in needed(machine, asked(parts)):
            entry = lock.get(canonicalize_name(one.name))
            assert entry, f"{source} needs {one}, which is not in the lock of {parts}"
            assert applies(entry, machine, frozenset()), f"{entry} leaves out what {source} needs"
            (pin,) = entry.specifier
            assert one.specifier.contains(Version(pin.version), prereleases=True), (source, one)
            checked += 1
    assert checked > 300


def test_all_files_agree() -> None:
    """A package has one version, wherever it is named."""
    versions: dict[str, set[str]] = {}
    for file in LOCKS.rglob("*.txt"):
        for first in packages(file.read_text()):
            one = Requirement(first)
            versions.setdefault(canonicalize_name(one.name), set()).add(str(one.specifier))
    assert {name: found for name, found in versions.items() if len(found) > 1} == {}


@pytest.mark.parametrize("file", sorted(LOCKS.rglob("*.txt")), ids=lambda file: file.name)
def test_every_entry_is_pinned_and_hashed(file: Path) -> None:
    """And no line names an address."""
    text = file.read_text()
    entries = packages(text)
    assert entries
    assert "".join(entries.values()) == text
    for first, entry in entries.items():
        assert re.fullmatch(r"[a-z0-9.-]+==[^ ;]+( ; .+)?", first)
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry)
    assert "://" not in text
    assert " @ " not in text


def test_the_tests_run_on_the_locked_versions() -> None:
    """Who runs them elsewhere sees other behaviour; `make test LOCK=no` means to."""
    stamp = Path(sys.prefix) / NAME
    if not stamp.exists() or '"locked": false' in stamp.read_text():
        pytest.skip("this environment was not made from the lock")
    wrong = {}
    for name, entry in locked(["dev"]).items():
        if entry.marker is None or entry.marker.evaluate():
            (pin,) = entry.specifier
            if metadata.version(name) != pin.version:
                wrong[name] = metadata.version(name)
    assert wrong == {}
