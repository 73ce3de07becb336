"""Every running activity tells Temporal that it is still being done.

So a killed worker is noticed within `heartbeat_timeout`, not after `start_to_close_timeout`.
"""

import asyncio
from datetime import timedelta
from typing import Any

from temporalio import activity
from temporalio.worker import (
    ActivityInboundInterceptor,
    ActivityOutboundInterceptor,
    ExecuteActivityInput,
    Interceptor,
)

BEATS = 4
"""So many within one timeout."""


class Heartbeats(Interceptor):
    """For every activity whose caller named a heartbeat timeout."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 - the SDK's name
        """Beat beside the activity."""
        return _Beating(next)


class _Beating(ActivityInboundInterceptor):
    def init(self, outbound: ActivityOutboundInterceptor) -> None:
        self._told = _Told(outbound)
        super().init(self._told)

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - as above
        timeout = activity.info().heartbeat_timeout
        if not timeout:
            return await super().execute_activity(input)
        beating = asyncio.create_task(self._beat(timeout / BEATS))
        try:
            return await super().execute_activity(input)
        finally:
            beating.cancel()

    async def _beat(self, pause: timedelta) -> None:
        while True:
            await asyncio.sleep(pause.total_seconds())
            activity.heartbeat(*self._told.details)


class _Told(ActivityOutboundInterceptor):
    """Knows what the activity itself said last: a beat that says nothing would wipe that out."""

    details: tuple[Any, ...] = ()

    def heartbeat(self, *details: Any) -> None:
        self.details = details
        super().heartbeat(*details)
