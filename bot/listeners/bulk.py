"""Several of low risk at once: choose, see them again, approve each on its own digest."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

from slack_bolt.async_app import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from bot.access.onlookers import Onlookers
from bot.approvals.delivery import Gateway, Taken
from bot.approvals.queries import Approvals
from bot.listeners import trouble
from bot.listeners.click import Body, Click, clicked, submitted
from bot.listeners.replier import Replier
from bot.listeners.trouble import in_time
from notifications.cards.buttons import HomeCursor, Target, read
from notifications.forms.bulk import (
    FIELD,
    MOST,
    Chosen,
    asked_again,
    choose_modal,
    chosen,
    confirm_modal,
)
from notifications.slack.private import PrivateMessages
from notifications.views.approval_list import PendingLine
from notifications.views.format import told
from notifications.views.replies import sentence
from workflows.messages.decisions import Decision, Reply, ReplyKind, Verdict, Via

ANSWER_SECONDS = 8.0
NAMED = 12

Met = Reply | BaseException
"""What became of one of them: its answer, or what went wrong."""


class BulkListeners:
    """High risk never takes part: it is not offered, and the rules refuse it."""

    def __init__(
        self,
        gateway: Gateway,
        approvals: Approvals,
        replier: Replier,
        private: PrivateMessages,
        onlookers: Onlookers,
        read_seconds: float,
    ) -> None:
        self._read_seconds = read_seconds
        self._gateway = gateway
        self._approvals = approvals
        self._replier = replier
        self._private = private
        self._onlookers = onlookers

    async def open(self, ack: AsyncAck, body: Body, client: AsyncWebClient) -> None:
        """The form with the boxes."""
        await ack()
        click = clicked(body)
        lines = await self._offered(click.user)
        if lines:
            opened = Chosen(home=click.home, listed=click.listed)
            view = choose_modal(lines, datetime.now(UTC), opened)
            await client.views_open(trigger_id=click.trigger, view=view)
        else:
            await self._replier.say(click, "No low-risk approvals are waiting for you any more.")

    async def choose(self, ack: AsyncAck, body: Body) -> None:
        """The boxes are ticked: list them again, as they are now."""
        picked = chosen(body["view"])
        opened = read(Chosen, body["view"].get("private_metadata") or "") or Chosen()
        if not 1 <= len(picked) <= MOST:
            problem = f"Select 1 to {MOST}."
            await ack(response_action="errors", errors={f"{FIELD}0": problem})
            return
        async with in_time():
            lines = await self._offered(body["user"]["id"])
        still = [line for line in lines if line.target() in picked]
        if not still:
            problem = "None of these is waiting for you any more."
            await ack(response_action="errors", errors={f"{FIELD}0": problem})
            return
        await ack(response_action="update", view=confirm_modal(still, datetime.now(UTC), opened))

    async def confirm(self, ack: AsyncAck, body: Body) -> None:
        """Each is handed over before the form is acknowledged; one answer tells of all."""
        click = submitted(body)
        value = read(Chosen, body["view"]["private_metadata"])
        if value is None or not value.targets:
            await ack()
            await self._replier.tell(click, Reply(reply=ReplyKind.UNKNOWN))
            return
        now = datetime.now(UTC)
        if now.timestamp() - value.shown < self._read_seconds:
            await ack(response_action="update", view=asked_again(body["view"], value, now))
            return
        click = click.model_copy(update={"home": value.home, "listed": value.listed})
        decisions = [_decision(click, target) for target in value.targets]
        taken = await asyncio.gather(
            *(
                self._gateway.decide(target.approval, decision)
                for target, decision in zip(value.targets, decisions, strict=True)
            ),
            return_exceptions=True,
        )
        if not any(isinstance(one, Taken) for one in taken):
            raise next(one for one in taken if isinstance(one, BaseException))
        await ack()
        self._replier.beside(click, self._tell(click, value.targets, decisions, taken))

    async def _offered(self, user: str) -> tuple[PendingLine, ...]:
        """What this person may approve in one go, and see. Raises SignoffError."""
        lines = await self._approvals.together(user)
        return (await self._onlookers.seen(user, lines)).lines

    async def _tell(
        self,
        click: Click,
        targets: Sequence[Target],
        decisions: Sequence[Decision],
        taken: Sequence[Taken | BaseException],
    ) -> None:
        answers = await asyncio.gather(
            *(
                self._answer(target, decision, how)
                for target, decision, how in zip(targets, decisions, taken, strict=True)
            )
        )
        text = _summary(answers)
        await self._private.say(click.user, None, text)
        gone = frozenset(
            target.approval
            for target, answer in zip(targets, answers, strict=True)
            if isinstance(answer, Reply) and answer.accepted
        )
        shown = click.model_copy(update={"home": click.home or HomeCursor()})
        await self._replier.renew(shown, gone, text.split("\n")[0])

    async def _answer(
        self, target: Target, decision: Decision, taken: Taken | BaseException
    ) -> Met:
        if isinstance(taken, BaseException):
            return taken
        if taken in {Taken.KEPT, Taken.AGAIN}:
            return Reply(reply=ReplyKind.KEPT)
        return await self._gateway.late_answer(target.approval, decision, ANSWER_SECONDS)


def _decision(click: Click, target: Target) -> Decision:
    one = click.decision(target, Verdict.APPROVE, Via.BULK)
    return one.model_copy(update={"id": f"{one.id}:{target.approval}"})


def _summary(answers: Sequence[Met]) -> str:
    """How many counted, and a sentence for each that did not."""
    counted = sum(isinstance(answer, Reply) and answer.accepted for answer in answers)
    lines = [f"Thank you: {counted} of {len(answers)} approvals count."]
    lines += [f"• {said}" for said in map(_said, answers) if said][:NAMED]
    return "\n".join(lines)


def _said(answer: Met) -> str:
    if isinstance(answer, BaseException):
        return told(trouble.sentence(answer))
    return "" if answer.accepted else sentence(answer)
