"""Files in Slack that a task is to work on: only those that the requester can see.

The bot's token opens more than its requester may: every file is looked at with their eyes first.
The token goes to the hosts that Slack documents for files, over https, and to a local workspace
where the settings name one; it follows no redirect.
"""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.config.errors import BadRequest, UnavailableError
from notifications.people.members import Members
from notifications.people.membership import Membership
from notifications.slack.errors import refusal

File = dict[str, Any]
MOST_PLACES = 20
MOST_PAGES = 20
LISTED = 100
READ_SECONDS = 60
HOSTS = (".slack.com", ".slack-edge.com")
_CHUNK = 65_536
_ELSEWHERE = "'{}' lies outside of Slack: upload it, or give its address."
_WITHHELD = {
    "tombstone": "'{}' was deleted in Slack: share it again.",
    "hidden_by_limit": "Slack hides '{}' because of its plan's limits: share it again.",
}
_ABSENT = frozenset({Membership.GONE, Membership.BOT, Membership.UNCONFIRMED})
_AWAY = "Slack does not give {} just now: try again in a minute."


async def visible_file(slack: AsyncWebClient, file_id: str, requester: str) -> File:
    """What Slack says about the file; raises BadRequest when the requester may not see it.

    The same for one that lies elsewhere or is withheld; UnavailableError while Slack does not say.
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
    if not requester or not await _sees(slack, file, requester):
        raise BadRequest(
            f"You can't use the Slack file {file_id}: it isn't yours, and it isn't shared in a "
            "channel you are in. Ask its owner to share it there."
        )
    if _is_external(file):
        raise BadRequest(_ELSEWHERE.format(_name(file)))
    if withheld := _WITHHELD.get(str(file.get("mode") or "")):
        raise BadRequest(withheld.format(_name(file)))
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


async def content(slack: AsyncWebClient, file: File, local: str = "") -> AsyncIterator[bytes]:
    """The file's bytes, piece by piece; `local` is where a local workspace keeps its files.

    Raises BadRequest for a file that lies elsewhere, UnavailableError when Slack does not answer.
    """
    name, url = _name(file), _address(str(file.get("url_private") or ""), local)
    if not url or _is_external(file):
        raise BadRequest(_ELSEWHERE.format(name))
    session = slack.session or aiohttp.ClientSession()
    try:
        async with session.get(
            url,
            headers={"Authorization": f"Bearer {slack.token}"},
            timeout=aiohttp.ClientTimeout(total=READ_SECONDS),
            allow_redirects=False,
            proxy=slack.proxy,
        ) as response:
            _require_file(response, file)
            async for piece in response.content.iter_chunked(_CHUNK):
                yield piece
    except (aiohttp.ClientError, TimeoutError):
        raise UnavailableError(_AWAY.format(name)) from None
    finally:
        if session is not slack.session:
            await session.close()


def _require_file(response: aiohttp.ClientResponse, file: File) -> None:
    """To strangers Slack gives its sign-in page, with a 200, or leads there."""
    name, size = _name(file), int(file.get("size") or 0)
    if response.status >= 500 or response.status == 429:
        raise UnavailableError(_AWAY.format(name))
    is_page = response.content_type == "text/html"
    is_its_own = file.get("mimetype") == "text/html" and response.content_length in {None, size}
    if response.status != 200 or (is_page and not is_its_own):
        raise BadRequest(f"I can't read '{name}' in Slack: share it in a channel I'm in.")


def _require_an_answer(error: SlackApiError, name: str) -> None:
    """A refusal is an answer; a limit and a failing server are not."""
    status = getattr(error.response, "status_code", 200)
    if status >= 429 or not refusal(error):
        raise UnavailableError(_AWAY.format(name)) from None


def _name(file: File) -> str:
    return str(file.get("name") or file["id"])


def _is_external(file: File) -> bool:
    return bool(file.get("is_external")) or file.get("mode") == "external"


def _address(url: str, local: str) -> str:
    """Where the token may go; empty for everywhere else.

    What two readers of addresses could read differently is nowhere.
    """
    try:
        parts, ours = urlsplit(url), urlsplit(local)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    if not (url.isascii() and url.isprintable()) or set("\\@ ") & set(parts.netloc + url[:12]):
        return ""
    if local and (parts.scheme, parts.netloc) == (ours.scheme, ours.netloc):
        return url
    is_theirs = host.endswith(HOSTS) and port in {None, 443}
    return url if parts.scheme == "https" and is_theirs else ""


async def _sees(slack: AsyncWebClient, file: File, person: str) -> bool:
    """Whether it is theirs, public, or shared in a conversation they are in, and they are here.

    What is public is for full members; guests and people of other workspaces see what hangs where
    they are.
    """
    try:
        standing = (await Members(slack).of(person)).standing
    except (SlackApiError, aiohttp.ClientError, TimeoutError):
        raise UnavailableError(_AWAY.format(_name(file))) from None
    if standing in _ABSENT:
        return False
    if file.get("user") == person or (file.get("is_public") and standing is Membership.MEMBER):
        return True
    for place in _places(file)[:MOST_PLACES]:
        if await _is_in(slack, place, person):
            return True
    return False


def _places(file: File) -> list[str]:
    """Every conversation it hangs in, once."""
    listed = [place for kind in ("channels", "groups", "ims") for place in file.get(kind) or ()]
    shared = [place for shares in (file.get("shares") or {}).values() for place in shares]
    return list(dict.fromkeys(map(str, (*listed, *shared))))


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
