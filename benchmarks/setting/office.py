"""Signoff, bot and worker each a process, with a local workspace and an instant agent."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from temporalio.client import Client

from benchmarks.setting.part import BOT, INSTANT_WORKER, part
from benchmarks.setting.place import Place
from bot.config.settings import Settings
from bot.monitoring import logs
from bot.processes import bootstrap, dev_server
from bot.processes.running_demo import pointed_at
from playground.config import ChannelConfig, PlaygroundConfig
from playground.server import Playground
from playground.testing.person import Person

CHANNEL = "C0GENERAL1"
ADA, GRACE = "U0ADA00001", "U0GRACE001"
CHANNELS = tuple(
    ChannelConfig(id=f"C0BENCH{number:03d}", name=f"bench-{number}") for number in range(12)
)
USUAL = PlaygroundConfig(channels=(*PlaygroundConfig().channels, *CHANNELS))


@dataclass(frozen=True)
class Office:
    """What a benchmark works with."""

    place: Place
    settings: Settings
    workspace: Playground
    client: Client
    ada: Person
    grace: Person


@contextlib.asynccontextmanager
async def base(
    here: Place, config: PlaygroundConfig = USUAL
) -> AsyncIterator[tuple[Settings, Playground]]:
    """Temporal and the workspace only; the usual one takes calls as fast as they come."""
    logs.configure(here.settings.folder / "signoff.log")
    config = config.model_copy(update={"manifest": here.settings.root / "manifest.yml"})
    async with (
        dev_server.server(here.settings.temporal, here.settings.folder),
        Playground(config, here.settings.folder / "playground.db", mail_port=0) as workspace,
    ):
        settings = pointed_at(here.settings, workspace)
        await _prepare(settings)
        yield settings, workspace


@contextlib.asynccontextmanager
async def office(here: Place, config: PlaygroundConfig = USUAL) -> AsyncIterator[Office]:
    """Everything; the workspace and its people are in this process."""
    async with (
        base(here, config) as (settings, workspace),
        part(here, settings, INSTANT_WORKER),
        part(here, settings, BOT),
        Person(workspace.url, workspace.local_token, ADA) as ada,
        Person(workspace.url, workspace.local_token, GRACE) as grace,
    ):
        client = await bootstrap.connect(settings)
        yield Office(here, settings, workspace, client, ada, grace)


async def _prepare(settings: Settings) -> None:
    """The server listens a moment before its namespace is there."""
    for attempt in range(20):
        try:
            await bootstrap.prepare(settings)
        except Exception:
            if attempt == 19:
                raise
            await asyncio.sleep(0.25)
        else:
            return
