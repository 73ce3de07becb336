"""A gesture as Slack describes it: who, where, on what, in a payload of any kind."""

import time
from datetime import UTC, datetime
from typing import Any

from notifications.cards.buttons import ButtonValue, HomeCursor, ModalValue, Target
from notifications.cards.question import subject
from workflows.messages.base import Frozen
from workflows.messages.decisions import Decision, Place, Verdict, Via

Body = dict[str, Any]


class Click(Frozen):
    """Who did something, and where.

    `place` is the message that was clicked, None in Home, in a form, and in a private list; then
    `home` is what Home showed, and `listed` the address under which the list is replaced.
    `thread` is where a private answer is seen. `unique` makes the id of whatever follows, so that
    the same gesture delivered twice counts once.
    """

    user: str
    name: str = ""
    team: str = ""
    enterprise: str = ""
    unique: str
    trigger: str = ""
    place: Place | None = None
    thread: Place | None = None
    home: HomeCursor | None = None
    listed: str = ""

    @property
    def id(self) -> str:
        """The same for the same gesture."""
        return f"{self.team}:{self.user}:{self.unique}"

    def decision(self, target: Target, verdict: Verdict, via: Via) -> Decision:
        """What this click says of a revision."""
        return Decision(
            id=self.id,
            verdict=verdict,
            by=self.user,
            name=self.name,
            team=self.team,
            enterprise=self.enterprise,
            at=datetime.now(UTC),
            revision=target.revision,
            digest=target.digest,
            via=via,
            place=self.place,
        )

    def value(self, target: Target, verdict: Verdict = Verdict.APPROVE) -> ModalValue:
        """What a form opened by this click remembers."""
        return ModalValue(
            target=target.about(),
            verdict=verdict,
            via=Via.MODAL if self.home is None else Via.HOME,
            place=self.place,
            thread=self.thread.ts if self.thread else "",
            home=self.home,
            opened=time.time(),
        )

    def seconds_after(self, button: ButtonValue) -> float:
        """How long its card or list was shown when this button was pressed.

        Both moments of a card are Slack's; a list carries our own.
        """
        if self.place is None:
            return time.time() - button.shown
        return _seconds(self.unique) - _seconds(self.place.ts)


def clicked(body: Body) -> Click:
    """A button or a menu was used."""
    container = body.get("container") or {}
    private = bool(container.get("is_ephemeral"))
    channel = container.get("channel_id", "")
    thread = container.get("thread_ts") or _thread_of(body.get("message") or {})
    return Click(
        **_person(body),
        unique=str(body["actions"][0]["action_ts"]),
        trigger=body.get("trigger_id", ""),
        place=None
        if container.get("is_ephemeral")
        else _place(channel, container.get("message_ts", "")),
        thread=_place(channel, thread),
        home=_home(body),
        listed=body.get("response_url", "") if private else "",
    )


def _thread_of(message: Body) -> str:
    """Where it hangs; a card that stands in the channel as well is answered where it was seen."""
    broadcast = message.get("subtype") == "thread_broadcast"
    return "" if broadcast else str(message.get("thread_ts", ""))


def submitted(body: Body, value: ModalValue | None = None) -> Click:
    """A form came in; what it was opened from is in its metadata."""
    return Click(
        **_person(body),
        unique=str(body["view"]["id"]),
        trigger=body.get("trigger_id", ""),
        place=value and value.place,
        thread=value and value.answer_place(),
        home=value and value.home,
    )


def _person(body: Body) -> dict[str, str]:
    user, team = body["user"], body.get("team") or {}
    return {
        "user": user["id"],
        "name": user.get("name") or user.get("username") or "",
        "team": user.get("team_id") or team.get("id") or "",
        "enterprise": (body.get("enterprise") or {}).get("id") or team.get("enterprise_id") or "",
    }


def _seconds(ts: str) -> float:
    """Slack's timestamp; 0 for what is none."""
    try:
        return float(ts)
    except ValueError:
        return 0.0


def _place(channel: str, ts: str) -> Place | None:
    return Place(channel=channel, ts=ts) if channel else None


def _home(body: Body) -> HomeCursor | None:
    view = body.get("view") or {}
    return HomeCursor.read(view.get("private_metadata", "")) if view.get("type") == "home" else None


def heading(body: Body) -> str:
    """The heading of the card as it was shown."""
    for block in (body.get("message") or {}).get("blocks") or []:
        if block.get("type") == "header":
            return subject(str(block["text"]["text"]))
    return "Your decision"
