"""Approvals for programs: over the network (A2A, MCP), and on standard input and output (MCP)."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator

from agents.http.signature import KeyUnusable, SigningKey
from agents.programs.program import Program, Programs
from bot.approvals.desk import TemporalDesk
from bot.config.errors import ConfigurationError
from bot.config.settings import Settings
from bot.processes.bootstrap import connect
from bot.processes.ports import Port, require_free
from bot.processes.serving import up
from storage.database import create_engine


@contextlib.asynccontextmanager
async def approvals(settings: Settings) -> AsyncIterator[None]:
    """Serve the configured programs."""
    with _extra():
        from agents.programs.server import ApprovalParts, serve  # noqa: PLC0415
    server = settings.approval_server
    require_free(Port(server.port, "approvals", "approval_server", host=server.host))
    programs = programs_of(settings)
    if not list(programs):
        raise ConfigurationError("No program may ask for approvals: add [programs.<name>].")
    engine = create_engine(settings.database_url)
    parts = ApprovalParts(
        desk=await _desk(settings),
        programs=programs,
        key=signing_key(settings),
        engine=engine,
        old_protocol=server.old_protocol,
        local_push=server.local_push,
    )
    started, stop = asyncio.Event(), asyncio.Event()
    serving = asyncio.create_task(
        serve(
            parts,
            host=server.host,
            port=server.port,
            public_url=server.public_url,
            started=started,
            stop=stop,
        )
    )
    try:
        await up(started, serving, "approvals")
        yield
    finally:
        stop.set()
        await asyncio.gather(serving, return_exceptions=True)
        await engine.dispose()


async def mcp(settings: Settings, name: str) -> None:
    """One program's MCP server on standard input and output, until it leaves."""
    with _extra():
        from agents.programs.mcp import ApprovalTools, serve_stdio  # noqa: PLC0415
    programs = programs_of(settings)
    try:
        alone = programs.named(name)
    except KeyError:
        raise ConfigurationError(f"There is no [programs.{name}] in the settings.") from None
    desk = await _desk(settings)
    await serve_stdio(ApprovalTools(desk, programs, signing_key(settings), alone))


def programs_of(settings: Settings) -> Programs:
    """The programs with their policies and tokens; raises ConfigurationError."""
    tokens = dict(_token(line) for line in _lines(settings))
    found = []
    for name, program in settings.programs.items():
        if name not in tokens:
            raise ConfigurationError(f"PROGRAM_TOKENS has no token for program '{name}'.")
        found.append(
            {
                "name": name,
                "token": tokens[name],
                "owner": program.owner,
                "channel": program.channel,
                "title": program.title,
                "most_open": program.most_open,
                "policy": settings.program_policy(name),
            }
        )
    try:
        return Programs(Program.model_validate(one) for one in found)
    except ValueError as error:
        raise ConfigurationError(f"[programs]: {_first(error)}") from None


def signing_key(settings: Settings) -> SigningKey:
    """The key decisions are signed with, made on first use."""
    try:
        return SigningKey.kept(settings.folder / settings.approval_server.key)
    except KeyUnusable as error:
        raise ConfigurationError(str(error)) from None


@contextlib.contextmanager
def _extra() -> Iterator[None]:
    """What speaks MCP is installed on request only."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "mcp":
            raise
        raise ConfigurationError(
            "Approvals for programs need a package that is not installed: "
            "install signoff[mcp], run 'make install EXTRAS=mcp' in a checkout, or take [programs] "
            "out of the settings."
        ) from error


async def _desk(settings: Settings) -> TemporalDesk:
    return TemporalDesk(await connect(settings), settings.temporal.task_queue)


def _lines(settings: Settings) -> list[str]:
    return settings.secrets.program_tokens.get_secret_value().split()


def _token(line: str) -> tuple[str, str]:
    name, _, token = line.partition("=")
    return name, token


def _first(error: ValueError) -> str:
    """Never the value: it may be a token."""
    errors = getattr(error, "errors", None)
    if errors is None:
        return str(error)
    one = errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}"
