"""What the bot is told when people click, type, pick and run things."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from playground.server import Playground
from playground.testing.person import Person, PersonError
from tests.playground.clients.rawbot import RawBot
from tests.playground.conftest import ADA, APPROVALS, FINANCE, GENERAL, GRACE, GUEST, LINUS

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


OPTIONS = [{"text": plain(name), "value": name} for name in ("red", "green", "blue")]
STARTING: Json = {"channels_select": {"initial_channel": GENERAL}}

ELEMENTS: list[tuple[Json, Json, Json]] = [
    ({"type": "button", "text": plain("Go"), "value": "v", "style": "danger"}, {}, {"value": "v"}),
    ({"type": "overflow", "options": OPTIONS}, {"selected_option": "red"}, {}),
    ({"type": "static_select", "options": OPTIONS}, {"selected_option": "red"}, {}),
    ({"type": "radio_buttons", "options": OPTIONS}, {"selected_option": OPTIONS[1]}, {}),
    ({"type": "checkboxes", "options": OPTIONS}, {"selected_options": ["red", "blue"]}, {}),
    ({"type": "multi_static_select", "options": OPTIONS}, {"selected_options": ["blue"]}, {}),
    ({"type": "datepicker"}, {"selected_date": "2030-01-31"}, {"selected_date": "2030-01-31"}),
    ({"type": "timepicker"}, {"selected_time": "09:30"}, {"selected_time": "09:30"}),
    ({"type": "datetimepicker"}, {"selected_date_time": 1_900_000_000}, {}),
    ({"type": "users_select"}, {"selected_user": GRACE}, {"selected_user": GRACE}),
    ({"type": "multi_users_select"}, {"selected_users": [GRACE]}, {"selected_users": [GRACE]}),
    ({"type": "channels_select"}, {"selected_channel": GENERAL}, {"selected_channel": GENERAL}),
    ({"type": "conversations_select"}, {"selected_conversation": GENERAL}, {}),
]


@pytest.fixture
async def bot(playground: Playground) -> AsyncIterator[RawBot]:
    async with RawBot(playground) as running:
        yield running


def interactions(bot: RawBot, kind: str) -> list[Json]:
    return [payload for payload in bot.payloads if payload.get("type") == kind]


async def card(client: AsyncWebClient, *elements: Json, **more: Any) -> Json:
    """A message with these elements, one per block."""
    blocks = [
        {"type": "actions", "block_id": f"b{number}", "elements": [{**one, "action_id": "a"}]}
        for number, one in enumerate(elements)
    ]
    posted = await client.chat_postMessage(channel=GENERAL, text="card", blocks=blocks, **more)
    message: Json = posted["message"]
    return message | {"channel": GENERAL}


@pytest.mark.parametrize("used", ELEMENTS, ids=[one[0]["type"] for one in ELEMENTS])
async def test_every_element(
    bot: RawBot, client: AsyncWebClient, ada: Person, used: tuple[Json, Json, Json]
) -> None:
    """Each element reports its type, ids, time and value as Slack names them."""
    element, chosen, expected = used
    if element["type"].startswith(("multi_",)):
        message = await section_card(client, element)
    else:
        message = await card(client, element)
    clicked = await ada.click(message, "a", **chosen)
    assert clicked["acked"]
    (payload,) = interactions(bot, "block_actions")
    (action,) = payload["actions"]
    assert action["type"] == element["type"]
    assert (action["action_id"], action["block_id"]) == ("a", "b0")
    assert float(action["action_ts"]) > 0
    assert action.items() >= expected.items()
    if "selected_option" in chosen:
        assert action["selected_option"]["text"]["text"] in ("red", "green")
    if "selected_options" in chosen:
        assert [one["value"] for one in action["selected_options"]][-1] == "blue"


async def section_card(client: AsyncWebClient, element: Json) -> Json:
    accessory = {**element, "action_id": "a"}
    block = {"type": "section", "block_id": "b0", "text": plain("pick"), "accessory": accessory}
    posted = await client.chat_postMessage(channel=GENERAL, text="card", blocks=[block])
    message: Json = posted["message"]
    return message | {"channel": GENERAL}


async def test_block_actions_payload(
    playground: Playground, bot: RawBot, client: AsyncWebClient, grace: Person
) -> None:
    """The payload names team, person, channel, container, message, state and how to answer."""
    parent = await client.chat_postMessage(channel=GENERAL, text="parent")
    message = await card(
        client,
        ELEMENTS[0][0],
        {"type": "datepicker", "initial_date": "2030-01-01"},
        thread_ts=parent["ts"],
    )
    await grace.click(message, "a", block_id="b0")
    (payload,) = interactions(bot, "block_actions")
    assert payload["team"] == {"id": "T0ACME0001", "domain": "acme"}
    assert payload["user"] == {
        "id": GRACE,
        "username": "grace",
        "name": "grace",
        "team_id": "T0ACME0001",
    }
    assert payload["api_app_id"] == "A0BOT00001"
    assert payload["channel"] == {"id": GENERAL, "name": "general"}
    assert payload["container"] == {
        "type": "message",
        "message_ts": message["ts"],
        "channel_id": GENERAL,
        "is_ephemeral": False,
        "thread_ts": parent["ts"],
    }
    assert payload["message"]["blocks"][0]["block_id"] == "b0"
    assert payload["message"]["bot_id"] == "B0BOT00001"
    date = {"type": "datepicker", "selected_date": "2030-01-01"}
    assert payload["state"]["values"] == {"b1": {"a": date}}
    assert payload["trigger_id"]
    assert payload["response_url"].startswith(playground.url)
    assert payload["is_enterprise_install"] is False


async def test_who_may_not_click(
    bot: RawBot, client: AsyncWebClient, playground: Playground
) -> None:
    """Neither a deactivated person nor a guest outside the channel, and nothing that is not there."""
    message = await card(client, ELEMENTS[0][0])

    async def refused(user: str, target: Json, action: str) -> str:
        async with Person(playground.url, playground.local_token, user) as person:
            with pytest.raises(PersonError) as caught:
                await person.click(target, action)
        return caught.value.code

    assert await refused("U0FORMER01", message, "a") == "user_deactivated"
    assert await refused("U404", message, "a") == "user_not_found"
    assert await refused(GUEST, message, "a") == "not_in_channel"
    assert await refused(ADA, message, "b") == "no_such_element"
    assert await refused(ADA, message | {"ts": "1.0"}, "a") == "message_not_found"
    assert interactions(bot, "block_actions") == []


async def test_ephemeral_click(
    bot: RawBot, client: AsyncWebClient, ada: Person, grace: Person
) -> None:
    """An ephemeral message can be used by its reader only, and the payload carries no message."""
    blocks = [{"type": "actions", "elements": [{**ELEMENTS[0][0], "action_id": "a"}]}]
    await client.chat_postEphemeral(channel=GENERAL, user=ADA, text="psst", blocks=blocks)
    message = (await ada.messages(GENERAL))[-1]
    with pytest.raises(PersonError, match="message_not_found"):
        await grace.click(message, "a")
    await ada.click(message, "a")
    (payload,) = interactions(bot, "block_actions")
    assert payload["container"]["is_ephemeral"] is True
    assert "message" not in payload


async def test_response_url(bot: RawBot, client: AsyncWebClient, ada: Person) -> None:
    """A response URL posts for one, for all, replaces and deletes, five times in all."""
    message = await card(client, ELEMENTS[0][0])
    await ada.click(message, "a")
    url = interactions(bot, "block_actions")[0]["response_url"]
    hook = AsyncWebhookClient(url)
    assert (await hook.send(text="for you")).status_code == 200
    assert (await hook.send(text="for all", response_type="in_channel")).body == "ok"
    await hook.send(text="new text", replace_original=True)
    seen = await ada.messages(GENERAL)
    assert [one["text"] for one in seen] == ["new text", "for you", "for all"]
    assert [bool(one["ephemeral_for"]) for one in seen] == [False, True, False]
    bad = await hook.send(text="x", blocks=[{"type": "nonsense"}])
    assert (bad.status_code, "invalid_blocks" in bad.body) == (400, True)
    await hook.send(delete_original=True)
    assert message["ts"] not in [one["ts"] for one in await ada.messages(GENERAL)]
    spent = await hook.send(text="once more")
    assert (spent.status_code, "used_url" in spent.body) == (404, True)
    unknown = await AsyncWebhookClient(url + "x").send(text="hello?")
    assert "expired_url" in unknown.body


async def test_command_payload(bot: RawBot, ada: Person) -> None:
    """A command carries who, where, what, and how to answer; its ack may answer at once."""
    bot.reply = lambda envelope: {"response_type": "in_channel", "text": "working"}
    told = await ada.command("/task review  sales.csv ", channel=FINANCE)
    payload = bot.payloads[0]
    expected = {
        "command": "/task",
        "text": "review  sales.csv",
        "user_id": ADA,
        "user_name": "ada",
        "channel_id": FINANCE,
        "channel_name": "finance",
        "team_id": "T0ACME0001",
        "team_domain": "acme",
        "api_app_id": "A0BOT00001",
        "is_enterprise_install": "false",
    }
    assert payload.items() >= expected.items()
    assert bot.envelopes[0]["accepts_response_payload"] is True
    assert told["trigger_id"] == payload["trigger_id"]
    assert (await ada.messages(FINANCE))[-1]["text"] == "working"


async def test_command_nobody_takes(playground: Playground, ada: Person) -> None:
    """Without a bot, and with one that does not ack, the person is told privately."""
    assert (await ada.command("/task"))["delivered"] is False
    assert "dispatch_failed" in (await ada.messages("general"))[-1]["text"]
    async with RawBot(playground) as bot:
        bot.acks = False
        told = await ada.command("/task")
        assert (told["delivered"], told["acked"]) == (True, False)
    assert "operation_timeout" in (await ada.messages("general"))[-1]["text"]


async def test_shortcuts(bot: RawBot, client: AsyncWebClient, ada: Person) -> None:
    """A global shortcut carries a trigger, a message shortcut the message as well."""
    await ada.shortcut("new_task")
    message = await card(client, ELEMENTS[0][0])
    await ada.shortcut("send_for_approval", message)
    (general,) = interactions(bot, "shortcut")
    assert (general["callback_id"], general["user"]["id"]) == ("new_task", ADA)
    (on_message,) = interactions(bot, "message_action")
    assert on_message["message"]["text"] == "card"
    assert on_message["message_ts"] == message["ts"]
    assert on_message["channel"]["id"] == GENERAL
    assert on_message["response_url"]
    assert (await client.views_open(trigger_id=general["trigger_id"], view=modal()))["ok"]


async def test_suggestions(bot: RawBot, client: AsyncWebClient, ada: Person) -> None:
    """Typing into an external menu asks the bot, whose options can then be picked."""
    bot.reply = lambda envelope: {"options": OPTIONS[:2]}
    message = await card(client, {"type": "external_select", "min_query_length": 1})
    offered = await ada.suggest(message, "a", "re")
    assert [one["value"] for one in offered["options"]] == ["red", "green"]
    (payload,) = interactions(bot, "block_suggestion")
    assert (payload["value"], payload["action_id"], payload["block_id"]) == ("re", "a", "b0")
    await ada.click(message, "a", selected_option=offered["options"][0])
    action = interactions(bot, "block_actions")[0]["actions"][0]
    assert action["selected_option"]["value"] == "red"


async def test_no_such_option(client: AsyncWebClient, ada: Person) -> None:
    """Only an option that is listed can be picked."""
    message = await card(client, {"type": "static_select", "options": OPTIONS})
    with pytest.raises(PersonError, match="no_such_option"):
        await ada.click(message, "a", selected_option="pink")


def modal(*blocks: Json, **more: Any) -> Json:
    """A modal with these blocks."""
    return {
        "type": "modal",
        "callback_id": "form",
        "title": plain("Form"),
        "submit": plain("Send"),
        "blocks": list(blocks) or [{"type": "section", "text": plain("hello")}],
        **more,
    }


def field(block_id: str, element: Json, **more: Any) -> Json:
    """An input block."""
    labelled = {"type": "input", "block_id": block_id, "label": plain(block_id), **more}
    return labelled | {"element": {**element, "action_id": "a"}}


async def opened(bot: RawBot, client: AsyncWebClient, person: Person, view: Json) -> Json:
    """The view, opened by way of a shortcut."""
    trigger = (await person.shortcut("open"))["trigger_id"]
    answer = await client.views_open(trigger_id=trigger, view=view)
    shown: Json = answer["view"]
    return shown


async def test_trigger_is_spent(client: AsyncWebClient, bot: RawBot, ada: Person) -> None:
    """A trigger opens one view; a made-up one opens none."""
    trigger = (await ada.shortcut("open"))["trigger_id"]
    await client.views_open(trigger_id=trigger, view=modal())
    for spent, error in ((trigger, "exchanged_trigger_id"), ("1.2.3", "invalid_trigger_id")):
        with pytest.raises(SlackApiError, match=error):
            await client.views_open(trigger_id=spent, view=modal())


async def test_view_object(client: AsyncWebClient, bot: RawBot, ada: Person) -> None:
    """An opened view carries ids, hash, state with initial values, and its metadata."""
    text = field("note", {"type": "plain_text_input", "initial_value": "draft"}, optional=True)
    view = await opened(bot, client, ada, modal(text, private_metadata="secret"))
    assert view["root_view_id"] == view["id"]
    assert view["previous_view_id"] is None
    assert view["hash"]
    assert view["private_metadata"] == "secret"
    assert view["state"]["values"]["note"]["a"] == {"type": "plain_text_input", "value": "draft"}
    shown = (await ada.views())[0]
    assert 'data-block-id="note"' in shown["html"]


async def test_submission(bot: RawBot, client: AsyncWebClient, ada: Person) -> None:
    """A submission carries every input's state, entered or not, and may answer with a new view."""
    view = await opened(
        bot,
        client,
        ada,
        modal(
            field("text", {"type": "plain_text_input"}),
            field("pick", {"type": "static_select", "options": OPTIONS}),
            field("day", {"type": "datepicker", "initial_date": "2030-01-01"}),
            field("many", {"type": "checkboxes", "options": OPTIONS}, optional=True),
            field("who", {"type": "multi_users_select"}),
        ),
    )
    bot.reply = lambda envelope: {"response_action": "update", "view": modal(callback_id="done")}
    told = await ada.submit(
        view,
        {
            "text": {"a": "hello"},
            "pick": {"a": "green"},
            "who": {"a": {"selected_users": [GRACE, LINUS]}},
        },
    )
    (payload,) = interactions(bot, "view_submission")
    values = payload["view"]["state"]["values"]
    assert values["text"]["a"] == {"type": "plain_text_input", "value": "hello"}
    assert values["pick"]["a"]["selected_option"]["text"]["text"] == "green"
    assert values["day"]["a"]["selected_date"] == "2030-01-01"
    assert values["many"]["a"]["selected_options"] == []
    assert values["who"]["a"]["selected_users"] == [GRACE, LINUS]
    assert payload["view"]["callback_id"] == "form"
    assert told["response_action"] == "update"
    assert (await ada.views())[0]["callback_id"] == "done"


