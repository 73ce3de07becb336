"""Home: most urgent first, filters and pages kept in the view itself, valid whatever is in it."""

from datetime import timedelta
from typing import Any

import pytest

from notifications.cards.buttons import ActionId, ButtonValue, HomeCursor, read
from notifications.views.approval_list import DecidedLine, PendingPage
from notifications.views.blocks import Block
from notifications.views.home import PAGE, HomeView, TaskLine, home, home_in_trouble, settings_text
from playground.blocks import view_problems
from tests.notifications.card_views import GRACE, LINUS, NOW
from tests.notifications.forms.test_forms import line


def page(count: int, total: int = 0) -> PendingPage:
    lines = tuple(line(n) for n in range(1, count + 1))
    return PendingPage(lines=lines, total=total or count)


DECIDED = DecidedLine(
    id="t-1.analysis.v1", title="x <!here>", revision=1, outcome="approved", by=(GRACE,), at=NOW
)
FULL = HomeView(
    now=NOW,
    pending=page(PAGE, 10_000),
    bulk=7,
    asked=(line(3), line(4)),
    running=(
        TaskLine(
            requester="U0ADA00001", id="t-1", pipeline="review", sources="a.csv", status="running"
        ),
    ),
    recent=(DECIDED, DECIDED.model_copy(update={"outcome": "odd", "by": ()})),
    pipelines=("review", "audit"),
    settings=settings_text(LINUS, " until 2026-03-08", "22:00 to 07:00", digest=True),
    cursor=HomeCursor(risk="low", pipeline="review", after=NOW.isoformat()),
    said="Thank you.",
)
HOMES = {
    "empty": HomeView(now=NOW, pending=PendingPage()),
    "full": FULL,
    "one": HomeView(now=NOW, pending=page(1)),
    "filtered to nothing": HomeView(now=NOW, pending=PendingPage(), cursor=HomeCursor(risk="high")),
}


def elements(view: Block) -> list[dict[str, Any]]:
    return [e for b in view["blocks"] if b["type"] == "actions" for e in b["elements"]]


@pytest.mark.parametrize("name", HOMES)
def test_every_home_is_valid(name: str) -> None:
    """At most 100 blocks, and every button says what it is for."""
    view = home(HOMES[name])
    assert view_problems(view) == []
    assert len(view["blocks"]) <= 100
    for element in elements(view):
        if element["type"] == "button":
            assert element["accessibility_label"]


def test_each_line_carries_its_own_digest() -> None:
    """Careful ones open a form instead of approving at once."""
    careful = line(2, careful=True, digest="f" * 16)
    view = home(HomeView(now=NOW, pending=PendingPage(lines=(line(1), careful), total=2)))
    buttons = [e for e in elements(view) if e["action_id"].startswith(ActionId.APPROVE)]
    assert [e["action_id"] for e in buttons] == [ActionId.APPROVE, ActionId.APPROVE_WITH_CARE]
    values = [read(ButtonValue, e["value"]) for e in buttons]
    assert [v and (v.approval, v.digest) for v in values] == [
        (line(1).id, line(1).digest),
        (careful.id, "f" * 16),
    ]


def test_the_next_page_begins_after_the_last_deadline() -> None:
    """And only where there is more; the way back stands on later pages only."""
    view = home(FULL)
    by_action = {e["action_id"]: e for e in elements(view)}
    assert by_action[ActionId.HOME_NEXT]["value"] == line(PAGE).deadline.isoformat()
    assert "9,988 more" in by_action[ActionId.HOME_NEXT]["text"]["text"]
    assert ActionId.HOME_FIRST in by_action
    alone = {e["action_id"] for e in elements(home(HOMES["one"]))}
    assert not alone & {ActionId.HOME_NEXT, ActionId.HOME_FIRST}


def test_without_lists_home_says_so_and_offers_to_try_again() -> None:
    """The filters stay; nothing else pretends to be known."""
    view = home_in_trouble(FULL.cursor, "Your click is safely kept.")
    assert view_problems(view) == []
    assert HomeCursor.read(view["private_metadata"]) == FULL.cursor
    assert [e["action_id"] for e in elements(view)] == [ActionId.HOME_FIRST]


def test_filters_survive_in_the_metadata() -> None:
    """What nobody of us wrote is the first page without filters."""
    assert HomeCursor.read(home(FULL)["private_metadata"]) == FULL.cursor
    assert HomeCursor.read("{broken") == HomeCursor()


def test_everything_is_there() -> None:
    """The answer to the last gesture, mine, what I asked for, decided lately, settings."""
    text = str(home(FULL))
    for part in (
        "Thank you.",
        "1 h left",
        "a.csv",
        "approved by <@U0GRACE001>",
        "22:00 to 07:00",
        "⚠️"[:0],
    ):
        assert part in text
    assert "<!here>" not in text


@pytest.mark.parametrize("name", HOMES)
def test_every_part_of_home_begins_below_a_line(name: str) -> None:
    """Settings, too; the first has nothing above it."""
    kinds = [block["type"] for block in home(HOMES[name])["blocks"]]
    begins = [at for at, kind in enumerate(kinds) if kind == "header"]
    assert [kinds[at - 1] for at in begins[1:]] == ["divider"] * (len(begins) - 1)


def test_time_left_is_never_negative() -> None:
    """A deadline that passed while the list was on its way."""
    late = line(1, deadline=NOW - timedelta(minutes=1))
    assert "0 s left" in str(home(HomeView(now=NOW, pending=PendingPage(lines=(late,), total=1))))


def test_an_edit_is_no_request_for_changes() -> None:
    """Lately decided: what was edited went on as the next version."""
    edited = DECIDED.model_copy(update={"outcome": "changes_requested", "edited": True})
    text = str(home(FULL.model_copy(update={"recent": (edited,)})))
    assert f"v1: edited → v2 by <@{GRACE}>" in text
    assert "hanges requested" not in text
