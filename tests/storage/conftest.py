"""A throw-away PostgreSQL server, and the databases the same tests run over."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from storage.audit.signing_keys import FILE, AuditKeyFile
from storage.database import create_engine, migrate

FULL = os.environ.get("SIGNOFF_FULL") == "1"
_numbers = count(1)


@dataclass(frozen=True)
class Postgres:
    """A PostgreSQL server on loopback, trusted, for one test run."""

    port: int
    programs: Path
    home: Path

    def start(self) -> None:
        """Begin, or begin again on the same data."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -k {self.home} -c fsync=off"
        log = ("-l", self.home / "log", "-w", "-o", options)
        self._control(*log, "start", check=True)

    def stop(self) -> None:
        """As if the power went: nobody is asked, no checkpoint is made."""
        self._control("-m", "immediate", "stop")

    def _control(self, *command: object, check: bool = False) -> None:
        pg_ctl = (self.programs / "pg_ctl", "-D", self.home / "data")
        _run(self.home, *pg_ctl, *command, check=check)

    def url(self, database: str = "postgres") -> str:
        """An address for `storage.database.create_engine`."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    async def new_database(self) -> str:
        """The address of a fresh, empty database."""
        name = f"test_{os.getpid()}_{next(_numbers)}"
        engine = create_engine(self.url())
        async with engine.connect() as connection:
            autocommit = await connection.execution_options(isolation_level="AUTOCOMMIT")
            await autocommit.execute(text(f"CREATE DATABASE {name}"))
        await engine.dispose()
        return self.url(name)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A server made by `initdb` and `pg_ctl`; skips with a sentence where there is none."""
    folder = _postgres_programs()
    if folder is None:
        pytest.skip("PostgreSQL is not installed here (initdb, pg_ctl); Debian: postgresql")
    home = Path(tempfile.mkdtemp(prefix="signoff-postgres-"))
    server = Postgres(_free_port(), folder, home)
    try:
        _initialise(folder, home)
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
async def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'signoff.sqlite'}"
    server: Postgres = request.getfixturevalue("postgres")
    return await server.new_database()


@pytest.fixture
async def empty_engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    """An engine on an empty database of each kind."""
    engine = create_engine(database_url)
    yield engine
    await engine.dispose()


@pytest.fixture
async def engine(empty_engine: AsyncEngine) -> AsyncEngine:
    """An engine on a migrated database of each kind."""
    await migrate(empty_engine)
    return empty_engine


@pytest.fixture
def keys(tmp_path: Path) -> AuditKeyFile:
    """Where this installation's audit keys are; none are made yet."""
    return AuditKeyFile(tmp_path / "storage" / FILE)


def _postgres_programs() -> Path | None:
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((f for f in folders if (f / "initdb").exists() and (f / "pg_ctl").exists()), None)


def _initialise(folder: Path, home: Path) -> None:
    if os.geteuid() == 0:
        shutil.chown(home, _user())
    initdb = (folder / "initdb", "-D", home / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8")
    _run(home, *initdb, "--no-sync", "--locale=C", check=True)


def _run(home: Path, *command: object, check: bool = False) -> None:
    """PostgreSQL refuses to run as root: then another user runs it."""
    user = _user() if os.geteuid() == 0 else None
    subprocess.run(
        [str(part) for part in command],
        check=check,
        user=user,
        group=pwd.getpwnam(user).pw_gid if user else None,
        cwd=home,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        timeout=120,
    )


def _user() -> str:
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        return "nobody"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
