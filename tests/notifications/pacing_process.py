"""A process that sends at Slack's pace: `python -m tests.notifications.pacing_process {json}`.

It says "ready", begins when it is told anything, and ends with one line: what Slack refused.
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from notifications.pacing import Later, Pacer, Urgency
from storage.database import create_engine
from storage.pace import pace_rows


async def main(told: dict[str, Any]) -> None:
    """Send everything, each until Slack took it."""
    client = AsyncWebClient(told["token"], base_url=told["api"], retry_handlers=[])
    engine = create_engine(told["database"])
    shared = None if told["alone"] else pace_rows(engine, Path(told["folder"]))
    pacer, refused = Pacer(shared=shared), 0

    async def until_taken(sending: Any) -> None:
        nonlocal refused
        while True:
            try:
                await sending()
                return
            except Later as later:
                await asyncio.sleep(later.seconds)
            except SlackApiError as error:
                assert error.response.status_code == 429, error
                refused += 1

    def post(channel: str, name: str, urgency: Urgency) -> Any:
        async def send() -> Any:
            return await client.chat_postMessage(channel=channel, text=name)

        return lambda: pacer.post(channel, send, urgency, patient=urgency is Urgency.ANSWER)

    def rewrite(channel: str, ts: str, name: str) -> Any:
        async def send() -> Any:
            return await client.chat_update(channel=channel, ts=ts, text=name)

        return lambda: pacer.rewrite(channel, ts, send)

    def answer(channel: str, name: str) -> Any:
        async def send() -> Any:
            return await client.chat_postEphemeral(channel=channel, user=told["user"], text=name)

        return lambda: pacer.answer(send, patient=True)

    works = [post(c, name, Urgency.CARD) for c, name in told.get("posts", [])]
    works += [post(c, name, Urgency.ANSWER) for c, name in told.get("urgent", [])]
    works += [rewrite(c, ts, name) for c, ts, name in told.get("rewrites", [])]
    works += [answer(c, name) for c, name in told.get("answers", [])]
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    await asyncio.gather(*(until_taken(work) for work in works))
    await pacer.close()
    if shared is not None:
        await shared.close()
    await engine.dispose()
    print(json.dumps({"refused": refused}), flush=True)


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
