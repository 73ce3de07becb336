"""Everything a run needs, started as processes: the servers first, then the product's parts."""

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from benchmarks.chaos.people.crowd import with_people
from benchmarks.chaos.processes import cast, postgres
from benchmarks.chaos.processes.birth import Birth, cold, nursery
from benchmarks.chaos.processes.recipe import Recipe
from benchmarks.chaos.processes.site import ROOT, Site
from benchmarks.chaos.processes.victim import Victim
from playground.config import PlaygroundConfig
from playground.server import Playground

SQLITE = "sqlite"


class Stage:
    """While its block lasts, `victims` run, each by its name; afterwards nothing does.

    `database` is as asked for: empty for a PostgreSQL of our own where there is one, `sqlite`, or
    an address; once set, the address, empty for SQLite in the site's folder. `is_cold` starts each
    process by its command, which takes seconds each time; otherwise they are forked.
    """

    def __init__(
        self,
        site: Site,
        workspace: Playground,
        database: str,
        *,
        agents: bool = False,
        is_cold: bool = False,
    ) -> None:
        self.database = "" if database == SQLITE else database
        self.victims: dict[str, Victim] = {}
        self._site = site
        self._workspace = workspace
        self._wants_server = not database
        self._agents = agents
        self._is_cold = is_cold
        self._birth: Birth = cold
        self._environment = {
            "SLACK_BOT_TOKEN": workspace.bot_token,
            "SLACK_APP_TOKEN": workspace.app_token,
            "GOOGLE_API_KEY": "",
        }

    @contextlib.asynccontextmanager
    async def set(self) -> AsyncIterator[None]:
        """Everything started; everything down at the end, also when that comes too early."""
        home = Path(tempfile.mkdtemp(prefix="signoff-chaos-"))
        async with contextlib.AsyncExitStack() as stack:
            stack.callback(shutil.rmtree, home, ignore_errors=True)
            if not self._is_cold:
                log = self._site.folder / "nursery.log"
                self._birth = await stack.enter_async_context(nursery(log, ROOT))
            stack.push_async_callback(self._clear)
            await self._start(await self._servers(home))
            self._site.write_settings(self._workspace.api_url, self.database)
            await self._prepare()
            await self._start(self._parts())
            yield

    def extra(self, name: str, cwd: Path = ROOT) -> Victim:
        """One more worker, not started yet, under a name of its own; `cwd` holds its code."""
        recipe = cast.instant_worker(self._site, self._environment, name)
        self.victims[name] = self._victim(recipe, cwd)
        return self.victims[name]

    async def _clear(self) -> None:
        await asyncio.gather(*(victim.kill() for victim in self.victims.values()))

    def _victim(self, recipe: Recipe, cwd: Path = ROOT) -> Victim:
        return Victim(recipe, self._birth, self._site.folder, cwd)

    async def _start(self, recipes: list[Recipe]) -> None:
        new = {recipe.name: self._victim(recipe) for recipe in recipes}
        self.victims |= new
        await asyncio.gather(*(victim.start() for victim in new.values()))

    async def _servers(self, home: Path) -> list[Recipe]:
        recipes = [cast.temporal(self._site)]
        programs = postgres.programs()
        if self._wants_server and programs is not None:
            port = self._site.ports.postgres
            recipes.append(await postgres.recipe(programs, home, port))
            self.database = postgres.url(port)
        return recipes

    async def _prepare(self) -> None:
        preparation = self._victim(cast.preparation(self._site, self._environment))
        try:
            await preparation.start()
            await preparation.ended()
        finally:
            await preparation.kill()

    def _parts(self) -> list[Recipe]:
        names = ["bot", "scheduler", *(["worker", "agents"] if self._agents else [])]
        parts = [cast.part(name, self._site, self._environment) for name in names]
        if not self._agents:
            parts.append(cast.instant_worker(self._site, self._environment))
        return parts


@contextlib.asynccontextmanager
async def workspace(site: Site) -> AsyncIterator[Playground]:
    """A local workspace with our people in it, which outlives every kill."""
    config = with_people(PlaygroundConfig(manifest=ROOT / "manifest.yml"))
    async with Playground(config, site.folder / "workspace.db") as running:
        yield running
