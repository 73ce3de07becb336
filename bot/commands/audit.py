"""What `signoff audit` does: verifies the log, writes it out."""

import json
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import TextIO

from rich.console import Console
from sqlalchemy import make_url

from bot.commands.audit_form import Form
from bot.config.errors import BadRequest, UnavailableError
from bot.config.settings import Settings
from bot.processes.bootstrap import audit_log, signing_keys
from storage.audit.export import evaluation_set, json_lines
from storage.audit.log import AuditLog
from storage.audit.verify import as_json as report_json
from storage.audit.verify import sentences
from storage.database import create_engine, ready


async def verify(settings: Settings, say: Console, *, as_json: bool) -> bool:
    """Print every problem and the verdict; True when the log is sound."""
    async with _log(settings) as log:
        report = await log.verify()
    for line in report_json(report) if as_json else sentences(report):
        say.print(line, markup=False)
    return report.ok


async def key(settings: Settings, out: Path | None, *, rotate: bool) -> None:
    """Write out the public keys; with `rotate` a new one signs from here on."""
    ring = signing_keys(settings).ring()
    if rotate:
        async with _log(settings) as log:
            ring = await log.rotate()
    if ring.began is None:
        raise BadRequest("No key signs the audit log yet: start Signoff once.")
    with _opened(out) as file:
        file.write(ring.document() + "\n")


async def restart(settings: Settings) -> str:
    """Sign what follows with a new key, whatever stands at the log's end."""
    async with _log(settings) as log:
        return (await log.restart()).keys[-1].id


async def export(settings: Settings, form: Form, out: Path | None) -> None:
    """Write it to a file, or to standard output."""
    async with _log(settings) as log:
        with _opened(out) as file:
            await _write(log, form, file)


@contextmanager
def _opened(out: Path | None) -> Iterator[TextIO]:
    """The file, or standard output."""
    if out is None:
        yield sys.stdout
        return
    try:
        file = out.open("w", encoding="utf-8")
    except OSError as error:
        raise BadRequest(f"{out} cannot be written: {error.strerror}.") from None
    with closing(file):
        yield file


async def _write(log: AuditLog, form: Form, file: TextIO) -> None:
    if form is Form.JSONL:
        async for line in json_lines(log.rows()):
            file.write(line + "\n")
        return
    document = await evaluation_set(log.rows())
    if document is None:
        raise BadRequest("Nothing was decided yet: there is no case to evaluate.")
    file.write(json.dumps(document, indent=2) + "\n")


@asynccontextmanager
async def _log(settings: Settings) -> AsyncIterator[AuditLog]:
    _require_file(settings)
    engine = create_engine(settings.database_url)
    try:
        state = await ready(engine)
        if not state.ok:
            raise UnavailableError(state.sentence)
        yield audit_log(settings, engine)
    finally:
        await engine.dispose()


def _require_file(settings: Settings) -> None:
    """SQLite would make an empty file of a name that does not exist."""
    path = make_url(settings.database_url)
    if path.get_backend_name() == "sqlite" and not Path(path.database or "").exists():
        raise BadRequest(
            f"There is no audit log in {Path(path.database or '').parent}: nothing was started "
            "in this folder yet. Run 'signoff demo' or 'signoff up' first, or name the settings "
            "file with --config."
        )
