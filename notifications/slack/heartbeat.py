"""Our own heartbeat in Slack: one message, rewritten, whose change Slack has to tell us about.

An app gets the `message` events of the channels it is in, its own messages' included, and
`chat.update` makes one (`message_changed`). Nobody else needs to be in that channel.
"""

import re
from datetime import UTC, datetime
from typing import Any

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from notifications.slack.errors import refusal, retry_after

log = structlog.get_logger()

KIND = "signoff_heartbeat"
_ID = re.compile(r"[CG][A-Z0-9]{5,20}")
_GONE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})
_NO_CHANNEL = frozenset({"channel_not_found", "is_archived", "not_in_channel"})


class Heartbeat:
    """Beats in the channel of this name or id."""

    def __init__(self, slack: AsyncWebClient, channel: str) -> None:
        self._slack = slack
        self._wanted = channel.removeprefix("#")
        self._channel = ""
        self._ts = ""
        self._not_before = datetime.min.replace(tzinfo=UTC)

    async def beat(self, now: datetime) -> bool:
        """Whether Slack took it; then its event has to come in. Never raises for Slack's sake."""
        if now < self._not_before:
            return False
        try:
            return await self._beat(now)
        except SlackApiError as error:
            code = refusal(error)
            if error.response is not None and error.response.status_code == 429:
                self._not_before = now + retry_after(error)
            if code in _NO_CHANNEL | _GONE:
                self._channel = self._ts = ""
            log.info("Slack did not take the heartbeat", error=code)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            log.info("Slack did not take the heartbeat", error=type(error).__name__)
        return False

    async def place(self) -> str:
        """The channel's id, joined if it is public; empty when there is none."""
        found = (
            await self._slack.conversations_info(channel=self._wanted)
            if _ID.fullmatch(self._wanted)
            else None
        )
        channel = found["channel"] if found else await self._by_name()
        if channel is None:
            return ""
        if not channel.get("is_member"):
            await self._slack.conversations_join(channel=channel["id"])
        return str(channel["id"])

    async def _beat(self, now: datetime) -> bool:
        if not self._channel:
            self._channel = await self.place()
            if not self._channel:
                log.warning("there is no channel for the heartbeat", wanted=self._wanted)
                return False
            self._ts = await self._earlier()
        said: dict[str, Any] = {
            "text": f"Signoff listens. Its last heartbeat was at {now:%Y-%m-%d %H:%M:%S} UTC.",
            "metadata": {"event_type": KIND, "event_payload": {"at": now.isoformat()}},
        }
        if self._ts:
            await self._slack.chat_update(channel=self._channel, ts=self._ts, **said)
        else:
            posted = await self._slack.chat_postMessage(channel=self._channel, **said)
            self._ts = str(posted["ts"])
        return True

    async def _by_name(self) -> dict[str, Any] | None:
        cursor = ""
        while True:
            listed = await self._slack.conversations_list(
                types="public_channel,private_channel",
                exclude_archived=True,
                limit=1_000,
                cursor=cursor,
            )
            for channel in listed["channels"]:
                if channel.get("name") == self._wanted:
                    return dict(channel)
            cursor = (listed.get("response_metadata") or {}).get("next_cursor", "")
            if not cursor:
                return None

    async def _earlier(self) -> str:
        """The message of an earlier start; empty without one."""
        found = await self._slack.conversations_history(
            channel=self._channel, limit=20, include_all_metadata=True
        )
        for message in found.get("messages") or []:
            if (message.get("metadata") or {}).get("event_type") == KIND:
                return str(message["ts"])
        return ""
