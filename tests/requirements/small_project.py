"""A project of three small packages that is installed as Signoff is, from a folder of wheels.

It has Signoff's Makefile and its programs under `requirements/`. No network: what is not in the
folder is not to be had, the locked uv included, so the one on the path is used.
"""

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from requirements.environment import FIRST

ROOT = Path(__file__).parents[2]
PYTHON = str(getattr(sys, "_base_executable", sys.executable))
PROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "signoff"
version = "1.0"
dependencies = ["lender[gold]>=1"]

[project.optional-dependencies]
demo = []
agents = []
temporal = []
postgres = ["elephant>=1"]

[dependency-groups]
dev = ["ruler>=1"]
docs = ["printer>=1"]
"""
BACKEND = """
import pathlib, zipfile

def build_editable(folder, settings=None, metadata=None):
    name = "signoff-1.0-py3-none-any.whl"
    info = "signoff-1.0.dist-info/"
    with zipfile.ZipFile(pathlib.Path(folder) / name, "w") as wheel:
        wheel.writestr("signoff.pth", str(pathlib.Path(".").resolve()))
        wheel.writestr(info + "METADATA", METADATA)
        wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(info + "RECORD", "")
    return name

METADATA = '''Metadata-Version: 2.1
Name: signoff
Version: 1.0
Requires-Dist: lender[gold]>=1
Provides-Extra: demo
Provides-Extra: agents
Provides-Extra: temporal
Provides-Extra: postgres
Requires-Dist: elephant>=1; extra == "postgres"
'''
"""
SLOW_UV = """#!/bin/sh
echo "$@" >> {log}
case "$*" in *require-hashes*) {what};; esac
exec {uv} "$@"
"""


@dataclass
class SmallProject:
    """`wheels` is all there is to install from."""

    folder: Path
    wheels: Path
    path: list[str] = field(default_factory=list)

    @classmethod
    def make(cls, folder: Path) -> "SmallProject":
        """`lender[gold]` needs `gold`; there is a newer lender than the locked one."""
        made = cls(folder / "project", folder / "wheels")
        made.wheels.mkdir()
        (made.folder / "requirements" / "extras").mkdir(parents=True)
        for program in (ROOT / "requirements").glob("*.py"):
            shutil.copy(program, made.folder / "requirements")
        shutil.copy(ROOT / "Makefile", made.folder)
        made.write("pyproject.toml", PROJECT)
        made.write("backend.py", BACKEND)
        for module in FIRST:
            file = made.folder / f"{module.replace('.', '/')}.py"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
        gold = 'Provides-Extra: gold\nRequires-Dist: gold>=1; extra == "gold"\n'
        for version in ("1.0", "2.0"):
            made.wheel("lender", version, gold)
        for name in ("gold", "elephant", "ruler", "borrower", "printer"):
            made.wheel(
                name, "1.0", "Requires-Dist: lender[gold]>=1\n" if name == "borrower" else ""
            )
        made.lock("run", "lender 1.0", "gold 1.0", "borrower 1.0")
        made.lock("dev", "lender 1.0", "gold 1.0", "borrower 1.0", "ruler 1.0", "elephant 1.0")
        made.lock("extras/postgres", "elephant 1.0")
        made.lock("docs", "printer 1.0")
        made.write("requirements/uv.txt", f"uv==99.0 \\\n    --hash=sha256:{'0' * 64}\n")
        made.path = [str(Path(sys.executable).parent), *os.environ["PATH"].split(os.pathsep)]
        return made

    def write(self, name: str, text: str) -> None:
        """A file of the project."""
        (self.folder / name).write_text(text, encoding="utf-8")

    def wheel(self, name: str, version: str, more: str = "") -> None:
        """A package with one module, which says its version."""
        info = f"{name}-{version}.dist-info"
        files = {
            f"{name}.py": f"VERSION = {version!r}\n",
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{more}",
            f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        }
        record = [f"{path},{_digest(text)},{len(text)}" for path, text in files.items()]
        files[f"{info}/RECORD"] = "\n".join([*record, f"{info}/RECORD,,", ""])
        with zipfile.ZipFile(self._wheel(name, version), "w") as wheel:
            for path, text in files.items():
                wheel.writestr(path, text)

    def lock(self, name: str, *packages: str) -> None:
        """A lock file of packages such as `lender 1.0`."""
        lines = []
        for package in packages:
            content = self._wheel(*package.split()).read_bytes()
            pinned = package.replace(" ", "==")
            lines += [f"{pinned} \\", f"    --hash=sha256:{hashlib.sha256(content).hexdigest()}"]
        self.write(f"requirements/{name}.txt", "\n".join([*lines, ""]))

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """`make` with these arguments, in a process group of its own."""
        return subprocess.Popen(
            ["make", *arguments],
            cwd=self.folder,
            env=self._env(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def make_it(self, *arguments: str, ok: bool = True) -> str:
        """Run `make` to its end; what it said."""
        process = self.start(*arguments)
        said, _ = process.communicate(timeout=120)
        assert (process.returncode == 0) is ok, said
        return said

    def has(self, *names: str) -> dict[str, str]:
        """The versions that the environment's Python imports."""
        code = (
            "import json, sys, importlib as i\n"
            "print(json.dumps({n: i.import_module(n).VERSION for n in sys.argv[1:]}))"
        )
        done = subprocess.run(
            [self.folder / ".venv/bin/python", "-c", code, *names],
            capture_output=True,
            text=True,
            check=False,
        )
        found: dict[str, str] = json.loads(done.stdout or "{}")
        return found

    @property
    def stamp(self) -> dict[str, Any] | None:
        """What the environment says of itself; None when it does not say that it is whole."""
        file = self.folder / ".venv" / "signoff.json"
        return json.loads(file.read_text(encoding="utf-8")) if file.exists() else None

    def meddle(self, what: str) -> Path:
        """A uv on the path that does this before it installs the lock. Gives its calls' file."""
        uv = shutil.which("uv", path=os.pathsep.join(self.path))
        log, folder = self.folder / "uv.log", self.folder / "bin"
        folder.mkdir(exist_ok=True)
        program = folder / "uv"
        program.write_text(SLOW_UV.format(log=log, what=what, uv=uv), encoding="utf-8")
        program.chmod(0o755)
        self.path.insert(0, str(folder))
        return log

    def _wheel(self, name: str, version: str) -> Path:
        return self.wheels / f"{name}-{version}-py3-none-any.whl"

    def _env(self) -> dict[str, str]:
        env = {name: os.environ[name] for name in ("HOME", "LANG", "TMPDIR") if name in os.environ}
        env |= {"PATH": os.pathsep.join(self.path), "PIP_NO_INDEX": "1", "UV_OFFLINE": "1"}
        env |= {"UV_CACHE_DIR": str(self.folder / "cache"), "PIP_NO_CACHE_DIR": "1"}
        return env | {"PIP_FIND_LINKS": str(self.wheels), "UV_FIND_LINKS": str(self.wheels)}


def _digest(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return "sha256=" + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
