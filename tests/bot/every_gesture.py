"""One payload for every listener there is, as Slack sends it, and collaborators that all fail."""

import asyncio
from collections.abc import Callable
from typing import Any, cast

from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot import listeners
from bot.access.onlookers import Onlookers
from bot.config.settings import Settings
from bot.listeners import Listeners
from bot.listeners.bulk import BulkListeners
from bot.listeners.comment import CommentListeners
from bot.listeners.decide import DecideListeners
from bot.listeners.errors import Edge
from bot.listeners.forms import Forms
from bot.listeners.inbox import InboxListeners
from bot.listeners.more import MoreListeners
from bot.listeners.replier import Replier
from bot.listeners.send import SendListeners
from bot.listeners.start_task import StartTaskListeners
from bot.listeners.task_help import TaskHelpListeners
from bot.slack.dispatch import PromptDispatch
from notifications.cards.buttons import (
    ActionId,
    ButtonValue,
    MenuChoice,
    MenuValue,
    ModalValue,
    Target,
    TaskValue,
)
from notifications.forms.bulk import Chosen
from notifications.forms.send import Sent
from notifications.slack.pacing import Pacer
from notifications.slack.private import PrivateMessages
from tests.notifications.card_views import CARD, DIGEST, GRACE
from workflows.messages.decisions import Verdict

Json = dict[str, Any]
TARGET = Target(approval="t-abcdefgh.analysis.v1", revision=1, digest=DIGEST[:16])
TEAM = {"id": "T0ACME0001"}
WHO = {"id": GRACE, "team_id": "T0ACME0001"}
ANSWERS = {"chat.postEphemeral", "chat.postMessage", "views.push", "views.publish"}


class Broken:
    """Whatever is asked of it fails with the error planted."""

    def __init__(self, planted: Callable[[], Exception]) -> None:
        self._planted = planted

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def fail(*_: Any, **__: Any) -> Any:
            raise self._planted()

        return fail


class FakeSlack(AsyncWebClient):
    """Takes what the bot says; `said` is every answer a person sees. `refuses` are methods."""

    def __init__(self) -> None:
        super().__init__(token="xoxb-fake", base_url="http://127.0.0.1:9/")
        self.said: list[Json] = []
        self.refuses: set[str] = set()
        self._opened = 0

    async def api_call(self, api_method: str, **sent: Any) -> Any:
        asked = sent.get("params") or sent.get("json") or {}
        if api_method in self.refuses:
            raise ConnectionError("planted: no way to Slack")
        if api_method == "conversations.open":
            self._opened += 1  # a conversation of its own, as each has its pace
            return {"ok": True, "channel": {"id": f"D{self._opened}"}}
        if api_method not in ANSWERS:
            raise LookupError(api_method)
        self.said.append({"method": api_method, **asked})
        return {"ok": True, "ts": "9.9"}


