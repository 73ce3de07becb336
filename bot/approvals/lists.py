"""What `/approvals` answers, and the same list made true again after a click in it."""

from datetime import UTC, datetime
from typing import Any

from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.access.onlookers import UNSURE, Onlookers
from bot.access.sight import Sight, subject_of_card
from bot.approvals.home import left
from bot.approvals.queries import WINDOW, Approvals, no_approval
from bot.config.errors import UnavailableError
from notifications.cards.card import card_text
from notifications.cards.details import details
from notifications.views.approval_list import LISTED, PendingPage, approval_list, list_text
from notifications.views.blocks import context

View = dict[str, Any]
MORE_UNSURE = "There may be more: I couldn't check what you may see, because Slack didn't answer."


class ApprovalLists:
    """Nobody sees here what they could not see in Slack."""

    def __init__(self, approvals: Approvals, onlookers: Onlookers) -> None:
        self._approvals = approvals
        self._onlookers = onlookers

    async def answer(self, draft: str, user: str) -> View:
        """`mine` (also for nothing), `all`, or an id; text and blocks. Raises SignoffError."""
        if draft.lower() in {"", "mine"}:
            return await self.mine(user)
        if draft.lower() == "all":
            return await self._all(user)
        return await self._one(draft, user)

    async def mine(self, user: str, without: frozenset[str] = frozenset()) -> View:
        """What waits for this person; `without` is what visibility still lists."""
        now = datetime.now(UTC)
        page = await self._approvals.page(user, most=LISTED + len(without))
        page = left(page, without, (await self._onlookers.seen(user, page.lines)).lines)
        together = await self._approvals.together(user)
        bulk = len([line for line in together if line.id not in without])
        blocks = approval_list(page, now, mine=True, bulk=bulk)
        return {"text": list_text(page, now, mine=True), "blocks": blocks}

    async def refresh(self, user: str, response_url: str, without: frozenset[str]) -> None:
        """Replace a list that was clicked in; Slack allows that for half an hour."""
        answer = await self.mine(user, without)
        await AsyncWebhookClient(response_url).send(
            text=answer["text"], blocks=answer["blocks"], replace_original=True
        )

    async def _all(self, user: str) -> View:
        """Whatever this person may see; the total counts nothing else."""
        now, page = datetime.now(UTC), await self._approvals.page(most=WINDOW)
        seen = await self._onlookers.seen(user, page.lines)
        if seen.unsure and not seen.lines:
            raise UnavailableError(UNSURE)
        shown = PendingPage(lines=seen.lines, total=len(seen.lines))
        blocks = approval_list(shown, now, mine=False, bulk=0)
        if page.total > len(page.lines):
            blocks.append(context(f"Only the {len(page.lines)} most urgent were looked at."))
        if seen.unsure:
            blocks.append(context(MORE_UNSURE))
        return {"text": list_text(shown, now, mine=False), "blocks": blocks}

    async def _one(self, draft: str, user: str) -> View:
        """To somebody who may not see it, it does not exist."""
        view = (await self._approvals.look(draft)).view
        sight = await self._onlookers.sight(user, subject_of_card(view))
        if sight is Sight.UNSURE:
            raise UnavailableError(UNSURE)
        if sight is Sight.HIDDEN:
            raise no_approval(draft)
        return {"text": card_text(view), "blocks": details(view, datetime.now(UTC))}
