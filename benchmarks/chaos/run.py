"""One run, from an empty folder to a verdict."""

import asyncio
import contextlib
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.chaos.checks import checker, summary
from benchmarks.chaos.checks.aftermath import Aftermath
from benchmarks.chaos.checks.evidence import Evidence
from benchmarks.chaos.checks.recorder import recorded
from benchmarks.chaos.people.crowd import WATCHER, Crowd
from benchmarks.chaos.people.load import Load
from benchmarks.chaos.people.message_forger import MessageForger
from benchmarks.chaos.people.troublemaker import Troublemaker
from benchmarks.chaos.processes.killer import Killer
from benchmarks.chaos.processes.site import Site
from benchmarks.chaos.processes.stage import SQLITE, Stage, workspace
from playground.server import Playground
from playground.testing.person import Person

Json = dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """What a run is asked for. `database`: empty for a PostgreSQL of its own where there is one,
    `sqlite`, or the address of a server that is not killed. With `agents` the real ones
    work. `is_cold` starts processes without forking.
    """

    seed: int
    approvals: int = 1_000
    seconds: float = 1_800.0
    database: str = ""
    most_open: int = 40
    agents: bool = False
    is_cold: bool = False


@dataclass(frozen=True)
class Verdict:
    """The figures, and what breaks each invariant."""

    figures: Json
    findings: dict[str, list[str]]

    @property
    def sound(self) -> bool:
        """Whether every invariant held."""
        return not any(self.findings.values())


class Run:
    """Everything of one run; `folder` has to be there and empty."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self._plan = plan
        self._site = Site(folder)
        self._healed = 0.0

    async def judged(self) -> Verdict:
        """Do it, and look at what is left."""
        began = time.monotonic()
        async with workspace(self._site) as slack, contextlib.aclosing(Crowd(slack)) as crowd:
            stage = self._stage(slack)
            async with stage.set():
                evidence = await self._story(stage, crowd)
        findings = checker.check(evidence)
        victims = stage.victims.values()
        figures = {
            "seed": self._plan.seed,
            "database": "postgresql" if stage.database else SQLITE,
            **summary.counts(evidence),
            "kills": {victim.name: victim.kills for victim in victims},
            "deaths": {victim.name: victim.deaths for victim in victims if victim.deaths},
            **{name: len(found) for name, found in findings.items()},
            **summary.times(evidence),
            "healed_seconds": round(self._healed, 1),
            "seconds": round(time.monotonic() - began, 1),
        }
        return Verdict(figures, findings)

    def _stage(self, slack: Playground) -> Stage:
        plan = self._plan
        return Stage(self._site, slack, plan.database, agents=plan.agents, is_cold=plan.is_cold)

    async def _story(self, stage: Stage, crowd: Crowd) -> Evidence:
        plan, watcher = self._plan, crowd[WATCHER]
        load = Load(crowd, plan.seed, plan.most_open)
        async with recorded(watcher, self._site.folder) as recorder, contextlib.aclosing(load):
            forger = MessageForger(f"127.0.0.1:{self._site.ports.temporal}", plan.seed)
            forger.begin()
            try:
                await self._under_fire(stage, load, watcher)
                aftermath = Aftermath(self._site, stage, load, forger)
                evidence = await aftermath.evidence(recorder, watcher)
            finally:
                await forger.cancel()
            self._healed = aftermath.seconds
            return evidence

    async def _under_fire(self, stage: Stage, load: Load, watcher: Person) -> None:
        plan = self._plan
        killer = Killer(stage.victims.values(), plan.seed)
        trouble = Troublemaker(watcher, plan.seed)
        load.watch()
        try:
            killer.begin()
            trouble.begin()
            await load.run(plan.approvals, plan.seconds)
            await trouble.relent()
            await killer.relent()
        finally:
            await asyncio.gather(killer.cancel(), trouble.cancel())
