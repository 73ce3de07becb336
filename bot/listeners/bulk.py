"""Several of low risk at once: choose, see them again, approve each on its own digest."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

from slack_bolt.async_app import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from bot.approvals import Approvals
from bot.gateway import Gateway, Taken
from bot.home import HomePage
from bot.listeners.click import Body, Click, clicked, submitted
from bot.listeners.replier import Replier
from notifications.bulk import (
    FIELD,
    GROUP,
    GROUPS,
    MOST,
    Chosen,
    choose_modal,
    chosen,
    confirm_modal,
)
from notifications.buttons import Cursor, Target, read
from notifications.replies import sentence
from notifications.whisper import Whisper
from workflows.decisions import Answer, Decision, Reply, Verdict, Via

ANSWER_SECONDS = 8.0
NAMED = 12


class BulkListeners:
    """High risk never takes part: it is not offered, and the rules refuse it."""

    def __init__(
        self,
        gateway: Gateway,
        approvals: Approvals,
        replier: Replier,
        whisper: Whisper,
        home: HomePage,
    ) -> None:
        self._gateway = gateway
        self._approvals = approvals
        self._replier = replier
        self._whisper = whisper
        self._home = home

    async def open(self, ack: AsyncAck, body: Body, client: AsyncWebClient) -> None:
        """The form with the boxes."""
        await ack()
        click = clicked(body)
        lines = await self._approvals.together(click.user, GROUP * GROUPS)
        if lines:
            view = choose_modal(lines, datetime.now(UTC))
            await client.views_open(trigger_id=click.trigger, view=view)
        else:
            await self._replier.say(click, "Nothing of low risk waits for you any more.")

    async def choose(self, ack: AsyncAck, body: Body) -> None:
        """The boxes are ticked: list them again, as they are now."""
        picked = chosen(body["view"])
        if not 1 <= len(picked) <= MOST:
            problem = f"Please tick between 1 and {MOST}."
            await ack(response_action="errors", errors={f"{FIELD}0": problem})
            return
        lines = await self._approvals.together(body["user"]["id"], GROUP * GROUPS)
        still = [line for line in lines if line.target() in picked]
        if not still:
            problem = "None of these waits for you any more."
            await ack(response_action="errors", errors={f"{FIELD}0": problem})
            return
        await ack(response_action="update", view=confirm_modal(still))

    async def confirm(self, ack: AsyncAck, body: Body) -> None:
        """Each is handed over before the form is acknowledged; one answer tells of all."""
        click = submitted(body)
        value = read(Chosen, body["view"]["private_metadata"])
        if value is None:
            await ack()
            await self._replier.tell(click, Answer(reply=Reply.UNKNOWN))
            return
        decisions = [_decision(click, target) for target in value.targets]
        taken = await asyncio.gather(
            *(
                self._gateway.decide(target.approval, decision)
                for target, decision in zip(value.targets, decisions, strict=True)
            )
        )
        await ack()
        self._replier.beside(self._tell(click, value.targets, decisions, taken))

    async def _tell(
        self,
        click: Click,
        targets: Sequence[Target],
        decisions: Sequence[Decision],
        taken: Sequence[Taken],
    ) -> None:
        answers = await asyncio.gather(
            *(
                self._answer(target, decision, how)
                for target, decision, how in zip(targets, decisions, taken, strict=True)
            )
        )
        text = _summary(answers)
        await self._whisper.say(click.user, None, text)
        gone = frozenset(
            target.approval
            for target, answer in zip(targets, answers, strict=True)
            if answer.reply is Reply.SETTLED
        )
        await self._home.publish(click.user, Cursor(), said=text.split("\n")[0], without=gone)

    async def _answer(self, target: Target, decision: Decision, taken: Taken) -> Answer:
        if taken is Taken.KEPT:
            return Answer(reply=Reply.KEPT)
        return await self._gateway.late_answer(target.approval, decision, ANSWER_SECONDS)


def _decision(click: Click, target: Target) -> Decision:
    one = click.decision(target, Verdict.APPROVE, Via.BULK)
    return one.model_copy(update={"id": f"{one.id}:{target.approval}"})


def _summary(answers: Sequence[Answer]) -> str:
    """How many counted, and a sentence for each that did not."""
    counted = sum(answer.accepted for answer in answers)
    lines = [f"Thank you: {counted} of {len(answers)} approvals count."]
    lines += [f"• {sentence(answer)}" for answer in answers if not answer.accepted][:NAMED]
    return "\n".join(lines)