@pytest.mark.parametrize(
    "entered",
    [
        ({"type": "plain_text_input", "min_length": 3}, "ab", False),
        ({"type": "plain_text_input", "max_length": 3}, "abcd", False),
        ({"type": "plain_text_input", "min_length": 3}, "abc", True),
        ({"type": "email_text_input"}, "nobody", False),
        ({"type": "email_text_input"}, "ada@acme.example", True),
        ({"type": "url_text_input"}, "acme", False),
        ({"type": "url_text_input"}, "https://acme.example/x", True),
        ({"type": "number_input", "is_decimal_allowed": False}, "1.5", False),
        ({"type": "number_input", "is_decimal_allowed": True}, "1.5", True),
        ({"type": "number_input", "is_decimal_allowed": False, "max_value": "9"}, "10", False),
        ({"type": "number_input", "is_decimal_allowed": False, "min_value": "9"}, "8", False),
        ({"type": "number_input", "is_decimal_allowed": False}, "ten", False),
    ],
)
async def test_inputs_are_checked_before_sending(
    bot: RawBot, client: AsyncWebClient, ada: Person, entered: tuple[Json, str, bool]
) -> None:
    """What Slack's own client refuses never reaches the bot."""
    element, value, is_good = entered
    view = await opened(bot, client, ada, modal(field("x", element)))
    told = await ada.submit(view, {"x": {"a": value}})
    assert told["delivered"] is is_good
    assert bool(told["errors"]) is not is_good
    assert len(interactions(bot, "view_submission")) == int(is_good)


