"""The command line. Each command is a few lines; what it does lives elsewhere."""

import asyncio
import io
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.console import Console
from typer.core import TyperGroup

from bot.commands.audit_form import Form
from bot.config.errors import SignoffError
from bot.config.settings import FILE, Settings, load
from bot.processes.shutdown import leave
from storage.errors import StorageError
from workflows.content.wrong_value import first_problem
from workflows.messages.decisions import Verdict


class Commands(TyperGroup):
    """The commands; a wrong value is told in our words, not in those of a library."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was typed."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            if isinstance(error.__cause__, ValidationError):
                error.message = first_problem(error.__cause__)
            raise


app = typer.Typer(
    name="signoff",
    cls=Commands,
    help="Durable human approval for AI agents, in Slack.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
audit = typer.Typer(help="The audit log: verify it, export it.", no_args_is_help=True)
app.add_typer(audit, name="audit")
say = Console(highlight=False, soft_wrap=True)
complain = Console(stderr=True, highlight=False, soft_wrap=True)


class GlobalOptions:
    """What was chosen before the command's name."""

    config = Path(FILE)


def _version(wanted: bool) -> None:
    if wanted:
        say.print(f"signoff {metadata.version('signoff')}")
        raise typer.Exit


@app.callback()
def choose(
    config: Annotated[Path, typer.Option(help="The settings file.")] = Path(FILE),
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which this is.")
    ] = False,
) -> None:
    """Durable human approval for AI agents, in Slack."""
    GlobalOptions.config = config
    os.umask(0o077)  # what is kept is for nobody else on this machine, also the children's


@app.command()
def init() -> None:
    """Write settings, manifest and examples into this folder; what is there stays."""
    if not _begin():
        say.print(f"{FILE} and what belongs to it are here already.")


@app.command()
def settings(
    table: Annotated[str, typer.Argument(help="One table, such as slack; all without it.")] = "",
) -> None:
    """The keys of signoff.toml, each with its kind, its default and what it means."""
    from bot.config import reference  # noqa: PLC0415

    reference.print_keys(say, table.strip("[]").partition(".")[0])


@app.command()
def demo(
    fresh: Annotated[bool, typer.Option("--fresh", help="Start with nothing kept.")] = False,
) -> None:
    """Everything on this machine, with a local Slack workspace in your browser."""
    from bot.config import extras  # noqa: PLC0415 - each command imports only its own
    from bot.processes.demo import demo as service  # noqa: PLC0415

    extras.require_agents("demo", "The demo")
    if GlobalOptions.config == Path(FILE) and not GlobalOptions.config.exists():
        _begin()
    settings = load(GlobalOptions.config)
    _serve(service(settings, GlobalOptions.config, say, fresh=fresh))


@app.command()
def up() -> None:
    """Everything in one go, for a real workspace: Temporal, bot, worker, scheduler, agents."""
    from bot.processes.up import up as service  # noqa: PLC0415

    _serve(service(load(GlobalOptions.config), GlobalOptions.config, say))


@app.command()
def bot() -> None:
    """Only what listens to Slack."""
    from bot.processes.bootstrap import bot as service  # noqa: PLC0415

    _serve_one(service, "The bot listens to Slack.")


@app.command()
def worker() -> None:
    """Only a worker: workflows and activities; start as many as you like."""
    from bot.processes.bootstrap import worker as service  # noqa: PLC0415

    _serve_one(service, "The worker works.", models=True)


@app.command()
def scheduler() -> None:
    """Only the scheduler of reminders; one is enough, two do no harm."""
    from bot.processes.bootstrap import scheduler as service  # noqa: PLC0415

    _serve_one(service, "The scheduler is running.")


@app.command()
def agents() -> None:
    """Only our agents, over A2A."""
    from bot.processes.agent_server import agents as service  # noqa: PLC0415

    _serve_one(service, "The agents are served.", models=True)


@app.command()
def approvals() -> None:
    """Only the server other programs ask for approvals, over A2A and MCP."""
    from bot.processes.approval_service import approvals as service  # noqa: PLC0415

    _serve_one(service, "Programs may ask for approvals.")


