"""Deputies: whoever is away has somebody decide in their place, for what comes and what waits."""

import asyncio
import hashlib

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.approvals.queries import Approvals
from bot.config.errors import SignoffError
from notifications.people.members import Members
from notifications.people.membership import objection
from notifications.slack.errors import passing
from notifications.slack.private import PrivateMessages
from notifications.views.approval_list import PendingLine
from notifications.views.format import told
from notifications.views.handover import Handover, deputy_told
from notifications.views.replies import sentence
from workflows.messages.decisions import Delegation, ReplyKind

MOST = 500
AT_ONCE = 10
PATIENCE = 30.0
DEPUTY = "deputy"
REASON = "out of office"


class Deputies:
    """Checks a deputy, and hands on what already waits."""

    def __init__(
        self, slack: AsyncWebClient, approvals: Approvals, private: PrivateMessages
    ) -> None:
        self._slack = slack
        self._members = Members(slack)
        self._approvals = approvals
        self._private = private

    async def errors(self, deputy: str) -> dict[str, str]:
        """Why this person cannot stand in; the workflow checks again for each approval.

        Raises SlackApiError when Slack cannot be asked now.
        """
        if not deputy:
            return {}
        why = objection((await self._members.of(deputy)).standing)
        return {DEPUTY: f"That person cannot stand in ({why})."} if why else {}

    async def zone(self, user: str) -> str:
        """The person's time zone; UTC for somebody Slack does not know.

        Raises SlackApiError when Slack cannot be asked now.
        """
        try:
            return str((await self._slack.users_info(user=user))["user"].get("tz") or "UTC")
        except SlackApiError as error:
            if passing(error):
                raise
            return "UTC"

    async def take_over(
        self, user: str, team: str, deputy: str, key: str, *, enterprise: str = ""
    ) -> Handover:
        """Hand on everything that waits for this person, and tell the deputy what came to them."""
        lines = await self._approvals.pending(user, MOST)
        few = asyncio.Semaphore(AT_ONCE)

        async def hand_on(line: PendingLine) -> str:
            unique = hashlib.sha256(f"{user}:{deputy}:{line.id}:{key}".encode()).hexdigest()[:32]
            delegation = Delegation(
                id=f"deputy:{unique}",
                by=user,
                to=deputy,
                team=team,
                enterprise=enterprise,
                reason=REASON,
                quiet=True,
                deputy=True,
            )
            async with few:
                return await self._hand_on(line.id, delegation)

        problems = await asyncio.gather(*map(hand_on, lines))
        done = Handover(
            moved=tuple(line for line, why in zip(lines, problems, strict=True) if not why),
            kept=tuple((line, why) for line, why in zip(lines, problems, strict=True) if why),
        )
        if done.moved:
            await self._private.say(deputy, None, deputy_told(user, done.moved))
        return done

    async def _hand_on(self, approval: str, delegation: Delegation) -> str:
        """Empty when it is done, else why not; mrkdwn."""
        try:
            async with asyncio.timeout(PATIENCE):
                answer = await self._approvals.delegate(approval, delegation)
        except SignoffError as error:
            return told(str(error))
        except TimeoutError:
            return "our workflow server does not answer just now; delegate it on its card"
        return "" if answer.reply is ReplyKind.DELEGATED else sentence(answer)
