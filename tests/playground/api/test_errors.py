"""What Slack refuses, and how it says so."""

from pathlib import Path
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from playground.config import ChannelConfig, PlaygroundConfig
from playground.server import Playground
from playground.testing.person import Person
from tests.playground.conftest import ADA, FINANCE, GENERAL, GRACE

Json = dict[str, Any]

SECRET, ARCHIVED, OUTSIDE = "C0SECRET01", "C0ARCHIVE1", "C0OUTSIDE1"
SECTION: Json = {"type": "section", "text": {"type": "mrkdwn", "text": "hello"}}


@pytest.fixture
def config() -> PlaygroundConfig:
    """Also a private channel, an archived one, and one the app is not in."""
    channels = (
        *PlaygroundConfig().channels,
        ChannelConfig(id=SECRET, name="secret", is_private=True, has_app=False),
        ChannelConfig(id=ARCHIVED, name="archived", is_archived=True),
        ChannelConfig(id=OUTSIDE, name="outside", has_app=False),
    )
    return PlaygroundConfig(channels=channels, ack_seconds=1.0)


async def refusal(client: AsyncWebClient, method: str, **arguments: Any) -> Json:
    """The answer of a call that must be refused."""
    with pytest.raises(SlackApiError) as caught:
        await client.api_call(method, json=arguments)
    answer: Json = caught.value.response.data
    assert answer["ok"] is False
    assert caught.value.response.status_code == 200
    return answer


@pytest.mark.parametrize(
    ("method", "arguments", "error"),
    [
        ("chat.noSuchThing", {}, "unknown_method"),
        ("apps.connections.open", {}, "not_allowed_token_type"),
        ("chat.postMessage", {"text": "x"}, "invalid_arguments"),
        ("chat.postMessage", {"channel": "C404", "text": "x"}, "channel_not_found"),
        ("chat.postMessage", {"channel": SECRET, "text": "x"}, "channel_not_found"),
        ("chat.postMessage", {"channel": OUTSIDE, "text": "x"}, "not_in_channel"),
        ("chat.postMessage", {"channel": ARCHIVED, "text": "x"}, "is_archived"),
        ("chat.postMessage", {"channel": "U0FORMER01", "text": "x"}, "user_disabled"),
        ("chat.postMessage", {"channel": GENERAL}, "no_text"),
        ("chat.postMessage", {"channel": GENERAL, "text": ""}, "no_text"),
        ("chat.postMessage", {"channel": GENERAL, "blocks": []}, "no_text"),
        ("chat.postMessage", {"channel": GENERAL, "attachments": "x"}, "invalid_attachments"),
        (
            "chat.postMessage",
            {"channel": GENERAL, "text": "x", "markdown_text": "y"},
            "markdown_text_conflict",
        ),
        ("chat.postMessage", {"channel": GENERAL, "markdown_text": "y" * 12_001}, "msg_too_long"),
        ("chat.update", {"channel": GENERAL, "ts": "1.0", "text": "x"}, "message_not_found"),
        ("chat.delete", {"channel": GENERAL, "ts": "1.0"}, "message_not_found"),
        ("chat.getPermalink", {"channel": GENERAL, "message_ts": "1.0"}, "message_not_found"),
        (
            "chat.postEphemeral",
            {"channel": GENERAL, "user": "U0GUEST001", "text": "x"},
            "user_not_in_channel",
        ),
        ("chat.scheduleMessage", {"channel": GENERAL, "text": "x", "post_at": 1}, "time_in_past"),
        (
            "chat.scheduleMessage",
            {"channel": GENERAL, "text": "x", "post_at": 9_999_999_999},
            "time_too_far",
        ),
        (
            "chat.deleteScheduledMessage",
            {"channel": GENERAL, "scheduled_message_id": "Q1"},
            "invalid_scheduled_message_id",
        ),
        ("conversations.info", {"channel": "C404"}, "channel_not_found"),
        ("conversations.history", {"channel": OUTSIDE}, "not_in_channel"),
        ("conversations.history", {"channel": GENERAL, "cursor": "?"}, "invalid_cursor"),
        ("conversations.history", {"channel": GENERAL, "limit": 5_000}, "invalid_limit"),
        ("conversations.history", {"channel": GENERAL, "limit": "x"}, "invalid_arguments"),
        ("conversations.replies", {"channel": GENERAL, "ts": "1.0"}, "thread_not_found"),
        ("conversations.list", {"types": "nonsense"}, "invalid_types"),
        ("conversations.open", {}, "users_list_not_supplied"),
        ("conversations.open", {"users": "U404"}, "user_not_found"),
        ("users.info", {"user": "U404"}, "user_not_found"),
        ("users.lookupByEmail", {"email": "no@body.example"}, "users_not_found"),
        ("usergroups.users.list", {"usergroup": "S404"}, "no_such_subteam"),
        ("bots.info", {"bot": "B404"}, "bot_not_found"),
        (
            "reactions.add",
            {"channel": GENERAL, "timestamp": "1.0", "name": "x"},
            "message_not_found",
        ),
        ("files.info", {"file": "F404"}, "file_not_found"),
        ("files.completeUploadExternal", {"files": [{"id": "F404"}]}, "file_not_found"),
        ("views.open", {"view": {"type": "modal"}}, "invalid_arguments"),
        ("views.publish", {"user_id": "U404", "view": {}}, "user_not_found"),
        ("views.update", {"view_id": "V404", "view": {"type": "x"}}, "invalid_arguments"),
        ("api.test", {"error": "my_error"}, "my_error"),
    ],
)
async def test_refused(client: AsyncWebClient, method: str, arguments: Json, error: str) -> None:
    """Each of Slack's own error codes, where Slack gives it."""
    assert (await refusal(client, method, **arguments))["error"] == error