@app.command()
def mcp(
    program: Annotated[str, typer.Option("--as", help="A program of signoff.toml.")],
) -> None:
    """An MCP server on standard input and output, for one program."""
    from bot.monitoring import logs  # noqa: PLC0415
    from bot.processes.approval_service import mcp as service  # noqa: PLC0415

    settings = _here()
    logs.configure(settings.folder / "mcp.log")
    _run(service(settings, program))


@app.command()
def playground(
    port: Annotated[int | None, typer.Option(help="Where its page is.")] = None,
    people: Annotated[
        Path | None, typer.Option(help="A TOML file with people, channels, groups and tokens.")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Start with an empty workspace.")] = False,
) -> None:
    """Only the local Slack workspace, for any bot."""
    from bot.processes.local_slack import playground as service  # noqa: PLC0415

    _serve(service(load(GlobalOptions.config), say, port, people, fresh=fresh))


@app.command()
def start(
    pipeline: Annotated[str, typer.Argument(help="A pipeline of signoff.toml.")],
    inputs: Annotated[list[str], typer.Argument(help="Files, web addresses, or text with blanks.")],
    channel: Annotated[str, typer.Option(help="The Slack channel's id.")],
    requester: Annotated[str, typer.Option(help="The Slack id of whoever asks for it.")],
    wait: Annotated[bool, typer.Option("--wait", help="Wait for the end.")] = False,
) -> None:
    """Start a task."""
    settings = _here(asks=True)
    from bot.commands import ask  # noqa: PLC0415

    _run(ask.start(settings, say, pipeline, inputs, channel, requester, wait=wait))


@app.command(name="list")
def list_pending(
    approver: Annotated[str, typer.Option(help="Only what waits for this Slack id.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """The pending approvals, most urgent first, and the running tasks."""
    settings = _here(asks=True)
    from bot.commands import ask  # noqa: PLC0415

    _run(ask.list_pending(settings, say, approver, as_json=as_json))


@app.command()
def show(
    item: Annotated[str, typer.Argument(help="The id of a task or of an approval.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """One task or approval in full."""
    settings = _here(asks=True)
    from bot.commands import ask  # noqa: PLC0415

    _run(ask.show(settings, say, item, as_json=as_json))


@app.command()
def decide(
    approval: Annotated[str, typer.Argument(help="The id of an approval.")],
    verdict: Annotated[Verdict, typer.Argument(help="What you say.")],
    by: Annotated[str, typer.Option("--as", help="The Slack id of whoever decides.")],
    digest: Annotated[str, typer.Option(help="The digest that 'show' printed.")],
    comment: Annotated[str, typer.Option(help="Your reason.")] = "",
    confirm: Annotated[str, typer.Option(help="What high risk asks to be typed.")] = "",
) -> None:
    """Decide; the same rules hold as for a click."""
    settings = _here(asks=True)
    from bot.commands import ask  # noqa: PLC0415

    _run(ask.decide(settings, say, approval, verdict, by, digest, comment, confirm))


@audit.command(name="verify")
def audit_verify(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Say whether the audit log is whole; 1 when it was tampered with, damaged or cut."""
    from bot.commands import audit as audit_reports  # noqa: PLC0415

    sound = _run(audit_reports.verify(_here(), say, as_json=as_json))
    raise typer.Exit(0 if sound else 1)


@audit.command(name="key")
def audit_key(
    rotate: Annotated[bool, typer.Option("--rotate", help="Sign with a new key first.")] = False,
    out: Annotated[Path | None, typer.Option(help="A file; else standard output.")] = None,
) -> None:
    """The public keys that verify the audit log; keep them where nobody here can change them."""
    from bot.commands import audit as audit_reports  # noqa: PLC0415

    _run(audit_reports.key(_here(), out, rotate=rotate))


@audit.command(name="restart")
def audit_restart() -> None:
    """Go on with a new key after an end that nobody here signed; run 'audit verify' first."""
    from bot.commands import audit as audit_reports  # noqa: PLC0415

    name = _run(audit_reports.restart(_here()))
    say.print(f"Key {name} signs from here on; what stands before it is taken as it is.")


@audit.command(name="export")
def audit_export(
    form: Annotated[Form, typer.Option("--as", help="All rows, or an ADK evaluation set.")] = (
        Form.JSONL
    ),
    out: Annotated[Path | None, typer.Option(help="A file; else standard output.")] = None,
) -> None:
    """Write the audit log out as JSON Lines, or what people decided as an evaluation set."""
    from bot.commands import audit as audit_reports  # noqa: PLC0415

    _run(audit_reports.export(_here(), form, out))


@app.command()
def clean(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
) -> None:
    """Remove payload files that no workflow refers to any more; the scheduler does it daily."""
    settings = _here(asks=True)
    from bot.commands import ask  # noqa: PLC0415

    _run(ask.clean(settings, say, dry_run=dry_run))


@app.command()
def keys(
    rotate: Annotated[bool, typer.Option("--rotate", help="Make a new key.")] = False,
    stolen: Annotated[
        bool, typer.Option("--stolen", help="With --rotate: what was made with the old key ends.")
    ] = False,
) -> None:
    """The keys that say of a message in Temporal that it is ours."""
    from bot.commands.keys import lines, rotated  # noqa: PLC0415
    from bot.config.payload_keys import mac_keys  # noqa: PLC0415

    settings = _here()
    ring = rotated(settings, stolen=stolen) if rotate else mac_keys(settings).ring()
    for line in lines(ring):
        say.print(line, markup=False)


@app.command()
def doctor(
    online: Annotated[
        bool, typer.Option("--online", help="Also ask each model once; that costs a few tokens.")
    ] = False,
) -> None:
    """Say what is wrong with tokens, scopes, Temporal, folders, agents, in a sentence each."""
    from bot.commands.doctor import examine  # noqa: PLC0415

    healthy = _run(examine(_here(), say, online=online))
    raise typer.Exit(0 if healthy else 1)


def main() -> None:
    """Run a command; an error is one sentence and a code other than 0."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that knows ASCII only gets \\u00e9
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except SystemExit as end:
        leave(end.code if isinstance(end.code, int) else 0)
    except SignoffError as error:
        complain.print(str(error), style="red", markup=False)
        leave(error.exit_code)
    except StorageError as error:
        complain.print(str(error), style="red", markup=False)
        leave(3)


def _begin() -> list[str]:
    """What a new folder starts with; gives the names of what was not there."""
    from bot.config import starter_files  # noqa: PLC0415

    written = starter_files.write(Path.cwd())
    if written:
        say.print(f"New here, and yours to change: {', '.join(written)}.")
    return written


def _here(*, asks: bool = False) -> Settings:
    """The settings of what runs in this folder: the demonstration, or a real workspace.

    With `asks`, nothing that runs is said at once, before a command loads what it asks with.
    """
    from bot.processes.running_demo import found  # noqa: PLC0415

    return found(load(GlobalOptions.config), complain, asks=asks)


def _run(work: Awaitable[Any]) -> Any:
    async def finish() -> Any:
        return await work

    return asyncio.run(finish())


def _serve_one(
    service: Callable[[Settings], AbstractAsyncContextManager[None]],
    ready: str,
    *,
    models: bool = False,
) -> None:
    from bot.monitoring import logs  # noqa: PLC0415

    logs.configure()
    settings = load(GlobalOptions.config)
    if models:
        say.print(settings.model_access.sentence)
    _serve(service(settings), ready)


def _serve(service: AbstractAsyncContextManager[Any], ready: str = "") -> None:
    """Run a service until Ctrl-C or SIGTERM."""

    async def serve() -> None:
        stop = asyncio.Event()
        for name in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(name, stop.set)
        async with service:
            if ready:
                say.print(ready)
            await stop.wait()

    _run(serve())
