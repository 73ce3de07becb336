"""Deputies: whoever is away has somebody decide in his place, for what comes and what waits."""

import hashlib

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.approvals import Approvals
from bot.gateway import Gateway
from notifications.calls import passing
from workflows.decisions import Delegation

MOST = 500
DEPUTY = "deputy"
REASON = "out of office"


class Deputies:
    """Checks a deputy, and hands on what already waits."""

    def __init__(self, slack: AsyncWebClient, approvals: Approvals, gateway: Gateway) -> None:
        self._slack = slack
        self._approvals = approvals
        self._gateway = gateway

    async def errors(self, deputy: str) -> dict[str, str]:
        """Why this person cannot stand in; the workflow checks again for each approval.

        Raises SlackApiError when Slack cannot be asked now.
        """
        if not deputy:
            return {}
        try:
            user = (await self._slack.users_info(user=deputy))["user"]
        except SlackApiError as error:
            if passing(error):
                raise
            return {DEPUTY: "Slack does not know that person."}
        if any(user.get(name) for name in ("deleted", "is_bot", "is_restricted", "is_stranger")):
            return {DEPUTY: "A guest, a bot or somebody deactivated cannot stand in."}
        return {}

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

    async def take_over(self, user: str, team: str, deputy: str, key: str) -> int:
        """Hand on everything that waits for this person; how many there were."""
        lines = await self._approvals.pending(user, MOST)
        for line in lines:
            unique = hashlib.sha256(f"{user}:{deputy}:{line.id}:{key}".encode()).hexdigest()[:32]
            delegation = Delegation(
                id=f"deputy:{unique}", by=user, to=deputy, team=team, reason=REASON, quiet=True
            )
            await self._gateway.send(line.id, delegation)
        return len(lines)
