"""Private answers of the bot itself, and Home made true again, beside the acknowledgement.

The workflow answers what it was told. What never reached it (kept, closed, refused at the door)
is answered here.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any

from bot.approvals.delivery import QUERY_SECONDS, Gateway, Gesture, Taken
from bot.approvals.home import HomePage
from bot.approvals.lists import ApprovalLists
from bot.listeners.click import Click
from bot.listeners.errors import Edge
from notifications.slack.private import PrivateMessages
from notifications.views.format import told
from notifications.views.replies import sentence
from workflows.messages.decisions import Decision, Delegation, Reply, ReplyKind, Snooze

HOME_SECONDS = 3.0
TWICE_SECONDS = 1.0
"""So long it is asked whether a kept click arrived all the same, before "kept" is said."""


class Replier:
    """Says one sentence to whoever clicked."""

    def __init__(
        self,
        gateway: Gateway,
        private: PrivateMessages,
        home: HomePage,
        lists: ApprovalLists,
        edge: Edge,
    ) -> None:
        self._gateway = gateway
        self._private = private
        self._home = home
        self._lists = lists
        self._edge = edge
        self._running: set[asyncio.Task[None]] = set()

    async def tell(self, click: Click, answer: Reply) -> None:
        """One answer, where it is seen."""
        await self._private.say(click.user, click.thread, sentence(answer))

    async def say(self, click: Click, text: str) -> None:
        """A sentence of ours; not escaped yet."""
        await self._private.say(click.user, click.thread, told(text))

    def after(self, taken: Taken, approval: str, gesture: Gesture, click: Click) -> None:
        """Answer what the workflow cannot, and make Home or the list true where it happened."""
        if taken is Taken.AGAIN:
            return
        if taken is not Taken.DELIVERED or click.home is not None or click.listed:
            self.beside(click, self._after(taken, approval, gesture, click))

    def beside(self, click: Click, work: Coroutine[Any, Any, None]) -> None:
        """Do something after the acknowledgement; the person hears when it fails."""
        task = asyncio.create_task(self._edge.beside(work, lambda text: self.say(click, text)))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def settled(self) -> None:
        """Everything begun beside an ack is done."""
        await asyncio.gather(*self._running)

    async def close(self) -> None:
        """Nothing may use Slack or the database after this."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._edge.close()

    async def answer_late(self, approval_id: str, gesture: Gesture) -> None:
        """Tell somebody whose click was kept and then came too late, unless they were told."""
        answer = await self._gateway.late_answer(approval_id, gesture)
        if answer.told:
            return
        place = await self._gateway.near(approval_id, gesture.place)
        await self._private.say(gesture.by, place, sentence(answer))

    async def renew(self, click: Click, hidden: frozenset[str], said: str = "") -> None:
        """Home or the private list, wherever the click was, without what is done."""
        if click.home is not None:
            await self._home.publish(click.user, click.home, said=said, without=hidden)
        if click.listed:
            await self._lists.refresh(click.user, click.listed, hidden)

    async def _after(self, taken: Taken, approval: str, gesture: Gesture, click: Click) -> None:
        answer, gone = Reply(reply=ReplyKind.KEPT), taken is Taken.CLOSED
        told = taken is Taken.DELIVERED
        if not told:
            seconds = QUERY_SECONDS if gone else TWICE_SECONDS
            met = await self._gateway.late_answer(approval, gesture, seconds)
            answer, told = met if gone else answer, met.told
        if not told:
            await self.tell(click, answer)
        elif not gone:
            answer, gone = await self._met(approval, gesture)
        await self.renew(click, frozenset({approval}) if gone else frozenset(), sentence(answer))

    async def _met(self, approval: str, gesture: Gesture) -> tuple[Reply, bool]:
        """What the workflow made of it, and whether it has to go from the list."""
        if isinstance(gesture, Delegation):
            return Reply(reply=ReplyKind.DONE, detail="Your decision is being delegated."), False
        if isinstance(gesture, Snooze):
            detail = f"You will be reminded in {gesture.minutes} minutes."
            return Reply(reply=ReplyKind.DONE, detail=detail), False
        answer = await self._gateway.late_answer(approval, gesture, HOME_SECONDS)
        return answer, isinstance(gesture, Decision) and answer.accepted
