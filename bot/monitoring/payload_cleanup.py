"""Takes away the payload files that nothing needs any more: daily, or by hand."""

import structlog
from temporalio.client import Client
from temporalio.service import RPCError

from bot.config.payload_keys import payload_codec
from bot.config.settings import Settings
from bot.monitoring.live_payloads import LivePayloads
from storage.errors import StorageError
from storage.payloads.files import PayloadFiles
from storage.payloads.garbage import Collected, collect

log = structlog.get_logger()


async def clean(
    settings: Settings, client: Client, files: PayloadFiles, *, dry_run: bool = False
) -> Collected:
    """Remove what no history in the namespace leads to and what is older than `keep_unused`.

    Raises `RPCError` or `StorageError` when what is needed cannot be told; then nothing goes.
    """
    live = LivePayloads(client, files, payload_codec(settings), settings.temporal.task_queue)
    return await collect(files, live, grace=settings.storage.keep_unused, dry_run=dry_run)


async def chore(settings: Settings, client: Client, files: PayloadFiles) -> None:
    """For the scheduler: what cannot be done today is done tomorrow."""
    if not settings.storage.keep_unused:
        return
    try:
        done = await clean(settings, client, files)
    except (RPCError, RuntimeError, StorageError, OSError) as error:
        log.warning("payloads_not_cleaned", reason=str(error))
    else:
        log.info("payloads_cleaned", removed=len(done.removed), freed_bytes=done.freed_bytes)
