"""Keeps something outside true to a workflow's state, beside the workflow's own path.

Changes are coalesced: however many happen while one update runs, one more update follows.
"""

from collections.abc import Awaitable, Callable

from temporalio import workflow


class BackgroundUpdate:
    """Call `touch` after a change; `keep` runs until `close`, and never leaves a change unshown."""

    def __init__(self, update: Callable[[], Awaitable[None]]) -> None:
        self._update = update
        self._wanted = 0
        self._shown = 0
        self._closing = False

    def touch(self) -> None:
        """The state changed."""
        self._wanted += 1

    def close(self) -> None:
        """No further change will come."""
        self._closing = True

    @property
    def behind(self) -> bool:
        """Whether a change has not been shown yet."""
        return self._shown != self._wanted

    async def keep(self) -> None:
        """Update after each change; return once closed and nothing is left to show."""
        while True:
            await workflow.wait_condition(lambda: self.behind or self._closing)
            if not self.behind:
                return
            wanted = self._wanted
            await self._update()
            self._shown = wanted
