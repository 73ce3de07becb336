"""Files in Slack that a task is to work on: only those that the requester can see.

The bot's token opens more than its requester may: every file is looked at with their eyes first.
"""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.config.errors import BadRequest, UnavailableError
from notifications.slack.errors import refusal

File = dict[str, Any]
MOST_PLACES = 20
MOST_PAGES = 20
LISTED = 100
READ_SECONDS = 60
_CHUNK = 65_536
_AWAY = "Slack does not give {} just now: try again in a minute."


async def visible_file(slack: AsyncWebClient, file_id: str, requester: str) -> File:
    """What Slack says about the file; raises BadRequest when the requester may not see it.

    Raises UnavailableError while Slack does not say.
    """
    try:
        file: File = (await slack.files_info(file=file_id))["file"]
    except SlackApiError as error:
        _require_an_answer(error, file_id)
        raise BadRequest(
            f"I can't read the Slack file {file_id}: share it in a channel I'm in."
        ) from None
    except (aiohttp.ClientError, TimeoutError):
        raise UnavailableError(_AWAY.format(file_id)) from None
    if requester and not await _sees(slack, file, requester):
        raise BadRequest(
            f"You can't use the Slack file {file_id}: it isn't yours, and it isn't shared in a "
            "channel you are in. Ask its owner to share it there."
        )
    return file


async def file_named(slack: AsyncWebClient, channel: str, name: str) -> str:
    """The id of the newest file of that name in a channel; empty when there is none."""
    try:
        listed = await slack.files_list(channel=channel, count=LISTED)
    except SlackApiError as error:
        _require_an_answer(error, name)
        return ""
    found = [file for file in listed["files"] if name in {file.get("name"), file.get("title")}]
    newest = max(found, key=lambda file: int(file.get("created") or 0), default=None)
    return str(newest["id"]) if newest else ""


async def content(slack: AsyncWebClient, file: File) -> AsyncIterator[bytes]:
    """The file's bytes, piece by piece. The token goes to Slack's own servers and nowhere else.

    Raises BadRequest for a file that lies elsewhere, UnavailableError when Slack does not answer.
    """
    url, name = str(file.get("url_private") or ""), str(file.get("name") or file["id"])
    if not _slacks_own(url, slack.base_url) or file.get("is_external"):
        raise BadRequest(f"'{name}' lies outside of Slack: upload it, or give its address.")
    session = slack.session or aiohttp.ClientSession()
    try:
        async with session.get(
            url,
            headers={"Authorization": f"Bearer {slack.token}"},
            timeout=aiohttp.ClientTimeout(total=READ_SECONDS),
            allow_redirects=False,
            proxy=slack.proxy,
        ) as response:
            _require_file(response, name, str(file.get("mimetype") or ""))
            async for piece in response.content.iter_chunked(_CHUNK):
                yield piece
    except (aiohttp.ClientError, TimeoutError):
        raise UnavailableError(_AWAY.format(name)) from None
    finally:
        if session is not slack.session:
            await session.close()


def _require_file(response: aiohttp.ClientResponse, name: str, media_type: str) -> None:
    """To strangers Slack gives its sign-in page, with a 200."""
    if response.status >= 500 or response.status == 429:
        raise UnavailableError(_AWAY.format(name))
    signed_out = response.content_type == "text/html" and media_type != "text/html"
    if response.status != 200 or signed_out:
        raise BadRequest(f"I can't read '{name}' in Slack: share it in a channel I'm in.")


def _require_an_answer(error: SlackApiError, name: str) -> None:
    """A refusal is an answer; a limit and a failing server are not."""
    status = getattr(error.response, "status_code", 200)
    if status >= 429 or not refusal(error):
        raise UnavailableError(_AWAY.format(name)) from None


def _slacks_own(url: str, base_url: str) -> bool:
    ours, theirs = urlsplit(base_url), urlsplit(url)
    if theirs.netloc == ours.netloc:
        return theirs.scheme == ours.scheme
    return theirs.scheme == "https" and (theirs.hostname or "").endswith(".slack.com")


async def _sees(slack: AsyncWebClient, file: File, person: str) -> bool:
    """Whether it is theirs, or shared in a conversation they are in."""
    if file.get("user") == person:
        return True
    places = [place for kind in ("channels", "groups", "ims") for place in file.get(kind) or ()]
    for place in places[:MOST_PLACES]:
        if await _is_in(slack, str(place), person):
            return True
    return False


async def _is_in(slack: AsyncWebClient, channel: str, person: str) -> bool:
    """In doubt they are not; raises UnavailableError while Slack does not say."""
    cursor = ""
    try:
        for _ in range(MOST_PAGES):
            answer = await slack.conversations_members(channel=channel, limit=1000, cursor=cursor)
            if person in answer["members"]:
                return True
            cursor = (answer.get("response_metadata") or {}).get("next_cursor", "")
            if not cursor:
                return False
    except SlackApiError as error:
        _require_an_answer(error, channel)
    return False
