"""What people do to one card: about a dozen clicks, of which one may count."""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp

from benchmarks.chaos.people import forgery
from benchmarks.chaos.people.card import APPROVE, DECIDE_FORM, REJECT, Card, buttons
from benchmarks.chaos.people.crowd import APPROVERS, STRANGERS, Crowd
from playground.testing.person import PersonError

Json = dict[str, Any]

TRIES = 6
FORM_SECONDS = 5.0
EARLY = 0.3
"""The share of cards that are decided before the workflow knows where its card stands."""


class Story:
    """One card's people: `requester` asked for it, two others want opposite things."""

    def __init__(self, crowd: Crowd, card: Card, requester: str, chance: random.Random) -> None:
        self._crowd = crowd
        self._card = card
        self._requester = requester
        self._chance = chance
        others = [user for user in APPROVERS if user != requester]
        self._for, self._against = chance.sample(others, 2)
        self._stranger = chance.choice(STRANGERS)

    async def play(self) -> None:
        """Everything, until the card has no buttons any more."""
        if self._chance.random() < EARLY:
            await asyncio.gather(self._conflict(), self._intruders())
        else:
            await self._intruders()
            await asyncio.sleep(self._chance.uniform(0, 0.5))
            await self._conflict()
        await self._double_click()
        await self._insist(self._against, APPROVE)
        await self._until_decided()

    async def _intruders(self) -> None:
        """None of these may count."""
        card, kind = self._card, self._chance.randrange(4)
        await asyncio.gather(
            self._deliver(lambda: forgery.stale(card, self._for, kind)),
            self._deliver(lambda: forgery.foreign(card, self._against)),
            self._insist(self._requester, APPROVE),
            self._insist(self._stranger, APPROVE),
        )

    async def _conflict(self) -> None:
        """One approves, with a click that arrives three times; one rejects, milliseconds apart."""
        against = self._crowd[self._against]
        pause = self._chance.uniform(0, 0.02)
        async with self._crowd.forms[self._against]:
            form = await self._form()
            if form is None:
                await self._approve(0)
                return
            no = {"comment": {"comment": "No, because of the second row."}}
            with contextlib.suppress(PersonError, aiohttp.ClientError):
                await asyncio.gather(self._approve(pause), against.submit(form, no))
            with contextlib.suppress(PersonError, aiohttp.ClientError):
                await against.close(form)

    async def _form(self) -> Json | None:
        """The form of a rejection; None when it does not open in time."""
        against = self._crowd[self._against]
        if not await self._insist(self._against, REJECT):
            return None
        with contextlib.suppress(TimeoutError, PersonError):
            return await against.wait_for_view(self._is_ours, FORM_SECONDS)
        return None

    def _is_ours(self, view: Json) -> bool:
        return (
            view["callback_id"] == DECIDE_FORM and self._card.approval in view["private_metadata"]
        )

    async def _approve(self, pause: float) -> None:
        await asyncio.sleep(pause)
        payload = forgery.click(self._card, self._for)
        again = self._chance.uniform(0, 1.0)
        await asyncio.gather(self._deliver(lambda: payload), self._deliver(lambda: payload))
        await asyncio.sleep(again)
        await self._deliver(lambda: payload)

    async def _double_click(self) -> None:
        clicks = [self._insist(self._for, APPROVE) for _ in range(2)]
        await asyncio.gather(*clicks)

    async def _until_decided(self) -> None:
        """Look at the card now and then; whoever still sees buttons clicks again."""
        looks = 0
        while await self._is_open():
            looks += 1
            await asyncio.sleep(self._chance.uniform(0.5, 1.5))
            if looks % 5 == 0:
                await self._insist(self._for, APPROVE)

    async def _is_open(self) -> bool:
        card = self._card
        seen = await self._crowd[self._for].messages(card.channel, card.thread)
        return any(message["ts"] == card.ts and buttons(message) for message in seen)

    async def _insist(self, user: str, action: str) -> bool:
        """Click until it is acknowledged, as people do; False when the button is gone."""
        try:
            return await self._until_acked(
                lambda: self._crowd[user].click(self._card.message, action)
            )
        except PersonError:
            return False

    async def _deliver(self, payload: Callable[[], Json]) -> bool:
        anybody = self._crowd[self._for]
        return await self._until_acked(lambda: anybody.deliver("interactive", payload()))

    async def _until_acked(self, act: Callable[[], Awaitable[Json]]) -> bool:
        for _ in range(TRIES):
            if (await act())["acked"]:
                return True
            await asyncio.sleep(self._chance.uniform(0.3, 1.2))
        return False
