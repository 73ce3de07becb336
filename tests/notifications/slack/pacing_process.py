"""A process that sends at Slack's pace: `python -m tests.notifications.slack.pacing_process {json}`.

It says "ready", begins when it is told anything, and ends with one line: what Slack refused.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from notifications.slack.pacing import Pacer, SendLater, Urgency
from storage.database import create_engine
from storage.pace import pace_rows

Work = Callable[[], Awaitable[object]]


class Sending:
    """Sends what it is told, each until Slack took it."""

    def __init__(self, told: dict[str, Any], pacer: Pacer) -> None:
        self._told = told
        self._pacer = pacer
        self._client = AsyncWebClient(told["token"], base_url=told["api"], retry_handlers=[])
        self.refused = 0

    async def everything(self) -> None:
        """At once."""
        await asyncio.gather(*(self._until_taken(work) for work in self._works()))

    def _works(self) -> Iterator[Work]:
        for channel, text in self._told.get("posts", []):
            yield self._post(channel, text, Urgency.CARD)
        for channel, text in self._told.get("urgent", []):
            yield self._post(channel, text, Urgency.ANSWER)
        for channel, ts, text in self._told.get("rewrites", []):
            yield self._rewrite(channel, ts, text)
        for channel, text in self._told.get("answers", []):
            yield self._answer(channel, text)

    def _post(self, channel: str, text: str, urgency: Urgency) -> Work:
        return lambda: self._pacer.post(
            channel, lambda: self._client.chat_postMessage(channel=channel, text=text), urgency
        )

    def _rewrite(self, channel: str, ts: str, text: str) -> Work:
        return lambda: self._pacer.rewrite(
            channel, ts, lambda: self._client.chat_update(channel=channel, ts=ts, text=text)
        )

    def _answer(self, channel: str, text: str) -> Work:
        user = self._told["user"]
        return lambda: self._pacer.answer(
            lambda: self._client.chat_postEphemeral(channel=channel, user=user, text=text),
            patient=True,
        )

    async def _until_taken(self, work: Work) -> None:
        while True:
            try:
                await work()
            except SendLater as later:
                await asyncio.sleep(later.seconds)
            except SlackApiError as error:
                if error.response.status_code != 429:
                    raise
                self.refused += 1
            else:
                return


async def main(told: dict[str, Any]) -> None:
    """Once it is told to begin."""
    engine = create_engine(told["database"])
    shared = None if told["alone"] else pace_rows(engine, Path(told["folder"]))
    pacer = Pacer(shared=shared)
    sending = Sending(told, pacer)
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    await sending.everything()
    await pacer.close()
    if shared is not None:
        await shared.close()
    await engine.dispose()
    print(json.dumps({"refused": sending.refused}), flush=True)


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
