"""People, groups and conversations, as the app may know them."""

from slack_sdk.web.async_client import AsyncWebClient

from playground.config import ChannelConfig, PlaygroundConfig, UserConfig
from playground.server import Playground
from playground.testing.person import Person
from tests.playground.conftest import ADA, FINANCE, GENERAL, GRACE, GUEST, LINUS


async def test_users(client: AsyncWebClient) -> None:
    """Users carry what approval rules need: zone, guest and deactivated flags, bot, e-mail."""
    users = {user["id"]: user for user in (await client.users_list())["members"]}
    assert users[ADA]["is_admin"]
    assert users[GUEST]["is_restricted"]
    assert users["U0FORMER01"]["deleted"]
    assert users["U0BOT00001"]["is_bot"]
    assert users["U0BOT00001"]["profile"]["bot_id"] == "B0BOT00001"
    assert users[LINUS]["tz"] == "America/Los_Angeles"
    assert users[LINUS]["tz_offset"] in (-28_800, -25_200)
    found = await client.users_lookupByEmail(email="GRACE@acme.example")
    assert found["user"]["id"] == GRACE
    assert (await client.users_profile_get(user=GRACE))["profile"]["real_name"] == "Grace Hopper"


async def test_user_pages(client: AsyncWebClient) -> None:
    """Cursors lead through all users."""
    seen = []
    async for page in await client.users_list(limit=2):
        seen += [user["id"] for user in page["members"]]
    assert len(seen) == len(set(seen)) == 6


async def test_groups(client: AsyncWebClient) -> None:
    """User groups are listed with or without their people."""
    groups = (await client.usergroups_list())["usergroups"]
    assert [group["handle"] for group in groups] == ["finance", "legal"]
    assert "users" not in groups[0]
    groups = (await client.usergroups_list(include_users=True))["usergroups"]
    assert groups[0]["users"] == [GRACE, LINUS]
    assert (await client.usergroups_users_list(usergroup="S0LEGAL001"))["users"] == [LINUS]


async def test_channels(client: AsyncWebClient) -> None:
    """Channels are listed by kind, with membership."""
    names = [one["name"] for one in (await client.conversations_list())["channels"]]
    assert names == ["approvals", "finance", "general"]
    await client.conversations_open(users=ADA)
    direct = (await client.conversations_list(types="im"))["channels"]
    assert [one["user"] for one in direct] == [ADA]
    info = (await client.conversations_info(channel=GENERAL, include_num_members=True))["channel"]
    assert (info["is_member"], info["is_general"], info["num_members"]) == (True, True, 4)
    members = (await client.conversations_members(channel=FINANCE))["members"]
    assert GRACE in members
    assert GUEST not in members


async def test_group_conversation(client: AsyncWebClient, ada: Person) -> None:
    """Several people make a group conversation, found again by the same people."""
    opened = await client.conversations_open(users=[ADA, GRACE])
    again = await client.conversations_open(users=[GRACE, ADA], return_im=True)
    assert again["channel"]["id"] == opened["channel"]["id"]
    assert again["already_open"]
    await client.chat_postMessage(channel=opened["channel"]["id"], text="both of you")
    assert (await ada.messages(opened["channel"]["id"]))[-1]["text"] == "both of you"


async def test_team_and_bot(playground: Playground, client: AsyncWebClient) -> None:
    """The app learns who it is and where."""
    test = await client.auth_test()
    assert (test["team_id"], test["user_id"], test["bot_id"]) == (
        "T0ACME0001",
        "U0BOT00001",
        "B0BOT00001",
    )
    assert "chat:write" in test.headers["x-oauth-scopes"].split(",")
    assert (await client.team_info())["team"]["name"] == "Acme"
    assert (await client.bots_info(bot=test["bot_id"]))["bot"]["app_id"] == "A0BOT00001"
    assert (await client.api_test(foo="bar"))["args"]["foo"] == "bar"


async def test_people_of_another_workspace() -> None:
    """In a shared channel, a stranger's messages say where they come from."""
    stranger = UserConfig(id="U0STRANGE1", name="eve", real_name="Eve Else", team_id="T0OTHER001")
    shared = ChannelConfig(
        id="C0SHARED01", name="shared", is_ext_shared=True, members=(ADA, stranger.id)
    )
    base = PlaygroundConfig()
    config = PlaygroundConfig(
        users=(*base.users, stranger), channels=(*base.channels, shared), ack_seconds=1.0
    )
    async with (
        Playground(config) as playground,
        Person(playground.url, playground.local_token, stranger.id) as eve,
    ):
        client = AsyncWebClient(playground.bot_token, base_url=playground.api_url)
        info = (await client.conversations_info(channel=shared.id))["channel"]
        assert info["is_ext_shared"]
        said = await eve.say(shared.id, "hello from outside")
        assert said["user_team"] == said["team"] == "T0OTHER001"
        user = (await client.users_info(user=stranger.id))["user"]
        assert user["is_stranger"]
        assert [one["name"] for one in (await eve.state())["channels"]] == ["shared"]
