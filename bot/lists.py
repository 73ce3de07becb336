"""What `/approvals` answers, and the same list made true again after a click in it."""

from datetime import UTC, datetime
from typing import Any

from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.approvals import Approvals
from bot.channels import OpenChannels
from bot.errors import BadRequest
from notifications.approval_list import LISTED, PendingPage, approval_list, list_text
from notifications.cards import body, card_text

Answer = dict[str, Any]


class ApprovalLists:
    """Nobody sees here what he could not see in Slack."""

    def __init__(self, approvals: Approvals, channels: OpenChannels) -> None:
        self._approvals = approvals
        self._channels = channels

    async def answer(self, wish: str, user: str) -> Answer:
        """`mine` (also for nothing), `all`, or an id; text and blocks. Raises SignoffError."""
        if wish.lower() in {"", "mine"}:
            return await self.mine(user)
        if wish.lower() == "all":
            return await self._all(user)
        return await self._one(wish, user)

    async def mine(self, user: str, without: frozenset[str] = frozenset()) -> Answer:
        """What waits for this person; `without` is what visibility still lists."""
        now = datetime.now(UTC)
        page = _left(await self._approvals.page(user, most=LISTED + len(without)), without)
        bulk = await self._approvals.low_risk(user) - len(without)
        blocks = approval_list(page, now, mine=True, bulk=bulk)
        return {"text": list_text(page, now, mine=True), "blocks": blocks}

    async def refresh(self, user: str, response_url: str, without: frozenset[str]) -> None:
        """Replace a list that was clicked in; Slack allows that for half an hour."""
        answer = await self.mine(user, without)
        await AsyncWebhookClient(response_url).send(
            text=answer["text"], blocks=answer["blocks"], replace_original=True
        )

    async def _all(self, user: str) -> Answer:
        """Without what stands in a private channel, unless the person asked for it."""
        now, page = datetime.now(UTC), await self._approvals.page(most=LISTED * 2)
        hidden = frozenset(
            [
                line.id
                for line in page.lines
                if line.requester != user and not await self._channels.has(line.channel)
            ]
        )
        page = _left(page, hidden)
        blocks = approval_list(page, now, mine=False, bulk=0)
        return {"text": list_text(page, now, mine=False), "blocks": blocks}

    async def _one(self, wish: str, user: str) -> Answer:
        view = (await self._approvals.look(wish)).view
        concerned = {view.request.requester, *view.ballot.deciders()}
        if user not in concerned and not await self._channels.has(view.request.thread.channel):
            raise BadRequest(f"There is no approval '{wish}': 'signoff list' shows them.")
        return {"text": card_text(view), "blocks": body(view)}


def _left(page: PendingPage, without: frozenset[str]) -> PendingPage:
    lines = tuple(line for line in page.lines if line.id not in without)
    total = page.total - (len(page.lines) - len(lines))
    return PendingPage(lines=lines, total=total)
