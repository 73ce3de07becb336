"""A PostgreSQL server of our own, where its programs are found."""

import asyncio
import os
import pwd
import shutil
from pathlib import Path

from benchmarks.chaos.processes.readiness import says
from benchmarks.chaos.processes.recipe import Recipe

INIT_SECONDS = 120.0
_READY = "database system is ready to accept connections"


class PostgresError(Exception):
    """The server could not be made."""


def programs() -> Path | None:
    """The folder with initdb and postgres; None where there is none."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    wanted = ("initdb", "postgres")
    return next((f for f in folders if all((f / name).exists() for name in wanted)), None)


def url(port: int) -> str:
    """The database the product uses."""
    return f"postgresql://postgres@127.0.0.1:{port}/postgres"


async def recipe(programs: Path, home: Path, port: int) -> Recipe:
    """Make a cluster in `home`; how its server is started."""
    user = _user()
    if user is not None:
        shutil.chown(home, user)
    await _initdb(programs, home, user)
    places = ("-c", f"port={port}", "-c", "listen_addresses=127.0.0.1", "-k", str(home))
    command = (str(programs / "postgres"), "-D", str(home / "data"), *places)
    return Recipe("postgres", command, says(_READY), {"LC_ALL": "C"}, user)


async def _initdb(programs: Path, home: Path, user: str | None) -> None:
    process = await asyncio.create_subprocess_exec(
        *(str(programs / "initdb"), "-D", str(home / "data"), "-U", "postgres", "-A", "trust"),
        *("-E", "UTF8", "--locale=C"),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        stdin=asyncio.subprocess.DEVNULL,
        user=user,
        group=user,
        extra_groups=[] if user else None,
        cwd=home,
    )
    async with asyncio.timeout(INIT_SECONDS):
        _, trouble = await process.communicate()
    if process.returncode:
        raise PostgresError(f"initdb failed: {trouble.decode()}")


def _user() -> str | None:
    """PostgreSQL refuses to run as root: then another user runs it."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        return "nobody"
