"""Somebody who reaches Temporal: signals that name approvers, plain or with copied MACs."""

import asyncio
import contextlib
import json
import random
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.api.common.v1 import Payload, WorkflowExecution
from temporalio.api.workflowservice.v1 import SignalWorkflowExecutionRequest
from temporalio.client import Client, WorkflowQueryFailedError
from temporalio.client import WorkflowExecution as Found
from temporalio.service import RPCError

from benchmarks.chaos.people.crowd import APPROVERS, TEAM
from benchmarks.chaos.processes.site import STEP

Json = dict[str, Any]

SHORTEST, LONGEST = 0.5, 2.0
ENOUGH = 8
"""So many messages for each workflow; a thousand of them each get their share."""
LATEST = 2
"""So many of a workflow's own messages are sent to it again."""
AT_ONCE = 8
PATIENCE = timedelta(seconds=1)
MOST_COPIES = 50
APPROVAL, TASK = "ApprovalWorkflow", "TaskWorkflow"
TROUBLE = (RPCError, RuntimeError, TimeoutError, WorkflowQueryFailedError)
"""Servers are killed like everything else, and a card may not be there yet."""


class MessageForger:
    """Attacks every workflow that runs. `ids` are those of decisions made up, `sent` counts by
    kind of forgery, `targets` are the workflows whose server took some.
    """

    def __init__(self, address: str, seed: int) -> None:
        self.ids: set[str] = set()
        self.sent: Counter[str] = Counter()
        self.targets: Counter[str] = Counter()
        self._address = address
        self._chance = random.Random(f"{seed}:forger")
        self._copies: dict[str, list[tuple[str, Payload]]] = defaultdict(list)
        self._collected: set[str] = set()
        self._made_up: Counter[str] = Counter()
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """From now on."""
        self._task = asyncio.create_task(self._forge())

    async def cancel(self) -> None:
        """Stop at once; raises what stopped it before."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _forge(self) -> None:
        client = await Client.connect(self._address, lazy=True)
        while True:
            with contextlib.suppress(*TROUBLE):
                await self._collect(client)
                running = client.list_workflows("ExecutionStatus = 'Running'", rpc_timeout=PATIENCE)
                met = [one async for one in running if self.targets[one.id] < ENOUGH]
                met.sort(key=lambda one: one.workflow_type != APPROVAL)
                for first in range(0, len(met), AT_ONCE):
                    several = met[first : first + AT_ONCE]
                    await asyncio.gather(*(self._attack(client, found) for found in several))
            await asyncio.sleep(self._chance.uniform(SHORTEST, LONGEST))

    async def _collect(self, client: Client) -> None:
        """Messages of ours to copy, from what has ended."""
        ended = client.list_workflows("ExecutionStatus = 'Completed'", limit=10)
        async for found in ended:
            if found.id not in self._collected:
                await self._read(client, found.id)
                self._collected.add(found.id)

    async def _attack(self, client: Client, found: Found) -> None:
        """First what is made up, then what others and this one were sent, here and elsewhere."""
        with contextlib.suppress(*TROUBLE):
            await self._made_up_and_copied(client, found)
        with contextlib.suppress(*TROUBLE):
            for signal, payload in (await self._read(client, found.id))[-LATEST:]:
                await self._send(client, found.id, signal, "again", payload)

    async def _made_up_and_copied(self, client: Client, found: Found) -> None:
        self._made_up[found.id] += 1
        if self._made_up[found.id] > 1 and not any(self._copies.values()):
            return  # it is all alike: wait for something to copy
        if found.workflow_type == APPROVAL:
            decision = self._decision()
            with contextlib.suppress(*TROUBLE):
                handle = client.get_workflow_handle(found.id)
                shown = (await handle.query("view", rpc_timeout=PATIENCE))["ballot"]
                seen = {name: shown[name] for name in ("revision", "digest")}
                decision |= seen | {"place": next(iter(shown["places"]), None)}
            await self._send(client, found.id, "decide", "plain", _plain(decision))
            await self._copied(client, found.id, "decide", "decide")
            await self._copied(client, found.id, "settled", "decide")
        elif found.workflow_type == TASK:
            settlement = _settlement(found.id)
            await self._send(client, found.id, "settled", "plain", _plain(settlement))
            await self._copied(client, found.id, "settled", "settled")
            await self._copied(client, found.id, "decide", "settled")

    def _decision(self) -> Json:
        """An approver's."""
        name = f"forged-{time.time_ns()}"
        self.ids.add(name)
        return {
            "id": name,
            "verdict": "approve",
            "by": self._chance.choice(APPROVERS),
            "team": TEAM,
            "at": datetime.now(UTC).isoformat(),
            "revision": 1,
            "digest": "0" * 16,
        }

    async def _copied(self, client: Client, workflow: str, source: str, signal: str) -> None:
        """What another workflow was sent: as it was, and with a few words changed."""
        others = [copy for home, copy in self._copies[source] if home != workflow]
        if not others:
            return
        copy = self._chance.choice(others)
        await self._send(client, workflow, signal, "copied", copy)
        changed = Payload()
        changed.CopyFrom(copy)
        with contextlib.suppress(ValueError, TypeError, AttributeError):
            said = json.loads(copy.data)
            changed.data = json.dumps(said | self._decision()).encode()
            await self._send(client, workflow, signal, "changed", changed)

    async def _read(self, client: Client, workflow: str) -> Sequence[tuple[str, Payload]]:
        """The signals in a history: anybody may read them."""
        signals = []
        async for event in client.get_workflow_handle(workflow).fetch_history_events():
            if event.HasField("workflow_execution_signaled_event_attributes"):
                told = event.workflow_execution_signaled_event_attributes
                signals += [(told.signal_name, payload) for payload in told.input.payloads[:1]]
        ours = [(name, one) for name, one in signals if "signoff-mac" in one.metadata]
        for name, payload in ours:
            copies = self._copies[name]
            if (workflow, payload) not in copies:
                copies.append((workflow, payload))
            del copies[:-MOST_COPIES]
        return ours

    async def _send(
        self, client: Client, workflow: str, signal: str, kind: str, payload: Payload
    ) -> None:
        if self.targets[workflow] >= ENOUGH:
            return
        request = SignalWorkflowExecutionRequest(
            namespace=client.namespace, signal_name=signal, identity="forger"
        )
        request.workflow_execution.CopyFrom(WorkflowExecution(workflow_id=workflow))
        request.input.payloads.append(payload)
        await client.workflow_service.signal_workflow_execution(request)
        self.sent[kind] += 1
        self.targets[workflow] += 1


def _plain(value: Json) -> Payload:
    return Payload(metadata={"encoding": b"json/plain"}, data=json.dumps(value).encode())


def _settlement(task: str) -> Json:
    return {
        "approval_id": f"{task}.{STEP}.v1",
        "outcome": "approved",
        "revision": 1,
        "digest": "0" * 64,
        "result_digest": "0" * 64,
        "at": datetime.now(UTC).isoformat(),
    }
