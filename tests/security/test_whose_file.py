"""The bot's token opens more than its requester may: files of others, elsewhere, without end."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from playground.testing.person import Person
from tests.e2e.conftest import CHANNEL, Office
from tests.e2e.security.test_seeing import own_messages
from tests.fakes import ADA

GUEST = "U0GUEST001"
SECRET = b"name,salary\nlinus,1\n"
NOT_YOURS = "it isn't yours, and it isn't shared in a channel you are in"


class Thief:
    """A host that is not Slack's, and notes who sends it a token."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[str] = []

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.headers.get("Authorization", ""))
        return web.Response(body=SECRET, content_type="text/csv")


@pytest.fixture
async def thief() -> AsyncIterator[Thief]:
    """Listens on this machine, as a service of somebody else would."""
    made, app = Thief(), web.Application()
    app.router.add_get("/{anything:.*}", made.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.url = site.name
    yield made
    await runner.cleanup()


async def shared(office: Office, **changes: Any) -> str:
    """A file of Ada's in the channel, which Slack then describes otherwise."""
    message = await office.ada.upload(CHANNEL, "mine.csv", b"a,b\n1,2\n")
    file = str(message["files"][0]["id"])
    if changes:
        await office.ada.change_file(file, **changes)
    return file


async def asks_for(person: Person, typed: str, channel: str = CHANNEL) -> str:
    return str((await person.command(f"/task review {typed}", channel))["response"])


async def fails(office: Office, says: str) -> None:
    """Whoever asked is told privately, and no agent was asked."""
    await office.ada.wait_for(lambda m: says in m["text"], CHANNEL, timeout=60)
    assert not office.agent.requests


async def test_a_private_file_of_somebody_else_goes_on_no_card(office: Office) -> None:
    """By id, by link, in the form; the file itself is not even asked for."""
    kept = await office.linus.keep_file("secret.csv", SECRET)
    for typed in (kept["id"], kept["permalink"]):
        assert NOT_YOURS in await asks_for(office.ada, typed)
    await office.ada.command("/task", CHANNEL)
    form = await office.ada.wait_for_view()
    answer = await office.ada.submit(form, {"web": {"web": kept["permalink"]}})
    assert "is on its way" not in str(answer)
    assert not office.agent.requests


async def test_a_file_in_a_private_channel_is_for_its_members(office: Office) -> None:
    """Linus shares one with the bot in direct messages: nobody else can name it."""
    here = await own_messages(office.linus)
    message = await office.linus.upload(here, "secret.csv", SECRET)
    assert NOT_YOURS in await asks_for(office.ada, message["files"][0]["id"])
    assert not office.agent.requests


async def test_a_guest_names_no_file_that_hangs_elsewhere(office: Office) -> None:
    """Public files are for full members; a guest who may start tasks sees what is where they are."""
    file = await shared(office)
    await office.ada.change_user(ADA, is_restricted=True)
    assert "You can't start tasks here" in await asks_for(office.ada, file)
    assert not office.agent.requests


@pytest.mark.parametrize("field", ["is_external", "mode", "only the address"])
async def test_an_external_file_gets_no_token(office: Office, thief: Thief, field: str) -> None:
    """It is refused with a sentence, before or after the task has begun."""
    external = {"is_external": True, "url_private": f"{thief.url}/secret.csv"}
    file = await shared(office, **external)
    if field == "mode":
        await office.ada.change_file(file, mode="external")
    said = await asks_for(office.ada, file)
    assert "lies outside of Slack: upload it, or give its address" in said
    assert thief.asked == []
    assert not office.agent.requests


async def test_a_redirect_takes_no_token_along(office: Office, thief: Thief) -> None:
    """Slack's own address leads elsewhere: nobody goes there."""
    file = await shared(office)
    await office.ada.fault("redirect", method="download", location=f"{thief.url}/x")
    assert "is on its way" in await asks_for(office.ada, file)
    await fails(office, "I can't read `mine.csv` in Slack")
    assert thief.asked == []


async def test_a_sign_in_page_is_no_file(office: Office) -> None:
    """Slack gives it with a 200."""
    file = await shared(office)
    await office.ada.fault("sign_in_page", method="download")
    assert "is on its way" in await asks_for(office.ada, file)
    await fails(office, "I can't read `mine.csv` in Slack")


async def test_a_file_without_end_is_left(office: Office) -> None:
    """Slack says eight bytes; the limit is read and no more."""
    file = await shared(office)
    await office.ada.fault("endless", method="download")
    assert "is on its way" in await asks_for(office.ada, file)
    await fails(office, "`mine.csv` has more than 20 MB")


STRANGERS: list[tuple[str, dict[str, Any]]] = [
    ("a guest", {"is_restricted": True}),
    ("somebody of another workspace", {"team_id": "T0OTHER001", "is_stranger": True}),
    ("somebody without a confirmed address", {"is_email_confirmed": False}),
]


@pytest.mark.parametrize(("what", "changes"), STRANGERS, ids=[s[0] for s in STRANGERS])
async def test_strangers_start_and_see_nothing(
    office: Office, what: str, changes: dict[str, Any]
) -> None:
    """Although they are in the channel: by no command, no form, no button, no Home."""
    await office.ada.command("/task review examples/penguins.csv", CHANNEL)
    card = await office.card(await office.thread(), "analysis")
    approval = str(card["metadata"]["event_payload"]["approval"])
    stranger = office.person("U0OTHER001")
    office.workspace.workspace.people.seed(
        [office.workspace.config.users[0].model_copy(update={"id": "U0OTHER001", "name": "other"})],
        [],
        office.workspace.config.app,
    )
    office.workspace.workspace.channels.join(CHANNEL, "U0OTHER001")
    await office.ada.change_user("U0OTHER001", **changes)
    for typed, says in {
        "/task review examples/penguins.csv": "You can't start tasks here",
        f"/task status {approval.partition('.')[0]}": "There is no task",
        f"/approvals {approval}": "There is no approval",
        "/approvals all": "Nothing waits for a decision",
        "/task bypass review 1h fire": "You may not bypass review",
    }.items():
        told = str((await stranger.command(typed, CHANNEL))["response"])
        assert says in told, (what, typed)
    await stranger.click(card, "signoff_details")
    await stranger.wait_for(
        lambda m: "not known here any more" in m["text"], CHANNEL, thread=card["thread_ts"]
    )
    assert await stranger.views() == []
    assert "penguins" not in str(await stranger.home())
    await stranger.close_session()