class NotingApp(AsyncApp):
    """Notes what each listener is registered for; `suggesting` are those that fill menus."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.registered: list[str] = []
        self.suggesting: list[str] = []

    def options(self, name: Any, *more: Any, **options: Any) -> Any:  # type: ignore[override]  # only passes on
        self.suggesting.append(getattr(name, "pattern", str(name)))
        return super().options(name, *more, **options)

    def action(self, name: Any, *more: Any, **options: Any) -> Any:  # type: ignore[override]  # only passes on
        self.registered.append(str(name))
        return super().action(name, *more, **options)

    def view(self, name: Any, *more: Any, **options: Any) -> Any:  # type: ignore[override]  # only passes on
        self.registered.append(str(name))
        return super().view(name, *more, **options)

    def command(self, name: Any, *more: Any, **options: Any) -> Any:  # type: ignore[override]  # only passes on
        self.registered.append(str(name))
        return super().command(name, *more, **options)

    def shortcut(self, name: Any, *more: Any, **options: Any) -> Any:  # type: ignore[override]  # only passes on
        self.registered.append(str(name))
        return super().shortcut(name, *more, **options)

    def event(self, name: Any, *more: Any, **options: Any) -> Any:  # type: ignore[override]  # only passes on
        self.registered.append(str(name))
        return super().event(name, *more, **options)


async def _authorize(**_: Any) -> AuthorizeResult:
    return AuthorizeResult(enterprise_id=None, team_id="T0ACME0001", bot_token="xoxb-fake")


class Office:
    """Every listener as it is registered, in front of collaborators that fail with `error`."""

    def __init__(self, settings: Settings, error: Exception) -> None:
        self.error = error
        self.slack, broken = FakeSlack(), cast("Any", Broken(lambda: self.error))
        self.app = NotingApp(
            client=self.slack,
            request_verification_enabled=False,
            ignoring_self_events_enabled=False,
            authorize=_authorize,
        )
        private = PrivateMessages(self.slack, Pacer(), patient=False)
        self.edge = Edge(self.slack, private)
        self.replier = Replier(broken, private, broken, broken, self.edge)
        forms = Forms(broken, self.replier, Onlookers(self.slack))
        self.edge.guard(self.app)
        listeners.register(
            self.app,
            Listeners(
                decide=DecideListeners(broken, self.replier, forms, 2.0),
                more=MoreListeners(broken, self.replier, forms),
                inbox=InboxListeners(broken, broken, broken, broken, self.replier),
                bulk=BulkListeners(broken, broken, self.replier, private, broken, 2.0),
                send=SendListeners(broken, settings, broken, broken),
                start_task=StartTaskListeners(
                    broken, settings, broken, broken, broken, broken, broken
                ),
                task_help=TaskHelpListeners(broken, private),
                comment=CommentListeners(broken),
            ),
        )

    async def answer(self, payload: Json) -> BoltResponse:
        """What goes back to Slack."""
        return await PromptDispatch(self.app)(payload, {})

    async def hears(self, payload: Json) -> list[str]:
        """What the person is told after this gesture: each answer as text."""
        answer = await self.answer(payload)
        for _ in range(2_000):
            if self.slack.said or _text(answer.body):
                break
            await asyncio.sleep(0.005)
        await asyncio.sleep(0.02)  # whoever would answer twice does it now
        acked = [_text(answer.body)] if answer.status == 200 and _text(answer.body) else []
        return acked + [str(one) for one in self.slack.said]


def _text(body: Any) -> str:
    return "" if body in (None, "", "{}") else str(body)


def click(action: str, value: str = "{}", **more: Any) -> Json:
    """A button below a card."""
    place = {"channel_id": CARD.channel, "message_ts": CARD.ts, "thread_ts": "1.000000"}
    return {
        "type": "block_actions",
        "user": WHO,
        "team": TEAM,
        "enterprise": None,
        "channel": {"id": CARD.channel},
        "container": {"type": "message", **place},
        "message": {"type": "message", "ts": CARD.ts, "thread_ts": "1.000000", "blocks": []},
        "trigger_id": "1.2.abc",
        "actions": [
            {"type": "button", "action_id": action, "block_id": "b", "value": value, **more}
            | {"action_ts": "1.2"}
        ],
    }


def in_home(action: str, value: str = "{}", **more: Any) -> Json:
    """A button in Home, where no message is."""
    made = click(action, value, **more)
    home = {"id": "V9", "type": "home", "private_metadata": "{}", "hash": "h"}
    made.pop("message")
    made.pop("channel")
    return made | {"container": {"type": "view", "view_id": "V9"}, "view": home}


def in_form(action: str, metadata: str, **more: Any) -> Json:
    """A menu in a form."""
    made = in_home(action, **more)
    return made | {"view": _view("signoff_task", metadata, {})}


def submit(callback: str, metadata: str, state: Json, *inputs: str) -> Json:
    """A form is in; `inputs` are its fields."""
    view = _view(callback, metadata, state, *inputs)
    return {"type": "view_submission", "user": WHO, "team": TEAM, "view": view}


def _view(callback: str, metadata: str, state: Json, *inputs: str) -> Json:
    blocks = [{"type": "input", "block_id": name} for name in inputs] or [{"type": "section"}]
    return {
        "id": "V1",
        "type": "modal",
        "callback_id": callback,
        "private_metadata": metadata,
        "hash": "h",
        "blocks": blocks,
        "state": {"values": {name: {name: value} for name, value in state.items()}},
    }


def _decides(verdict: Verdict) -> str:
    return ButtonValue(**TARGET.model_dump(), verdict=verdict).text()


def _chooses(choice: MenuChoice) -> Json:
    value = MenuValue(**TARGET.model_dump(), choice=choice).text()
    return {"selected_option": {"value": value}}


_MODAL = ModalValue(target=TARGET, place=CARD, thread="1.000000").model_dump_json()
_EDIT = ModalValue(target=TARGET, place=CARD, thread="1.0", shown={"summary": "x"})
_BULK = Chosen(targets=(TARGET,)).model_dump_json(by_alias=True)
_SENT = Sent(channel="C0GENERAL1", ts="5.0", thread="5.0").model_dump_json()
_TICKED = {"group_0": {"selected_options": [{"value": TARGET.text()}]}}
_PIPELINE = {"selected_option": {"value": "review"}}
_COMMAND = {
    "user_id": GRACE,
    "channel_id": "C0GENERAL1",
    "team_id": "T0ACME0001",
    "trigger_id": "1.2.abc",
}
_SHORTCUT = {"user": WHO, "team": TEAM, "trigger_id": "1.2.abc"}


def _event(**event: Any) -> Json:
    return {
        "type": "event_callback",
        "team_id": "T0ACME0001",
        "authorizations": [{"team_id": "T0ACME0001"}],
        "event": event,
    }


GESTURES: dict[str, Json] = {
    ActionId.APPROVE: click(ActionId.APPROVE, _decides(Verdict.APPROVE)),
    ActionId.APPROVE_WITH_CARE: click(ActionId.APPROVE_WITH_CARE, _decides(Verdict.APPROVE)),
    ActionId.REJECT: click(ActionId.REJECT, _decides(Verdict.REJECT)),
    ActionId.REQUEST_CHANGES: click(ActionId.REQUEST_CHANGES, _decides(Verdict.REQUEST_CHANGES)),
    ActionId.DECIDE_MODAL: submit(ActionId.DECIDE_MODAL, _MODAL, {}, "comment"),
    ActionId.EDIT_MODAL: submit(
        ActionId.EDIT_MODAL, _EDIT.model_dump_json(), {"summary": {"value": "new"}}, "summary"
    ),
    ActionId.MORE: click(ActionId.MORE, **_chooses(MenuChoice.EVERYTHING)),
    ActionId.DETAILS: click(
        ActionId.DETAILS, _chooses(MenuChoice.EVERYTHING)["selected_option"]["value"]
    ),
    ActionId.HAND_ON_MODAL: submit(
        ActionId.HAND_ON_MODAL, _MODAL, {"person": {"selected_user": "U0LINUS001"}}, "person"
    ),
    ActionId.LATER_MODAL: submit(ActionId.LATER_MODAL, _MODAL, {}, "minutes"),
    ActionId.WITHDRAW_MODAL: submit(ActionId.WITHDRAW_MODAL, _MODAL, {}, "comment"),
    "app_home_opened": _event(type="app_home_opened", user=GRACE, tab="home"),
    "message": _event(
        type="message", user=GRACE, channel="C0GENERAL1", ts="6.0", thread_ts="5.0", text="hm"
    ),
    ActionId.HOME_RISK: in_home(ActionId.HOME_RISK, selected_option={"value": "high"}),
    ActionId.HOME_PIPELINE: in_home(ActionId.HOME_PIPELINE, selected_option={"value": "review"}),
    ActionId.HOME_NEXT: in_home(ActionId.HOME_NEXT),
    ActionId.HOME_FIRST: in_home(ActionId.HOME_FIRST),
    ActionId.OPEN_HOME: click(ActionId.OPEN_HOME),
    ActionId.SETTINGS: in_home(ActionId.SETTINGS),
    ActionId.SETTINGS_MODAL: submit(ActionId.SETTINGS_MODAL, "", {}, "deputy"),
    "/approvals": _COMMAND | {"command": "/approvals", "text": "all"},
    ActionId.BULK: in_home(ActionId.BULK),
    ActionId.BULK_MODAL: submit(ActionId.BULK_MODAL, "", _TICKED, "group_0"),
    ActionId.BULK_CONFIRM_MODAL: submit(ActionId.BULK_CONFIRM_MODAL, _BULK, {}),
    ActionId.SEND: _SHORTCUT
    | {
        "type": "message_action",
        "callback_id": ActionId.SEND,
        "channel": {"id": "C0GENERAL1"},
        "message_ts": "5.0",
        "message": {"type": "message", "user": "U0ADA00001", "ts": "5.0", "text": "please"},
    },
    ActionId.SEND_MODAL: submit(
        ActionId.SEND_MODAL, _SENT, {"approvers": {"selected_users": ["U0LINUS001"]}}, "title"
    ),
    "/task": _COMMAND | {"command": "/task", "text": "status t-abcdefgh"},
    ActionId.NEW_TASK: _SHORTCUT | {"type": "shortcut", "callback_id": ActionId.NEW_TASK},
    ActionId.PIPELINE: in_form(ActionId.PIPELINE, "C0GENERAL1", **_PIPELINE),
    ActionId.TASK_MODAL: submit(ActionId.TASK_MODAL, "C0GENERAL1", {}, "pipeline"),
    ActionId.RETRY: click(ActionId.RETRY, TaskValue(task="t-abcdefgh").text()),
    ActionId.CANCEL: click(ActionId.CANCEL, TaskValue(task="t-abcdefgh").text()),
}
"""By the name a listener is registered for."""
GESTURES[ActionId.TASK_MODAL]["view"]["state"]["values"]["pipeline"] = {
    ActionId.PIPELINE: _PIPELINE
}
SUGGESTIONS: dict[str, Json] = {
    pattern: {
        "type": "block_suggestion",
        "user": WHO,
        "team": TEAM,
        "action_id": name,
        "block_id": "b",
        "value": "se",
        "view": {"type": "modal", "private_metadata": "C0GENERAL1", "blocks": []},
    }
    for pattern, name in ((str(ActionId.PIPELINE), ActionId.PIPELINE), ("^file_", "file_data"))
}
MORE: dict[str, Json] = {
    "/task, the form": _COMMAND | {"command": "/task", "text": ""},
    "/task, a start": _COMMAND | {"command": "/task", "text": "review a.csv"},
    "/task, a cancel": _COMMAND | {"command": "/task", "text": "cancel t-abcdefgh"},
    "/task, health": _COMMAND | {"command": "/task", "text": "health"},
    "/task, a bypass": _COMMAND | {"command": "/task", "text": "bypass review 1h fire"},
    "/approvals, mine": _COMMAND | {"command": "/approvals", "text": ""},
    **{f"more, {one}": click(ActionId.MORE, **_chooses(one)) for one in MenuChoice},
    "approve in Home": in_home(ActionId.APPROVE, _decides(Verdict.APPROVE)),
    "reject in Home": in_home(ActionId.REJECT, _decides(Verdict.REJECT)),
}
"""Other gestures that meet the same listeners."""
