"""Nonsense from all sides: errors, no crash."""

import json
import random
from typing import Any

import aiohttp
import pytest

from playground.gestures.modal import new_view
from playground.server import Playground
from tests.playground.clients.rawbot import RawBot
from tests.playground.conftest import ADA, APPROVALS, GENERAL

Json = dict[str, Any]

SEEDS = range(4)
ROUNDS = 150

NAMES = [
    *("channel", "channels", "channel_id", "user", "users", "user_id", "text", "blocks", "ts"),
    *("thread_ts", "timestamp", "message_ts", "name", "limit", "cursor", "oldest", "latest"),
    *("view", "view_id", "external_id", "trigger_id", "hash", "files", "file", "filename"),
    *("length", "email", "usergroup", "bot", "types", "metadata", "attachments", "post_at"),
    *("scheduled_message_id", "markdown_text", "reply_broadcast", "inclusive", "error"),
]
VALUES: list[Any] = [
    *(
        "",
        "x",
        "0",
        "-1",
        "1e999",
        "true",
        "{}",
        "[]",
        "[[]]",
        "null",
        '{"type":',
        "\x00",
        "😀" * 9,
    ),
    *(0, -1, 10**30, 1.5, True, None, [], {}, [[]], [None], [{}], {"type": "modal"}),
    *(GENERAL, APPROVALS, ADA, "#general", "1.000000", "../../etc/passwd", "' OR 1=1 --", "F1,F2"),
    [{"type": "section"}],
    {"type": "modal", "title": {"type": "plain_text", "text": "x"}, "blocks": []},
    {"type": "home", "blocks": [{"type": "input"}]},
    {"type": "home", "blocks": [1]},
    [{"id": "F1"}, 7],
    '[{"blocks": [{"type": "divider"}]}]',
    [{"blocks": 7}, "x"],
    {"event_type": "x", "event_payload": 1},
]
OPTION = {"text": {"type": "plain_text", "text": "x"}, "value": "x"}
PATHS = [
    *("message", "command", "click", "submit", "close", "home", "shortcut", "suggest", "read"),
    *("group", "deliver", "faults", "mails"),
]
MODAL: Json = {
    "type": "modal",
    "title": {"type": "plain_text", "text": "x"},
    "submit": {"type": "plain_text", "text": "x"},
    "blocks": [
        {
            "type": "input",
            "block_id": kind,
            "optional": True,
            "label": {"type": "plain_text", "text": "x"},
            "element": {"type": kind, "action_id": "a", **more},
        }
        for kind, more in (
            ("plain_text_input", {}),
            ("multi_static_select", {"options": [OPTION]}),
            ("number_input", {"is_decimal_allowed": True}),
        )
    ],
}
FIELDS = [
    *("user", "channel", "text", "thread_ts", "ts", "view_id", "values", "action_id", "block_id"),
    *("callback_id", "value", "selected_option", "selected_options", "users", "group", "kind"),
    *("selected_date", "values", "options"),
    *("payload", "faults", "all", "method", "count", "seconds"),
]


def nonsense(random_: random.Random, names: list[str]) -> Json:
    chosen = random_.sample(names, random_.randint(0, 6))
    return {name: random_.choice(VALUES) for name in chosen}


@pytest.mark.parametrize("seed", SEEDS)
async def test_web_api_survives(playground: Playground, seed: int) -> None:
    """Random arguments to random methods get a Slack answer, as JSON or as a form."""
    random_ = random.Random(seed)
    methods = [method.name for method in playground.methods.all()]
    tokens = [playground.bot_token] * 5 + [playground.app_token, "", "xoxb-x", "ä"]
    async with aiohttp.ClientSession(playground.api_url) as session:
        for _ in range(ROUNDS):
            method, arguments = random_.choice(methods), nonsense(random_, NAMES)
            headers = {"Authorization": f"Bearer {random_.choice(tokens)}"}
            flat = {name: value for name, value in arguments.items() if isinstance(value, str)}
            how: Json = random_.choice([{"json": arguments}, {"data": flat}, {"params": flat}])
            async with session.post(method, headers=headers, **how) as response:
                assert response.status == 200, (method, arguments)
                answer = await response.json()
            assert answer["ok"] or answer["error"], (method, arguments)


@pytest.mark.parametrize("seed", SEEDS)
async def test_control_api_survives(playground: Playground, seed: int) -> None:
    """Random bodies to the control API get an answer with a sentence."""
    random_ = random.Random(seed)
    headers = {"Authorization": f"Bearer {playground.local_token}"}
    async with (
        RawBot(playground),
        aiohttp.ClientSession(playground.url, headers=headers) as session,
    ):
        elements = [
            {"type": "button", "action_id": "a", "text": {"type": "plain_text", "text": "x"}},
            {"type": "datepicker", "action_id": "b"},
            {"type": "checkboxes", "action_id": "c", "options": [OPTION]},
        ]
        blocks = [{"type": "actions", "elements": elements}]
        posted = await session.post(
            "/api/chat.postMessage",
            headers={"Authorization": f"Bearer {playground.bot_token}"},
            json={"channel": GENERAL, "text": "x", "blocks": blocks},
        )
        place = {"user": ADA, "channel": GENERAL, "ts": (await posted.json())["ts"]}
        view = new_view(playground.workspace, ADA, MODAL)
        for _ in range(ROUNDS):
            path, body = random_.choice(PATHS), nonsense(random_, FIELDS)
            if random_.random() < 0.6:
                body = {**body, **place, "action_id": random_.choice("abc")}
            if path == "faults":
                body["kind"] = "gremlins"
            if path == "submit" and random_.random() < 0.7:
                body["values"] = {
                    block["block_id"]: random_.choice([*VALUES, {"a": random_.choice(VALUES)}])
                    for block in MODAL["blocks"]
                }
                view = new_view(playground.workspace, ADA, MODAL)
            if path in ("submit", "close", "click") and random_.random() < 0.5:
                body |= {"user": ADA, "view_id": view["id"]}
            async with session.post(f"/_local/{path}", json=body) as response:
                assert response.status < 500, (path, body)
                answer = json.loads(await response.text())
            assert answer["ok"] or answer["detail"], (path, body)
