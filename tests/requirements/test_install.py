"""`make install`: what was published since does not matter, and nothing half done is believed."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.requirements.small_project import PYTHON, SmallProject

LOCKED = {"lender": "1.0", "gold": "1.0", "borrower": "1.0"}


@pytest.fixture
def project(tmp_path: Path) -> SmallProject:
    """Nothing is installed yet."""
    return SmallProject.make(tmp_path)


def old_pip(folder: Path) -> str:
    """A Python whose pip is the one that came with it: 23.2 with Python 3.11.7."""
    subprocess.run([PYTHON, "-m", "venv", folder], check=True)
    return str(folder / "bin" / "python")


@pytest.mark.parametrize("tool", ["uv", "pip"])
def test_the_lock_is_installed_whatever_was_published_since(
    project: SmallProject, tool: str, tmp_path: Path
) -> None:
    """There is a newer lender, and somebody asks for an extra of it: old pips stumbled there."""
    said = project.make_it("install", f"WITH={tool}", f"PYTHON={old_pip(tmp_path / 'old')}")
    assert f"Ready, with {tool}" in said
    assert project.has(*LOCKED) == LOCKED
    assert project.stamp
    assert project.stamp["parts"] == ["run"]
    assert project.make_it("install") == ""


@pytest.mark.parametrize("tool", ["uv", "pip"])
def test_unlocked_takes_the_newest(project: SmallProject, tool: str) -> None:
    """And the lock comes back when it is not said again."""
    project.make_it("install", "LOCK=no", f"WITH={tool}")
    assert project.has("lender", "gold") == {"lender": "2.0", "gold": "1.0"}
    assert "not the locked ones" in project.make_it("install")
    assert project.has(*LOCKED) == LOCKED


def test_a_package_that_is_not_the_locked_one_is_refused(project: SmallProject) -> None:
    """Same version, other bytes: neither uv nor pip takes it, and nothing says it is whole."""
    project.wheel("gold", "1.0", "Summary: forged\n")
    said = project.make_it("install", ok=False)
    assert "hash" in said.lower()
    assert "The installation did not succeed." in said
    assert project.stamp is None


@pytest.mark.parametrize("way", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_install_is_made_anew(project: SmallProject, way: signal.Signals) -> None:
    """However it ended; the next one waits for what is still running of it."""
    go = project.folder / "go"
    log = project.meddle(f"for n in $(seq 600); do [ -e {go} ] && break; sleep 0.1; done")
    process = project.start("install")
    while not (log.exists() and "require-hashes" in log.read_text(encoding="utf-8")):
        time.sleep(0.05)
    os.killpg(process.pid, way)
    process.communicate(timeout=30)
    assert process.returncode
    assert project.stamp is None
    go.touch()
    said = project.make_it("install")
    assert "What is there is not whole." in said
    assert project.has(*LOCKED) == LOCKED


def test_a_half_unpacked_package_is_not_believed(project: SmallProject) -> None:
    """Its metadata are there, its module is not, and the stamp was never written."""
    project.make_it("install")
    (project.folder / ".venv" / "signoff.json").unlink()
    next((project.folder / ".venv").rglob("gold.py")).unlink()
    project.make_it("install")
    assert project.has(*LOCKED) == LOCKED


def test_two_at_once_take_turns(project: SmallProject) -> None:
    """The second one finds everything done."""
    project.meddle("sleep 1")
    both = [project.start("install") for _ in range(2)]
    said = sorted((process.communicate(timeout=60)[0] for process in both), key=len)
    assert [process.returncode for process in both] == [0, 0]
    assert "Another installation is going on here" in said[0]
    assert project.has(*LOCKED) == LOCKED


def test_a_changed_lock_is_noticed(project: SmallProject) -> None:
    """What is not in it any more is gone."""
    project.make_it("install")
    project.lock("run", "lender 2.0", "gold 1.0")
    assert "What belongs into it has changed." in project.make_it("install")
    assert project.has("lender") == {"lender": "2.0"}
    assert project.has("borrower") == {}


def test_another_python_is_noticed_only_when_it_is_named(project: SmallProject) -> None:
    """Who made it with another one does not have to name that every time."""
    project.make_it("install")
    file = project.folder / ".venv" / "signoff.json"
    other = (project.stamp or {}) | {"base": "/opt/python3.99", "version": "3.99.0"}
    file.write_text(json.dumps(other), encoding="utf-8")
    assert project.make_it("install") == ""
    assert "made with Python 3.99.0" in project.make_it("install", f"PYTHON={PYTHON}")
    assert project.make_it("install", f"PYTHON={PYTHON}") == ""


def test_extras_stay(project: SmallProject) -> None:
    """Asked for once, also through a change of the lock; what the tests need has them all."""
    project.make_it("install", "EXTRAS=postgres")
    assert project.has("elephant") == {"elephant": "1.0"}
    assert project.make_it("install") == ""
    project.lock("run", "lender 2.0", "gold 1.0")
    project.make_it("install")
    assert project.has("elephant") == {"elephant": "1.0"}
    project.make_it("dev-needs")
    assert project.has("ruler") == {"ruler": "1.0"}
    assert project.make_it("install", "EXTRAS=postgres") == ""


def test_more_is_added_to_what_runs(project: SmallProject) -> None:
    """`make test` beside a running demo takes nothing away from it."""
    project.make_it("install")
    there = next((project.folder / ".venv").rglob("gold.py"))
    before = there.stat()
    assert "Adding to" in project.make_it("dev-needs")
    assert (there.stat().st_ino, there.stat().st_mtime) == (before.st_ino, before.st_mtime)
    assert project.has("ruler", *LOCKED) == {"ruler": "1.0"} | LOCKED


def test_the_sites_generator_comes_beside_the_tests(project: SmallProject) -> None:
    """Only when the site is made; it stays, and the tests do not miss it."""
    project.make_it("dev-needs")
    assert project.has("printer") == {}
    assert "Adding to" in project.make_it("docs-needs")
    assert project.has("printer", "ruler") == {"printer": "1.0", "ruler": "1.0"}
    assert project.make_it("dev-needs") == ""
    project.make_it("docs-needs", "LOCK=no")
    assert project.has("printer", "lender") == {"printer": "1.0", "lender": "2.0"}


def test_an_unknown_extra_is_a_sentence(project: SmallProject) -> None:
    """With the known ones."""
    said = project.make_it("install", "EXTRAS=postgrs", ok=False)
    assert "There is no extra 'postgrs'. There are postgres." in said


def test_a_broken_environment_is_made_anew(project: SmallProject) -> None:
    """Its Python is gone, as after an upgrade of the system."""
    project.make_it("install")
    python = project.folder / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to("/nowhere/python")
    project.make_it("install")
    assert project.has(*LOCKED) == LOCKED


def test_a_moved_environment_is_made_anew(project: SmallProject) -> None:
    """Its programs name the old place."""
    project.make_it("install")
    moved = project.folder.rename(project.folder.with_name("moved"))
    project.folder = moved
    project.make_it("install")
    assert (project.stamp or {})["place"] == str(moved / ".venv")


def test_only_an_environment_is_removed(project: SmallProject) -> None:
    """A folder with something else in it is named, and left as it is."""
    said = project.make_it("install", "VENV=requirements", ok=False)
    assert "is no environment of Python" in said
    assert (project.folder / "requirements" / "run.txt").exists()


def test_it_works_from_within_the_environment(project: SmallProject) -> None:
    """An activated environment is replaced by the Python it was made with."""
    project.make_it("install")
    (project.folder / ".venv" / "signoff.json").unlink()
    project.path.insert(0, str(project.folder / ".venv" / "bin"))
    project.make_it("install")
    assert project.has(*LOCKED) == LOCKED


def test_pip_steps_in_for_uv(project: SmallProject) -> None:
    """uv does not know the mirrors and certificates that pip was told."""
    project.meddle("echo 'no route to the index'; exit 2")
    said = project.make_it("install")
    assert "no route to the index\nuv did not succeed; pip tries." in said
    assert "Ready, with pip" in said
    assert project.has(*LOCKED) == LOCKED


def test_settings_of_the_machine_do_not_reach_in(
    project: SmallProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A package on PYTHONPATH is not taken for an installed one."""
    with_pip = project.make_it
    (tmp_path / "gold-1.0.dist-info").mkdir()
    (tmp_path / "gold-1.0.dist-info" / "METADATA").write_text("Name: gold\nVersion: 1.0\n")
    env = project._env() | {"PYTHONPATH": str(tmp_path), "PIP_REQUIRE_VIRTUALENV": "1"}
    monkeypatch.setattr(project, "_env", lambda: env)
    with_pip("install", "WITH=pip")
    assert project.has(*LOCKED) == LOCKED


