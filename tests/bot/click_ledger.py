"""Clicks on approvals nobody works on, and what Temporal knows of them: signals need no worker."""

import asyncio
import contextlib
import itertools
import json
import sqlite3
import time
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client

from playground.delivery.envelope import Envelope
from playground.server import Playground
from tests.bot.slack_requests import CLICK

TEAM, GRACE = "T0ACME0001", "U0GRACE001"


class ClickLedger:
    """Sends clicks round robin to some approvals; `acked` are their ids in the order of the acks.

    `waits` are the seconds to each ack.
    """

    def __init__(self, workspace: Playground, approvals: int) -> None:
        self._workspace = workspace
        self._numbers = itertools.count(1)
        self.approvals = [f"a-{number}" for number in range(approvals)]
        self.sent: dict[str, str] = {}
        self.acked: list[str] = []
        self.waits: list[float] = []

    async def open(self, client: Client) -> None:
        """Start an approval of each name; there is no worker, so it only collects signals."""
        for name in self.approvals:
            await client.start_workflow("ApprovalWorkflow", id=name, task_queue="nobody")

    async def click(self) -> str:
        """One more click, all the way to its ack; its id, empty when it was not acked."""
        number = next(self._numbers)
        approval, moment = self.approvals[number % len(self.approvals)], f"{number}.000100"
        identity = f"{TEAM}:{GRACE}:{moment}"
        self.sent[identity] = approval
        receipt = await self._workspace.postman.deliver(
            Envelope("interactive", _payload(approval, moment))
        )
        if not receipt.acked:
            return ""
        self.acked.append(identity)
        self.waits.append(receipt.milliseconds / 1_000)
        return identity

    async def click_evenly(self, rate: int, seconds: float, each: Any = None) -> None:
        """So many clicks a second, whether or not earlier ones came back; `each` sees each ack."""
        started = time.perf_counter()
        tasks = []
        for number in range(int(rate * seconds)):
            await asyncio.sleep(max(0.0, started + number / rate - time.perf_counter()))
            tasks.append(asyncio.create_task(self._click_and_tell(each)))
        await asyncio.gather(*tasks)

    async def _click_and_tell(self, each: Any) -> None:
        identity = await self.click()
        if each is not None and identity:
            each(identity)

    async def applied(self, client: Client) -> dict[str, list[str]]:
        """The decision ids each approval was signalled with, in order, without repetitions."""
        found: dict[str, list[str]] = {}
        for name in self.approvals:
            ids: dict[str, None] = {}
            async for event in client.get_workflow_handle(name).fetch_history_events():
                if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
                    payloads = event.workflow_execution_signaled_event_attributes.input.payloads
                    ids[json.loads(payloads[0].data)["id"]] = None
            found[name] = list(ids)
        return found


def _payload(approval: str, moment: str) -> dict[str, Any]:
    payload = deepcopy(CLICK)
    value = {"a": approval, "r": 1, "d": "0" * 16, "v": "approve"}
    payload["actions"][0] |= {"value": json.dumps(value), "action_ts": moment}
    return payload


class InboxFile:
    """The click inbox, read beside the bot that writes it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def holds(self, identity: str) -> bool:
        """Whether the click is in it, waiting or delivered."""
        with self._opened() as db:
            found = db.execute("SELECT 1 FROM clicks WHERE id = ?", (identity,)).fetchone()
        return found is not None

    def waiting(self) -> int:
        """How many clicks wait."""
        with self._opened() as db:
            row = db.execute("SELECT COUNT(*) FROM clicks WHERE ended_at IS NULL").fetchone()
        return int(row[0])

    def in_order(self) -> list[str]:
        """Every click ever kept, in the order of arrival."""
        with self._opened() as db:
            return [row[0] for row in db.execute("SELECT id FROM clicks ORDER BY position")]

    @contextlib.contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        db = sqlite3.connect(self._path, timeout=5)
        try:
            yield db
        finally:
            db.close()
