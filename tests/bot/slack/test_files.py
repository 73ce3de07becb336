"""What is downloaded for a task is read up to the limit and no further, whatever is promised."""

import tracemalloc
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from slack_sdk.web.async_client import AsyncWebClient
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from agents.inputs.public_web import PublicWeb
from bot.activities.collect_inputs import InputCollector, InputFolders
from bot.slack.files import _address
from storage.payloads.files import PayloadFiles
from workflows.activities import CollectRequest
from workflows.messages.tasks import Source, SourceKind
from workflows.messages.turns import InputFile

LIMIT = 1_000_000
PIECE = b"a,b\n1,2\n" * 8_192
TOKEN = "xoxb-of-the-bot"
MINE, THEIRS = "U0ADA00001", "U0LINUS001"


class Host:
    """Slack's files.info and conversations.members, and the file itself, sent as `sends` says."""

    def __init__(self, sends: str) -> None:
        self.sends = sends
        self.sent = 0
        self.tokens: list[str] = []
        self.address = ""
        self.file: dict[str, object] = {"user": MINE}
        self.person: dict[str, object] = {}

    async def api(self, request: web.Request) -> web.Response:
        if self.sends == "slack is busy":
            return web.json_response({"ok": False, "error": "ratelimited"}, status=429)
        if request.path.endswith("conversations.members"):
            return web.json_response({"ok": True, "members": [MINE]})
        if request.path.endswith("auth.test"):
            return web.json_response({"ok": True, "team_id": "T0ACME0001"})
        if request.path.endswith("users.info"):
            user = {"id": MINE, "team_id": "T0ACME0001"} | self.person
            return web.json_response({"ok": True, "user": user})
        about = {
            "id": "F0123456",
            "name": "sales.csv",
            "mimetype": "text/csv",
            "size": 16,
            "url_private": f"{self.address}/file",
        }
        return web.json_response({"ok": True, "file": about | self.file})

    async def give(self, request: web.Request) -> web.StreamResponse:
        self.tokens.append(request.headers.get("Authorization", ""))
        if self.sends == "sign-in page":
            return web.Response(text="<html>Sign in</html>", content_type="text/html")
        if self.sends == "redirect":
            raise web.HTTPFound("http://127.0.0.1:9/elsewhere")
        response = web.StreamResponse(headers={"Content-Type": "text/csv"})
        if self.sends == "promises too much":
            response.content_length = 50 * LIMIT
        if self.sends == "good":
            response.content_length = len(PIECE)
        await response.prepare(request)
        try:
            for _ in range(1 if self.sends == "good" else 50 * LIMIT // len(PIECE)):
                await response.write(PIECE)
                self.sent += len(PIECE)
        except ConnectionError:
            pass
        return response


@pytest.fixture
async def host(request: pytest.FixtureRequest) -> AsyncIterator[Host]:
    """Serving, in the way of the test's parameter."""
    made = Host(getattr(request, "param", "good"))
    app = web.Application()
    app.router.add_route("*", "/api/{method}", made.api)
    app.router.add_get("/file", made.give)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.address = site.name
    yield made
    await runner.cleanup()


async def collected(
    host: Host, folder: Path, source: Source, requester: str = MINE, local: str | None = None
) -> InputFile:
    payloads = PayloadFiles(folder / "payloads")
    folders = InputFolders(folder, (folder,), LIMIT)
    web_ = PublicWeb(allowed=lambda _: True, most_bytes=LIMIT, seconds=10)
    async with aiohttp.ClientSession() as session:
        slack = AsyncWebClient(TOKEN, base_url=f"{host.address}/api/", session=session)
        where = host.address if local is None else local
        activities = InputCollector(folders, payloads, web_, slack, where)
        asked = CollectRequest(task_id="t", sources=(source,), requester=requester)
        (kept,) = await ActivityEnvironment().run(activities.collect_inputs, asked)
    return kept


SLACK = Source(kind=SourceKind.SLACK, value="F0123456")
ENDLESS = pytest.mark.parametrize("host", ["endless", "promises too much"], indirect=True)


async def test_a_file_of_slack_is_kept(host: Host, tmp_path: Path) -> None:
    """With the bot's token, for whoever may see it."""
    kept = await collected(host, tmp_path, SLACK)
    assert (kept.name, kept.size) == ("sales.csv", len(PIECE))
    assert await PayloadFiles(tmp_path / "payloads").get(kept.sha256) == PIECE
    assert host.tokens == [f"Bearer {TOKEN}"]


@ENDLESS
async def test_an_endless_file_of_slack_is_left(host: Host, tmp_path: Path) -> None:
    """Slack says 16 bytes; at the limit it is refused, and nothing is kept, in memory or on disk."""
    tracemalloc.start()
    with pytest.raises(ApplicationError, match=r"'sales.csv' has more than 1 MB"):
        await collected(host, tmp_path, SLACK)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * LIMIT
    assert host.sent < 25 * LIMIT
    assert not [path for path in (tmp_path / "payloads").rglob("*") if path.is_file()]


@ENDLESS
async def test_an_endless_page_is_left(host: Host, tmp_path: Path) -> None:
    """The same for an address; what promises too much is not read at all."""
    page = Source(kind=SourceKind.URL, value=f"{host.address}/file")
    with pytest.raises(ApplicationError, match="is larger than 1 MB"):
        await collected(host, tmp_path, page)
    assert host.sent < 25 * LIMIT


@pytest.mark.parametrize(
    ("host", "says"),
    [
        ("sign-in page", "I can't read 'sales.csv' in Slack"),
        ("redirect", "I can't read 'sales.csv' in Slack"),
    ],
    indirect=["host"],
)
async def test_what_is_no_file_is_no_input(host: Host, tmp_path: Path, says: str) -> None:
    """Slack's sign-in page comes with a 200, and a redirect leads elsewhere with the token."""
    with pytest.raises(ApplicationError, match=says):
        await collected(host, tmp_path, SLACK)


@pytest.mark.parametrize(
    "file",
    [
        {"url_private": "https://drive.example/secret"},
        {"url_private": "http://files.slack.com/x"},
        {"url_private": "https://slack.com.evil.example/x"},
        {"url_private": "https://files.slack.com:8443/x"},
        {"url_private": "https://files.slack.com@evil.example/x"},
        {"url_private": "https://evil.example\\@files.slack.com/x"},
        {"url_private": "https://evilslack.com/x"},
        {"url_private": "https://slack-edge.com.evil.example/x"},
        {"url_private": "http://127.0.0.1:9/x"},
        {"url_private": "https://files.sl\u00e4ck.com/x"},
        {"url_private": "https://[files.slack.com/x"},
        {"url_private": ""},
        {"is_external": True},
        {"mode": "external"},
    ],
)
async def test_the_token_goes_to_slack_only(
    host: Host, tmp_path: Path, file: dict[str, object]
) -> None:
    """A file that lies elsewhere is refused before anything is sent."""
    host.file |= file
    with pytest.raises(ApplicationError, match="lies outside of Slack"):
        await collected(host, tmp_path, SLACK)
    assert not host.tokens


@pytest.mark.parametrize(
    "url", ["https://files.slack.com/files-pri/T0/x.csv", "https://a.slack-edge.com:443/x"]
)
def test_the_hosts_that_slack_documents(url: str) -> None:
    """Over https, on its own port."""
    assert _address(url, "") == url


async def test_a_local_workspace_is_named_by_its_setting(host: Host, tmp_path: Path) -> None:
    """Whatever Slack's API is reached at: without the setting its address is none of Slack's."""
    with pytest.raises(ApplicationError, match="lies outside of Slack"):
        await collected(host, tmp_path, SLACK, local="")
    assert not host.tokens


@pytest.mark.parametrize("mode", ["tombstone", "hidden_by_limit"])
async def test_what_slack_withholds_is_said(host: Host, tmp_path: Path, mode: str) -> None:
    """It has no address any more."""
    host.file |= {"mode": mode, "url_private": ""}
    with pytest.raises(ApplicationError, match="share it again"):
        await collected(host, tmp_path, SLACK)


@pytest.mark.parametrize("host", ["sign-in page"], indirect=True)
async def test_a_sign_in_page_is_no_page_of_theirs(host: Host, tmp_path: Path) -> None:
    """Even where a page was uploaded: it has another length."""
    host.file |= {"name": "report.html", "mimetype": "text/html", "size": 9_999}
    with pytest.raises(ApplicationError, match=r"I can't read 'report\.html' in Slack"):
        await collected(host, tmp_path, SLACK)


PUBLIC = {"user": THEIRS, "is_public": True, "channels": ["C0OTHER001"]}
PEOPLE = [
    ("a member, of a public file", {}, PUBLIC, "U0OTHER001", True),
    ("a guest, of a public file", {"is_restricted": True}, PUBLIC, "U0OTHER001", False),
    ("a guest, where they are", {"is_restricted": True}, PUBLIC, MINE, True),
    ("a stranger, of a public file", {"team_id": "T0OTHER001"}, PUBLIC, "U0OTHER001", False),
    ("somebody deactivated, of their own", {"deleted": True}, {}, MINE, False),
    ("a bot, of its own", {"is_bot": True}, {}, MINE, False),
    ("nobody", {}, {}, "", False),
    ("nobody, of a public file", {}, PUBLIC, "", False),
]


@pytest.mark.parametrize(("what", "person", "file", "requester", "seen"), PEOPLE, ids=[p[0] for p in PEOPLE])  # fmt: skip
async def test_who_they_are_counts_as_well(
    host: Host,
    tmp_path: Path,
    what: str,
    person: dict[str, object],
    file: dict[str, object],
    requester: str,
    seen: bool,
) -> None:
    """What is public is public to full members only, as in Slack."""
    host.person |= person
    host.file |= file
    if seen:
        assert (await collected(host, tmp_path, SLACK, requester)).size == len(PIECE), what
        return
    with pytest.raises(ApplicationError, match="it isn't yours"):
        await collected(host, tmp_path, SLACK, requester)
    assert not host.tokens


@pytest.mark.parametrize(
    ("file", "seen"),
    [
        ({"user": THEIRS}, False),
        ({"user": THEIRS, "shares": {"private": {"G0SECRET01": [{"ts": "1.0"}]}}}, True),
        ({"user": THEIRS, "channels": ["C0GENERAL1"]}, True),
        ({"user": THEIRS, "groups": ["G0SECRET01"]}, True),
        ({"user": MINE}, True),
    ],
)
async def test_only_what_the_requester_sees(
    host: Host, tmp_path: Path, file: dict[str, object], seen: bool
) -> None:
    """Their own, or shared in a conversation they are in."""
    host.file |= file
    if seen:
        assert (await collected(host, tmp_path, SLACK)).size == len(PIECE)
        return
    with pytest.raises(ApplicationError, match="it isn't yours, and it isn't shared"):
        await collected(host, tmp_path, SLACK)
    assert not host.tokens


@pytest.mark.parametrize("host", ["slack is busy"], indirect=True)
async def test_a_busy_slack_is_no_refusal(host: Host, tmp_path: Path) -> None:
    """A limit says nothing about the file: it is tried again before anybody is told."""
    with pytest.raises(ApplicationError, match="try again in a minute") as caught:
        await collected(host, tmp_path, SLACK)
    assert not caught.value.non_retryable


async def test_a_stranger_in_the_channel_does_not_count(host: Host, tmp_path: Path) -> None:
    """Who asks has to be in it, not just somebody."""
    host.file |= {"user": THEIRS, "channels": ["C0GENERAL1"]}
    with pytest.raises(ApplicationError, match="it isn't yours"):
        await collected(host, tmp_path, SLACK, requester="U0GUEST001")
