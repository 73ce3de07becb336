"""Files, up and down."""

from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from playground.server import Playground
from playground.testing.person import Person, PersonError
from tests.playground.clients.rawbot import RawBot
from tests.playground.conftest import GENERAL

Json = dict[str, Any]


async def fetched(url: str, token: str = "") -> tuple[int, bytes]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as response:
        return response.status, await response.read()


async def test_files_hang_on_a_message_that_stands(client: AsyncWebClient, ada: Person) -> None:
    """Slack's `file_ids` of chat.update: no new message, and a later rewrite leaves them there."""
    posted = await client.chat_postMessage(channel=GENERAL, text="card")
    place: Json = {"channel": GENERAL, "ts": str(posted["ts"])}
    answer = await client.files_upload_v2(filename="report.md", content="# All")
    await client.chat_update(
        **place, text="card, with its report", file_ids=[answer["files"][0]["id"]]
    )
    await client.chat_update(**place, text="decided")
    (message,) = await ada.messages(GENERAL)
    assert message["text"] == "decided"
    assert await ada.file(message["files"][0]["id"]) == b"# All"
    with pytest.raises(SlackApiError, match="file_not_found"):
        await client.chat_update(**place, text="x", file_ids=["F0NOTHING1"])


async def test_upload_v2_into_a_thread(
    playground: Playground, client: AsyncWebClient, ada: Person
) -> None:
    """slack_sdk's upload ends as a reply with the file, which people and the bot can read."""
    parent = await client.chat_postMessage(channel=GENERAL, text="card")
    data = b"a,b\n1,2\n"
    answer = await client.files_upload_v2(
        channel=GENERAL,
        thread_ts=parent["ts"],
        filename="result.csv",
        title="The result",
        content=data,
        initial_comment="All of it",
    )
    file = answer["file"]
    assert (file["title"], file["size"], file["filetype"]) == ("The result", len(data), "csv")
    reply = (await ada.messages(GENERAL, parent["ts"]))[-1]
    assert reply["text"] == "All of it"
    assert [one["id"] for one in reply["files"]] == [file["id"]]
    assert await ada.file(file["id"]) == data
    assert await fetched(file["url_private"], playground.bot_token) == (200, data)
    _, page = await fetched(file["url_private"])
    assert b"Sign in" in page
    info = (await client.files_info(file=file["id"]))["file"]
    assert info["shares"]["public"][GENERAL][0]["ts"] == reply["ts"]


async def test_order_of_steps(client: AsyncWebClient) -> None:
    """A file cannot be completed before its bytes are there, nor twice."""
    reserved = await client.files_getUploadURLExternal(filename="x.txt", length=1)
    files = [{"id": reserved["file_id"], "title": "x"}]
    with pytest.raises(SlackApiError, match="file_not_uploaded"):
        await client.files_completeUploadExternal(files=files, channel_id=GENERAL)
    async with aiohttp.ClientSession() as session:
        async with session.post(reserved["upload_url"], data=b"x") as response:
            assert await response.text() == "OK - 1"
        async with session.post(reserved["upload_url"], data=b"x") as response:
            assert response.status == 404
    assert (await client.files_completeUploadExternal(files=files, channel_id=GENERAL))["ok"]
    with pytest.raises(SlackApiError, match="file_update_failed"):
        await client.files_completeUploadExternal(files=files, channel_id=GENERAL)


async def test_delete(client: AsyncWebClient, ada: Person) -> None:
    """A deleted file is gone; somebody else's cannot be deleted."""
    answer = await client.files_upload_v2(channel=GENERAL, filename="x.txt", content="x")
    file_id = answer["file"]["id"]
    await client.files_delete(file=file_id)
    with pytest.raises(SlackApiError, match="file_not_found"):
        await client.files_info(file=file_id)
    shared = await ada.upload(GENERAL, "mine.txt", b"mine")
    with pytest.raises(SlackApiError, match="cant_delete_file"):
        await client.files_delete(file=shared["files"][0]["id"])


async def test_person_shares_a_file(playground: Playground, ada: Person) -> None:
    """The bot hears of a shared file and can fetch it."""
    async with RawBot(playground) as bot:
        data = b"\x00\x01" * 700_000
        await ada.upload(GENERAL, "data.bin", data, text="see this")
        event = await bot.event("message")
        assert (event["subtype"], event["text"]) == ("file_share", "see this")
        url = event["files"][0]["url_private_download"]
        assert await fetched(url, playground.bot_token) == (200, data)


async def test_html_file_cannot_run(playground: Playground, ada: Person) -> None:
    """An HTML file is given out in a sandbox."""
    shared = await ada.upload(GENERAL, "evil.html", b"<script>alert(1)</script>")
    url = f"{playground.url}/_local/files/{shared['files'][0]['id']}"
    headers = {"Authorization": f"Bearer {playground.local_token}"}
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as response:
        assert "sandbox" in response.headers["Content-Security-Policy"]
        assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_unknown_file(ada: Person) -> None:
    """A file that is not there is a 404."""
    with pytest.raises(aiohttp.ClientResponseError, match="404"):
        await ada.file("F404")
    with pytest.raises(PersonError, match="channel_not_found"):
        await ada.upload("nowhere", "x", b"x")


async def test_a_file_may_lie_elsewhere(client: AsyncWebClient, ada: Person) -> None:
    """As Slack describes an external one: with the third party's own address."""
    message = await ada.upload(GENERAL, "mine.csv", b"a,b\n")
    file = str(message["files"][0]["id"])
    elsewhere = {"is_external": True, "mode": "external", "url_private": "https://drive.example/x"}
    await ada.change_file(file, **elsewhere)
    shown: Json = (await client.files_info(file=file))["file"]
    assert elsewhere.items() <= shown.items()
    with pytest.raises(PersonError, match="file_not_found"):
        await ada.change_file("F0NOTHING1", mode="tombstone")


async def test_downloads_misbehave(
    playground: Playground, client: AsyncWebClient, ada: Person
) -> None:
    """A way elsewhere, a page in place of the file, and a file without end; then they are well."""
    message = await ada.upload(GENERAL, "mine.csv", b"a,b\n")
    url = str((await client.files_info(file=message["files"][0]["id"]))["file"]["url_private"])
    await ada.fault("redirect", method="download", location="http://127.0.0.1:9/x", count=1)
    headers = {"Authorization": f"Bearer {playground.bot_token}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        async with session.get(url, allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (302, "http://127.0.0.1:9/x")
        await ada.fault("sign_in_page", method="download", count=1)
        async with session.get(url) as answer:
            assert (answer.status, answer.content_type) == (200, "text/html")
        await ada.fault("endless", method="download", count=1)
        async with session.get(url) as answer:
            assert len(await answer.content.readexactly(1_000_000)) == 1_000_000
    assert await fetched(url, playground.bot_token) == (200, b"a,b\n")


async def test_people_change(client: AsyncWebClient, ada: Person) -> None:
    """As an administrator, or another organization, would change them."""
    await ada.change_user("U0GRACE001", is_restricted=True, email="g@other.example")
    user: Json = (await client.users_info(user="U0GRACE001"))["user"]
    assert (user["is_restricted"], user["profile"]["email"]) == (True, "g@other.example")
    await ada.change_user("U0GRACE001", deleted=True)
    with pytest.raises(SlackApiError, match="users_not_found"):
        await client.users_lookupByEmail(email="g@other.example")
    with pytest.raises(PersonError, match="user_not_found"):
        await ada.change_user("U0NOBODY01", deleted=True)