async def test_stack_of_modals(bot: RawBot, client: AsyncWebClient, ada: Person) -> None:
    """Up to three modals lie on each other; closing takes the top one, clear takes all."""
    button = {"type": "actions", "elements": [{**ELEMENTS[0][0], "action_id": "more"}]}
    first = await opened(bot, client, ada, modal(button))
    for depth in (2, 3):
        trigger = (await ada.click((await ada.views())[-1], "more"))["trigger_id"]
        pushed = (await client.views_push(trigger_id=trigger, view=modal(button)))["view"]
        assert pushed["root_view_id"] == first["id"]
        assert len(await ada.views()) == depth
    trigger = (await ada.click((await ada.views())[-1], "more"))["trigger_id"]
    with pytest.raises(SlackApiError, match="push_limit_reached"):
        await client.views_push(trigger_id=trigger, view=modal(button))

    await ada.close((await ada.views())[-1])
    assert len(await ada.views()) == 2
    bot.reply = lambda envelope: {"response_action": "clear"}
    await ada.submit((await ada.views())[-1])
    assert await ada.views() == []


async def test_push_by_ack(bot: RawBot, client: AsyncWebClient, ada: Person) -> None:
    """A submission may be answered by one more view on top."""
    view = await opened(bot, client, ada, modal())
    bot.reply = lambda envelope: {"response_action": "push", "view": modal(callback_id="second")}
    told = await ada.submit(view)
    assert told["view"]["previous_view_id"] == view["id"]
    bot.reply = lambda envelope: None
    await ada.submit(told["view"])
    assert [one["callback_id"] for one in await ada.views()] == ["form"]


