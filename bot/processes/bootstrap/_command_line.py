"""What the command line works with, and what it prepares before anything runs."""

import dataclasses
from datetime import timedelta

from temporalio.client import Client

from bot.approvals.queries import Approvals
from bot.approvals.tasks import Tasks
from bot.config.errors import UnavailableError
from bot.config.settings import Settings
from bot.processes.bootstrap._parts import connect, input_folders
from bot.processes.file_locks import TEMPORAL, is_held
from bot.temporal import client as temporal
from storage.database import migrate

RETENTION = timedelta(days=30)


@dataclasses.dataclass(frozen=True)
class CommandServices:
    """What the command line works with."""

    tasks: Tasks
    approvals: Approvals
    client: Client


async def desk(settings: Settings) -> CommandServices:
    """For commands that ask and decide; they ask the server of this folder and no other."""
    if not is_ours(settings):
        raise UnavailableError(
            "Signoff isn't running in this folder: start it with 'signoff up' or 'signoff demo'. "
            "For a Temporal server of your own, set address under [temporal] in signoff.toml."
        )
    client = await connect(settings)
    approvals = Approvals(client, settings.temporal.task_queue)
    return CommandServices(Tasks(client, settings, input_folders(settings)), approvals, client)


def is_ours(settings: Settings) -> bool:
    """Whether this folder's own server runs, or the settings name one: whoever else listens at the
    usual port belongs to somebody else."""
    named = "address" in settings.temporal.model_fields_set
    return named or not settings.temporal.embedded or is_held(settings.folder / TEMPORAL)


async def prepare(settings: Settings) -> None:
    """What has to be there before anything runs: search attributes, retention, tables."""
    client = await connect(settings)
    await temporal.register_attributes(client)
    if settings.temporal.embedded:
        await temporal.keep_closed(client, RETENTION)
    await migrate(settings.database_url)
