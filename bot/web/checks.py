"""What has to be there for the bot to be of use: one check each, `ok` or a sentence."""

from collections.abc import Callable
from datetime import timedelta

import sqlalchemy
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from temporalio.service import RPCError

from bot.web.health import OK, Check
from storage.click_inbox import ClickInbox
from storage.errors import StorageError

PATIENCE = timedelta(seconds=1)


def temporal(client: Client) -> Check:
    """Temporal takes signals."""

    async def check() -> str:
        try:
            healthy = await client.service_client.check_health(timeout=PATIENCE)
        except (RPCError, RuntimeError):
            healthy = False
        return OK if healthy else "Temporal does not answer: clicks are kept until it does."

    return check


def database(engine: AsyncEngine) -> Check:
    """The audit database answers a question."""

    async def check() -> str:
        try:
            async with engine.connect() as connection:
                await connection.execute(sqlalchemy.text("SELECT 1"))
        except (SQLAlchemyError, OSError):
            return "The database does not answer: audit records wait until it does."
        return OK

    return check


def inbox(clicks: ClickInbox) -> Check:
    """The click inbox can be opened; how much waits in it is a metric, not an illness."""

    async def check() -> str:
        try:
            await clicks.count()
        except StorageError:
            return "The click inbox cannot be used: look at its disk."
        return OK

    return check


def hearing(sentence: Callable[[], str]) -> Check:
    """What people do in Slack reaches us, or nobody is waited for."""

    async def check() -> str:
        return sentence()

    return check


def sockets(open_now: Callable[[], int]) -> Check:
    """At least one connection to Slack is up; one less than wanted is being mended."""

    async def check() -> str:
        return OK if open_now() else "No socket to Slack is open: clicks cannot reach us."

    return check
