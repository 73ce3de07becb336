"""What more than one process is built of: its stores, its Temporal client, Slack's pace."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from bot.activities.collect_inputs import InputFolders
from bot.config.payload_keys import signing_codec
from bot.config.settings import Settings
from bot.temporal import client as temporal
from bot.temporal.verified_workflows import OnRefused
from notifications.slack.pacing import Pacer
from storage.audit.anchors import AnchorFile
from storage.audit.log import AuditLog
from storage.audit.signing_keys import FILE, AuditKeyFile
from storage.pace import pace_rows
from storage.payloads.driver import OnError
from storage.payloads.files import PayloadFiles


def payload_files(settings: Settings) -> PayloadFiles:
    """Where large payloads and collected inputs lie."""
    return PayloadFiles(settings.folder / "payloads")


def input_folders(settings: Settings) -> InputFolders:
    """Which files tasks may read."""
    return InputFolders(settings.root, settings.input_folders, settings.inputs.max_bytes)


def audit_log(settings: Settings, engine: AsyncEngine) -> AuditLog:
    """The audit log, signed, and anchored when there is a place for that."""
    hmac_key = settings.secrets.audit_key.get_secret_value().encode() or None
    place = settings.storage.anchors
    anchors = AnchorFile(settings.root / place) if place.name else None
    return AuditLog(engine, signing_keys(settings), hmac_key, anchors)


def signing_keys(settings: Settings) -> AuditKeyFile:
    """The keys that sign the audit log."""
    return AuditKeyFile(settings.folder / FILE)


async def connect(
    settings: Settings,
    activities: Sequence[Callable[..., Any]] = (),
    on_error: OnError | None = None,
    on_refused: OnRefused | None = None,
    *,
    lazy: bool = False,
) -> Client:
    """A Temporal client with our plugin."""
    codec = signing_codec(settings)
    ours = temporal.plugin(payload_files(settings), activities, codec, on_error, on_refused)
    return await temporal.connect(settings.temporal, ours, lazy=lazy)


@contextlib.asynccontextmanager
async def paced(settings: Settings, engine: AsyncEngine) -> AsyncIterator[Pacer]:
    """Slack's pace, kept together with every other process of ours."""
    shared = pace_rows(engine, settings.folder)
    pacer = Pacer(shared=shared)
    try:
        yield pacer
    finally:
        await pacer.close()
        await shared.close()


@contextlib.asynccontextmanager
async def beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run something beside the block."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