async def test_view_closed(bot: RawBot, client: AsyncWebClient, ada: Person) -> None:
    """The bot hears of a closed view if the view asks for that."""
    quiet = await opened(bot, client, ada, modal())
    assert (await ada.close(quiet))["delivered"] is False
    loud = await opened(bot, client, ada, modal(notify_on_close=True))
    assert (await ada.close(loud))["delivered"] is True
    (payload,) = interactions(bot, "view_closed")
    assert (payload["view"]["id"], payload["is_cleared"]) == (loud["id"], False)


async def test_submission_nobody_acks(bot: RawBot, client: AsyncWebClient, ada: Person) -> None:
    """The modal stays open, with what was entered, and says that there was trouble."""
    view = await opened(bot, client, ada, modal(field("x", {"type": "plain_text_input"})))
    bot.acks = False
    told = await ada.submit(view, {"x": {"a": "kept"}})
    assert "trouble connecting" in told["trouble"]
    (still,) = await ada.views()
    assert still["state"]["values"]["x"]["a"]["value"] == "kept"


async def test_bad_view_in_an_ack(bot: RawBot, client: AsyncWebClient, ada: Person) -> None:
    """An ack with a view Slack refuses leaves the modal as it was."""
    view = await opened(bot, client, ada, modal())
    bot.reply = lambda envelope: {"response_action": "update", "view": {"type": "modal"}}
    told = await ada.submit(view)
    assert told["trouble"]
    assert [one["id"] for one in await ada.views()] == [view["id"]]