def bare_python(folder: Path) -> str:
    """As Debian's without python3-pip and python3-venv: no pip, and none can be made."""
    subprocess.run([PYTHON, "-m", "venv", "--without-pip", folder], check=True)
    packages = next(folder.glob("lib/python*/site-packages"))
    code = (
        "import venv\n"
        "def gone(*_): raise SystemExit('ensurepip is not available: apt install python3-venv')\n"
        "venv.EnvBuilder._setup_pip = gone\n"
    )
    (packages / "sitecustomize.py").write_text(code, encoding="utf-8")
    return str(folder / "bin" / "python")


def test_uv_on_the_path_is_enough(project: SmallProject, tmp_path: Path) -> None:
    """No pip anywhere."""
    said = project.make_it("install", f"PYTHON={bare_python(tmp_path / 'bare')}")
    assert "Ready, with uv" in said


def test_with_neither_the_way_out_is_told(project: SmallProject, tmp_path: Path) -> None:
    """What Python itself says is the best that can be said."""
    project.path = [str(tmp_path / "programs")]
    for program in ("make", "sh", "env"):
        (tmp_path / "programs").mkdir(exist_ok=True)
        (tmp_path / "programs" / program).symlink_to(str(shutil.which(program)))
    said = project.make_it("install", f"PYTHON={bare_python(tmp_path / 'bare')}", ok=False)
    assert "apt install python3-venv" in said
    assert project.stamp is None


def test_an_old_python_is_a_sentence() -> None:
    """Not a traceback about syntax it does not know."""
    code = (
        "import runpy, sys; sys.version_info = (3, 9, 18); "
        "sys.argv = ['-', '--this-python']; runpy.run_module('requirements.environment')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("Signoff needs Python 3.11 or newer")
    assert "3.9.18" in done.stderr
