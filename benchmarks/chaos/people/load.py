"""The load: tasks are started, their cards are found, and people do what they do to each."""

import asyncio
import contextlib
import json
import random
import re
from typing import Any

from benchmarks.chaos.people import forgery
from benchmarks.chaos.people.card import blocks, read_card
from benchmarks.chaos.people.crowd import APPROVERS, CHANNELS, REQUESTERS, WATCHER, Crowd
from benchmarks.chaos.people.story import Story
from benchmarks.chaos.processes.site import INPUT
from playground.testing.person import PersonError

Json = dict[str, Any]

MOST_ROOTS = 1_000
_TASK = re.compile(r"Task `(t-[a-z0-9]+)` is on its way")


class Load:
    """`started` maps each task that was promised to whoever asked for it."""

    def __init__(self, crowd: Crowd, seed: int, most_open: int) -> None:
        self.started: dict[str, str] = {}
        self._crowd = crowd
        self._seed = seed
        self._room = asyncio.Semaphore(most_open)
        self._seen: set[tuple[str, str]] = set()
        self._stories: set[asyncio.Task[None]] = set()
        self._watching: asyncio.Task[None] | None = None

    def watch(self) -> None:
        """Find every card from now on."""
        self._watching = asyncio.create_task(self._watch())

    async def catch_up(self) -> None:
        """Look at the cards that are there already."""
        for channel in CHANNELS:
            for root in await self._crowd[WATCHER].messages(channel, limit=MOST_ROOTS):
                await self._look(channel, root["ts"])

    async def run(self, approvals: int, seconds: float) -> None:
        """Start so many tasks, wait until their cards are decided; no longer than that."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.start(approvals)
                await self.settled()

    async def start(self, approvals: int) -> None:
        """Start so many tasks, no more than there is room for."""
        chance = random.Random(f"{self._seed}:load")
        while len(self.started) < approvals:
            await self._room.acquire()
            await self._start(chance)

    async def settled(self) -> None:
        """Until no card known by now waits; raises what went wrong with a story."""
        while len(self._seen) < len(self.started) or self._stories:
            self._raise_trouble()
            await asyncio.sleep(0.1)

    async def aclose(self) -> None:
        """Everybody goes home."""
        tasks = [*self._stories, *([self._watching] if self._watching else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _start(self, chance: random.Random) -> None:
        requester, channel = chance.choice(REQUESTERS), chance.choice(CHANNELS)
        while True:
            answer = await self._crowd[requester].command(f"/task review inputs/{INPUT}", channel)
            said = str((answer["response"] or {}).get("text", ""))
            if found := _TASK.search(said):
                self.started[found[1]] = requester
                early = forgery.guessed(found[1], chance.choice(APPROVERS))
                await self._crowd[WATCHER].deliver("interactive", early)
                return
            await asyncio.sleep(chance.uniform(0.2, 1.0))

    async def _watch(self) -> None:
        """Messages are looked at the moment they appear: some clicks are faster than the worker."""
        watcher = self._crowd[WATCHER]
        async with contextlib.aclosing(watcher.changes()) as changes:
            async for change in changes:
                ts, channel = change.get("ts"), change.get("channel")
                if ts and (channel, ts) not in self._seen and channel in CHANNELS:
                    await self._look(channel, change.get("thread_ts") or ts)

    async def _look(self, channel: str, thread: str) -> None:
        for message in await self._crowd[WATCHER].messages(channel, thread):
            card = read_card(message)
            if card is None or (channel, card.ts) in self._seen:
                continue
            self._seen.add((channel, card.ts))
            requester = self._requester(message)
            chance = random.Random(f"{self._seed}:{len(self._seen)}")
            story = Story(self._crowd, card, requester, chance)
            self._stories.add(asyncio.create_task(self._play(story)))

    async def _play(self, story: Story) -> None:
        try:
            await story.play()
        finally:
            self._room.release()

    def _requester(self, message: Json) -> str:
        """Whom the card names as the one who asked; the only one of the two it calls so."""
        said = json.dumps(blocks(message))
        named = "From <@{}>"
        found = next((user for user in REQUESTERS if named.format(user) in said), None)
        if found is None:
            raise PersonError("no_requester", f"the card does not say who asked: {said}")
        return found

    def _raise_trouble(self) -> None:
        for story in [story for story in self._stories if story.done()]:
            self._stories.discard(story)
            story.result()
        if self._watching is not None and self._watching.done():
            self._watching.result()
