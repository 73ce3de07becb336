"""What each pipeline of the shipped settings costs: `python -m benchmarks.pipelines [PIPELINE]...`.

Everything runs as `signoff demo` starts it, with a strict stand-in for Gemini behind the agents,
which answers in the fewest calls that do the work; whatever waits for people is approved at once.
One JSON line each: calls of the model, tokens as four characters each, seconds, and cards.
"""

import asyncio
import os
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from uuid import uuid4

from temporalio.client import WorkflowQueryFailedError

from benchmarks.figures import Json, say
from benchmarks.setting.place import Place, place
from benchmarks.smoke import ADA, CHANNEL, GRACE, running
from bot.approvals.queries import Approvals
from bot.approvals.tasks import Tasks
from bot.config.settings import Settings, load
from bot.processes import bootstrap
from tests.models.gemini import KEY, GeminiStandIn
from tests.models.rehearsed import Rehearsed
from workflows.messages.decisions import Decision, Verdict, Via
from workflows.messages.tasks import Source, SourceKind

LONGEST = 120.0
LOOK_EVERY = 0.3
INPUTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "review": ("penguins.csv",),
        "support": ("complaint.txt",),
        "process": ("penguins.csv",),
        "research": ("penguins.csv", "penguins-note.md"),
        "write": ("penguins.csv", "release-plan.md"),
        "check": ("penguins.csv", "penguins-note.md"),
        "refine": ("draft.md",),
        "pay": ("payments.csv",),
        "operate": ("runbook.md",),
    }
)
"""Examples for each pipeline of the shipped settings."""


def main() -> None:
    """Those that are named, or all; exits with 1 if one did not come to its end."""
    sys.exit(0 if asyncio.run(pipelines(sys.argv[1:])) else 1)


async def pipelines(wanted: Sequence[str] = ()) -> bool:
    """Measure, print one JSON line each; whether all came to their end."""
    async with GeminiStandIn().serving() as gemini:
        with place() as here:  # which puts the environment back
            os.environ |= {
                "GOOGLE_API_KEY": KEY,
                "SIGNOFF_MODELS__ADDRESS": gemini.address,
                "SIGNOFF_MODELS__USE": "live",
                "SIGNOFF_MODELS__VERTEX": "false",
            }
            live = Place(here.config, load(here.config))
            async with running(live) as (settings, _):
                run = _Run(settings, gemini)
                await run.connect()
                names = wanted or list(settings.pipelines)
                return all([await run.measured(name) for name in names])


class _Run:
    """One pipeline after the other, each to its end."""

    def __init__(self, settings: Settings, gemini: GeminiStandIn) -> None:
        self._settings = settings
        self._gemini = gemini

    async def connect(self) -> None:
        client = await bootstrap.connect(self._settings)
        folders = bootstrap.input_folders(self._settings)
        self._tasks = Tasks(client, self._settings, folders)
        self._approvals = Approvals(client, self._settings.temporal.task_queue)

    async def measured(self, pipeline: str) -> bool:
        """Print its line."""
        self._gemini.usual = Rehearsed(
            [plan.agent for plan in self._settings.plans(pipeline)]
        ).answer
        self._gemini.used.clear()
        self._gemini.refused.clear()
        started = time.monotonic()
        try:
            async with asyncio.timeout(LONGEST):
                figure = await self._driven(pipeline)
        except Exception as error:  # noqa: BLE001 - the edge: the other figures are wanted, too
            say(f"pipeline {pipeline}", {"problem": f"{type(error).__name__}: {error}"})
            return False
        used = self._gemini.used
        figure |= {
            "model_calls": len(used),
            "tokens_in": sum(one["promptTokenCount"] for one in used),
            "tokens_out": sum(one["candidatesTokenCount"] for one in used),
            "seconds": round(time.monotonic() - started, 1),
            "refused_requests": len(self._gemini.refused),
        }
        say(f"pipeline {pipeline}", figure)
        return str(figure["status"]).startswith("completed") and not self._gemini.refused

    async def _driven(self, pipeline: str) -> Json:
        """How it ended, and how many cards people had to decide on."""
        files = [f"examples/{name}" for name in INPUTS[pipeline]]
        inputs = tuple(Source(kind=SourceKind.FILE, value=file, name=file) for file in files)
        task = await self._tasks.start(pipeline, inputs, ADA, CHANNEL)
        ending = asyncio.create_task(self._tasks.report(task))
        cards: set[str] = set()
        while not (await asyncio.wait({ending}, timeout=LOOK_EVERY))[0]:
            try:
                view = await self._tasks.view(task)
            except WorkflowQueryFailedError:  # a busy machine; the next look may be answered
                continue
            if view.problem:
                ending.cancel()
                raise RuntimeError(view.problem)
            for step in view.steps:
                if step.card is not None and step.approval_id not in cards:
                    cards.add(step.approval_id)
                    await self._approve(step.approval_id)
        return {"status": ending.result().status, "cards": len(cards)}

    async def _approve(self, approval: str) -> None:
        """As Grace would, having read it."""
        view = await self._approvals.view(approval)
        decision = Decision(
            id=uuid4().hex,
            verdict=Verdict.APPROVE,
            by=GRACE,
            at=datetime.now(UTC),
            revision=view.request.revision,
            digest=view.ballot.digest,
            via=Via.CLI,
            confirmation=view.ballot.phrase,
        )
        answer = await self._approvals.decide(approval, decision)
        if not answer.accepted:
            raise RuntimeError(f"{approval} was not approved: {answer.reply}")


if __name__ == "__main__":
    main()
