"""What the command line works with, and what it prepares before anything runs."""

import dataclasses
from datetime import timedelta

from temporalio.client import Client

from bot.approvals.queries import Approvals
from bot.approvals.tasks import Tasks
from bot.config.settings import Settings
from bot.processes.bootstrap._parts import connect, input_folders
from bot.processes.running_demo import require_running
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
    require_running(settings)
    client = await connect(settings)
    approvals = Approvals(client, settings.temporal.task_queue)
    return CommandServices(Tasks(client, settings, input_folders(settings)), approvals, client)


async def prepare(settings: Settings) -> None:
    """What has to be there before anything runs: search attributes, retention, tables."""
    client = await connect(settings)
    await temporal.register_attributes(client)
    if settings.temporal.embedded:
        await temporal.keep_closed(client, RETENTION)
    await migrate(settings.database_url)