async def test_tokens(playground: Playground) -> None:
    """No token, an unknown one, and one of the wrong kind are three different errors."""
    for token, error in (
        ("", "not_authed"),
        ("xoxb-unknown", "invalid_auth"),
        (playground.app_token, "not_allowed_token_type"),
    ):
        client = AsyncWebClient(token, base_url=playground.api_url)
        assert (await refusal(client, "chat.postMessage"))["error"] == error


async def test_blocks_are_checked_with_pointers(client: AsyncWebClient) -> None:
    """invalid_blocks lists what is wrong and where, as `errors` and as messages."""
    long = {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3_001}}
    answer = await refusal(
        client, "chat.postMessage", channel=GENERAL, text="x", blocks=[SECTION, long]
    )
    assert answer["error"] == "invalid_blocks"
    expected = "must be less than 3001 characters [json-pointer:/blocks/1/text/text]"
    assert answer["errors"] == [expected]
    assert answer["response_metadata"]["messages"] == [f"[ERROR] {expected}"]


async def test_too_much_text_in_blocks(client: AsyncWebClient) -> None:
    """Blocks that are fine one by one are refused when they hold too much together."""
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3_000}}
    fits = {"channel": GENERAL, "text": "x", "blocks": [section] * 4}
    assert (await client.api_call("chat.postMessage", json=fits))["ok"]
    answer = await refusal(client, "chat.postMessage", **fits | {"blocks": [section] * 5})
    assert answer["error"] == "msg_blocks_too_long"


async def test_only_own_messages(client: AsyncWebClient, ada: Person) -> None:
    """The app can neither change nor delete what a person wrote, nor anything ephemeral."""
    said = await ada.say(GENERAL, "mine")
    target = {"channel": GENERAL, "ts": said["ts"]}
    answer = await refusal(client, "chat.update", **target, text="yours")
    assert answer["error"] == "cant_update_message"
    assert (await refusal(client, "chat.delete", **target))["error"] == "cant_delete_message"

    private = await client.chat_postEphemeral(channel=GENERAL, user=ADA, text="psst")
    target = {"channel": GENERAL, "ts": private["message_ts"]}
    answer = await refusal(client, "chat.update", **target, text="louder")
    assert answer["error"] == "message_not_found"


async def test_long_text(client: AsyncWebClient) -> None:
    """A post is cut at 40,000 characters; an update of more than 4,000 is refused."""
    posted = await client.chat_postMessage(channel=GENERAL, text="x" * 40_001)
    assert len(posted["message"]["text"]) == 40_000
    answer = await refusal(
        client, "chat.update", channel=GENERAL, ts=posted["ts"], text="x" * 4_001
    )
    assert answer["error"] == "msg_too_long"


async def test_public_channel_after_joining(client: AsyncWebClient) -> None:
    """Joining makes a public channel writable; joining twice is a warning."""
    assert (await client.conversations_join(channel=OUTSIDE))["ok"]
    assert (await client.chat_postMessage(channel=OUTSIDE, text="here"))["ok"]
    again = await client.conversations_join(channel=OUTSIDE)
    assert again["warning"] == "already_in_channel"


SCOPES = "channels:read,chat:write,commands,im:write,users:read"
MANIFEST = """
features:
  slash_commands:
    - command: /task
      description: Start a task
oauth_config:
  scopes:
    bot: [chat:write, commands, users:read, channels:read, im:write]
settings:
  event_subscriptions:
    bot_events: [app_mention]
"""


async def test_scopes_of_the_manifest(tmp_path: Path) -> None:
    """A method beyond the manifest's scopes is refused with what it needs and what there is."""
    manifest = tmp_path / "manifest.yml"
    manifest.write_text(MANIFEST)
    async with Playground(PlaygroundConfig(manifest=manifest)) as playground:
        client = AsyncWebClient(playground.bot_token, base_url=playground.api_url)
        answer = await refusal(client, "conversations.history", channel=FINANCE)
        assert answer["error"] == "missing_scope"
        assert "channels:history" in answer["needed"]
        assert answer["provided"] == SCOPES

        assert (await client.conversations_list())["channels"]
        for method, arguments, needed in (
            ("conversations.list", {"types": "public_channel,im"}, "im:read"),
            ("conversations.open", {"users": [ADA, GRACE]}, "mpim:write"),
            ("users.lookupByEmail", {"email": "x"}, "users:read.email"),
        ):
            answer = await refusal(client, method, **arguments)
            assert (answer["error"], answer["needed"]) == ("missing_scope", needed)

        test = await client.auth_test()
        assert test.headers["x-oauth-scopes"] == SCOPES
        grace = (await client.users_info(user=GRACE))["user"]
        assert "email" not in grace["profile"]
        async with Person(playground.url, playground.local_token, ADA) as ada:
            state = await ada.state()
            assert [one["name"] for one in state["commands"]] == ["/task"]
            with pytest.raises(Exception, match="unknown_command"):
                await ada.command("/nonsense")