async def test_update_with_hash(bot: RawBot, client: AsyncWebClient, ada: Person) -> None:
    """An update for an older state of the view is refused; entered values survive a good one."""
    text = field("note", {"type": "plain_text_input"})
    view = await opened(bot, client, ada, modal(text))
    bot.reply = lambda envelope: {"response_action": "errors", "errors": {"note": "No."}}
    await ada.submit(view, {"note": {"a": "typed"}})
    updated = await client.views_update(view_id=view["id"], hash=view["hash"], view=modal(text))
    assert updated["view"]["state"]["values"]["note"]["a"]["value"] == "typed"
    with pytest.raises(SlackApiError, match="hash_conflict"):
        await client.views_update(view_id=view["id"], hash=view["hash"], view=modal(text))
    with pytest.raises(SlackApiError, match="not_found"):
        await client.views_update(view_id="V404", view=modal())


async def test_click_in_a_modal(bot: RawBot, client: AsyncWebClient, ada: Person) -> None:
    """An element of a modal reports with the view and all its current values."""
    select = {"type": "static_select", "options": OPTIONS, "action_id": "pick"}
    view = await opened(
        bot,
        client,
        ada,
        modal(
            {"type": "actions", "block_id": "menu", "elements": [select]},
            field("note", {"type": "plain_text_input"}),
        ),
    )
    await ada.click(view, "pick", selected_option="blue", values={"note": {"a": "so far"}})
    (payload,) = interactions(bot, "block_actions")
    assert payload["container"] == {"type": "view", "view_id": view["id"]}
    values = payload["view"]["state"]["values"]
    assert values["note"]["a"]["value"] == "so far"
    assert values["menu"]["pick"]["selected_option"]["value"] == "blue"
    assert "message" not in payload


