"""The database: SQLite in one file, or PostgreSQL. Engine, migrations, and a check."""

import asyncio
import functools
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, event, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from storage._sqlite import BUSY_SECONDS, make_durable
from storage.errors import DatabaseUnavailable

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")
CONNECT_SECONDS = 10
_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+asyncpg",
    "postgres": "postgresql+asyncpg",
}
_MIGRATIONS = Path(__file__).parent / "migrations"
_WRITE_LOCK = 0x5160_0FF1  # one advisory lock for all writers of chained rows and migrations


def create_engine(url: str | URL) -> AsyncEngine:
    """An engine for `sqlite:///path`, `postgresql://user@host/name`, or the same with a driver.

    Nothing is connected yet. SQLite: write-ahead log, every commit synced to disk, waits of up to
    30 s for other writers, foreign keys enforced. Raises `DatabaseUnavailable` for other kinds,
    and for PostgreSQL without the extra for it.
    """
    parsed = make_url(url)
    drivername = _DRIVERS.get(parsed.drivername, parsed.drivername)
    if drivername not in _DRIVERS.values():
        raise DatabaseUnavailable(
            f"{parsed.drivername!r} is no database kind we know. Use sqlite:/// or postgresql://."
        )
    if drivername.startswith("sqlite"):
        return _sqlite(parsed.set(drivername=drivername))
    try:
        return create_async_engine(
            parsed.set(drivername=drivername),
            pool_pre_ping=True,
            hide_parameters=True,
            connect_args={"timeout": CONNECT_SECONDS},
        )
    except ModuleNotFoundError:
        raise DatabaseUnavailable(
            "PostgreSQL needs a package that is not installed: install signoff[postgres], or run "
            "'make install EXTRAS=postgres' in a checkout."
        ) from None


def whole(
    method: Callable[_Arguments, Coroutine[Any, Any, _Result]],
) -> Callable[_Arguments, Coroutine[Any, Any, _Result]]:
    """What writes comes to its end although whoever waits for it is cancelled; they hear then.

    A transaction cut in half keeps SQLite's lock until somebody sweeps memory.
    """

    @functools.wraps(method)
    async def finished(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Result:
        work = asyncio.ensure_future(method(*args, **kwargs))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            await asyncio.wait([work])
            if not work.cancelled():
                work.exception()
            raise

    return finished


@asynccontextmanager
async def writing(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """One transaction that no other `writing` one overlaps, in any process. Commits at the end.

    Only within what is `whole`.
    """
    async with engine.connect() as connection:
        await connection.execution_options(begin_immediate=True)
        async with connection.begin():
            if engine.dialect.name == "postgresql":
                await connection.execute(
                    text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _WRITE_LOCK}
                )
            yield connection


@whole
async def migrate(database: AsyncEngine | str) -> None:
    """Bring the database to the newest schema. Several processes may do it at the same time.

    Runs Alembic on a connection of the given engine, inside the running loop. One process migrates
    one database at a time (Alembic keeps its context globally). Raises `DatabaseUnavailable`.
    """
    if isinstance(database, str):
        engine = create_engine(database)
        try:
            await migrate(engine)
        finally:
            await engine.dispose()
        return
    await asyncio.to_thread(_make_folder, database.url)
    try:
        async with writing(database) as connection:
            await connection.run_sync(_upgrade)
    except (SQLAlchemyError, OSError) as error:
        raise DatabaseUnavailable(_complaint(database, error)) from error


@dataclass(frozen=True)
class Readiness:
    """Whether the database can be used, and the sentence that says so."""

    ok: bool
    sentence: str


async def ready(engine: AsyncEngine) -> Readiness:
    """Whether the database answers and has the schema of this release; never raises for that."""
    name = engine.url.render_as_string(hide_password=True)
    try:
        async with engine.connect() as connection:
            current = await connection.run_sync(_revision)
    except (SQLAlchemyError, OSError) as error:
        return Readiness(False, _complaint(engine, error))
    newest = ScriptDirectory.from_config(_config()).get_current_head()
    if current != newest:
        return Readiness(
            False,
            f"Database {name} has schema {current or 'none'}, this release needs {newest}. "
            "Start Signoff once to migrate it, or install the release it belongs to.",
        )
    return Readiness(True, f"Database {name} answers, schema {current}.")


def _sqlite(url: URL) -> AsyncEngine:
    engine = create_async_engine(url, connect_args={"timeout": BUSY_SECONDS})
    event.listen(engine.sync_engine, "connect", _on_connect)
    event.listen(engine.sync_engine, "begin", _on_begin)
    return engine


def _on_connect(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # BEGIN is ours, see _on_begin
    cursor = connection.cursor()
    make_durable(cursor)
    cursor.close()


def _on_begin(connection: Connection) -> None:
    """A writer takes its lock at the start: a read that turns into a write could not wait."""
    immediate = connection.get_execution_options().get("begin_immediate", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def _make_folder(url: URL) -> None:
    if url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:":
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _upgrade(connection: Connection) -> None:
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _complaint(engine: AsyncEngine, error: Exception) -> str:
    name = engine.url.render_as_string(hide_password=True)
    reason = str(getattr(error, "orig", None) or error).splitlines()[0]
    return f"Database {name} cannot be used ({reason}). Check that it runs and may be written to."
