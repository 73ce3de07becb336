"""A server that runs beside us: ready, or a sentence why not."""

import asyncio

from bot.config.errors import ConfigurationError


async def up(started: asyncio.Event, serving: asyncio.Task[None], what: str) -> None:
    """Wait until requests are taken; raises ConfigurationError when that does not come about."""
    ready = asyncio.create_task(started.wait())
    await asyncio.wait({ready, serving}, return_when=asyncio.FIRST_COMPLETED)
    ready.cancel()
    if serving.done():
        try:
            serving.result()
        except (OSError, ValueError) as error:
            raise ConfigurationError(f"The {what} cannot be served: {error}") from None