async def test_external_id_and_channel_answer(
    bot: RawBot, client: AsyncWebClient, ada: Person
) -> None:
    """A view can be found by its own name; a picked channel brings a response URL along."""
    pick = field("where", {"type": "conversations_select", "response_url_enabled": True})
    view = await opened(bot, client, ada, modal(pick, external_id="mine"))
    trigger = (await ada.shortcut("open"))["trigger_id"]
    with pytest.raises(SlackApiError, match="duplicate_external_id"):
        await client.views_open(trigger_id=trigger, view=modal(external_id="mine"))
    again = await client.views_update(external_id="mine", view=modal(pick, external_id="mine"))
    assert again["view"]["id"] == view["id"]
    await ada.submit(view, {"where": {"a": APPROVALS}})
    (url,) = interactions(bot, "view_submission")[0]["response_urls"]
    assert (url["channel_id"], url["block_id"]) == (APPROVALS, "where")
    await AsyncWebhookClient(url["response_url"]).send(text="done", response_type="in_channel")
    assert (await ada.messages(APPROVALS))[-1]["text"] == "done"


async def test_home(bot: RawBot, client: AsyncWebClient, ada: Person) -> None:
    """Home is published per person, with a hash against stale updates."""
    assert await ada.home() is None
    assert (await bot.event("app_home_opened"))["tab"] == "home"
    home = {"type": "home", "blocks": [{"type": "section", "text": plain("inbox")}]}
    view = (await client.views_publish(user_id=ADA, view=home))["view"]
    assert (await ada.published_home() or {})["id"] == view["id"]
    again = (await client.views_publish(user_id=ADA, view=home, hash=view["hash"]))["view"]
    assert again["id"] == view["id"]
    with pytest.raises(SlackApiError, match="hash_conflict"):
        await client.views_publish(user_id=ADA, view=home, hash=view["hash"])


async def test_click_in_home(bot: RawBot, client: AsyncWebClient, ada: Person) -> None:
    """A button of Home reports with the Home, and its trigger opens a modal."""
    button = {"type": "actions", "elements": [{**ELEMENTS[0][0], "action_id": "open"}]}
    await client.views_publish(user_id=ADA, view={"type": "home", "blocks": [button]})
    home = await ada.published_home()
    assert home is not None
    clicked = await ada.click(home, "open")
    (payload,) = interactions(bot, "block_actions")
    assert (payload["view"]["type"], payload["view"]["id"]) == ("home", home["id"])
    assert payload["container"] == {"type": "view", "view_id": home["id"]}
    assert (await client.views_open(trigger_id=clicked["trigger_id"], view=modal()))["ok"]


async def test_file_input(
    playground: Playground, bot: RawBot, client: AsyncWebClient, ada: Person
) -> None:
    """A file chosen in a modal is described in the submission, and can be fetched."""
    view = await opened(bot, client, ada, modal(field("doc", {"type": "file_input"})))
    file = await ada.keep_file("plan.txt", b"the plan")
    await ada.submit(view, {"doc": {"a": [file]}})
    state = interactions(bot, "view_submission")[0]["view"]["state"]["values"]["doc"]["a"]
    assert state["type"] == "file_input"
    assert (state["files"][0]["id"], state["files"][0]["size"]) == (file["id"], 8)
    info = (await client.files_info(file=file["id"]))["file"]
    assert info["url_private"].startswith(playground.url)
