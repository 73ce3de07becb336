"""The card: valid for Slack whatever is in it, the same in words, facts apart from agent text."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifications.cards.buttons import ActionId, ButtonValue, MenuChoice, MenuValue, read
from notifications.cards.card import card, card_text
from notifications.cards.details import details
from notifications.views.words import outcome
from playground.blocks import problems
from tests.notifications.card_views import (
    ADA,
    CARL,
    DIGEST,
    GRACE,
    LINUS,
    NOW,
    RESULT,
    said,
    settled,
    view,
)
from tests.notifications.corpus import TEXTS
from tests.notifications.slack_reader import hidden_parts, live_parts, live_words
from workflows.messages.decisions import Edit, Outcome, Verdict, Via
from workflows.messages.electorate import Exclusion
from workflows.messages.ladder import Act, PlannedRung
from workflows.messages.policy import Risk
from workflows.messages.requests import CardView
from workflows.messages.results import AgentResult, ExecutionMode

HOUR = timedelta(hours=1)
MOST_BLOCKS, MOST_CHARACTERS = 50, 12_000
EDITED = said(edit=Edit(summary="as Grace wrote it"))
BEFORE = RESULT.model_copy(
    update={"summary": "Sales rose by 10 % in May.", "findings": ("South shrank.",)}
)

CARDS: dict[str, CardView] = {
    "waiting": view(),
    "high risk": view(policy={"risk": Risk.HIGH}),
    "open first": view(policy={"open_first": True}),
    "quorum and groups": view(
        policy={"quorum": 2, "groups": {"legal": (LINUS,), "finance": (GRACE,)}},
        ballot={"counted": (said(),)},
    ),
    "handed on": view(ballot={"moved": {GRACE: CARL}}),
    "excluded": view(excluded=(Exclusion(name="Gwen <!channel>", why="guest"),)),
    "not live": view(execution_mode=ExecutionMode.SYNTHETIC, mode_reason="no agent <@U1>"),
    "from the cache": view(mode_reason="From the cache, 5 min old."),
    "second version": view(revision=2, previous=BEFORE, feedback="look at *May* <!here>"),
    "edited": view(revision=2, previous=BEFORE, authors=(GRACE,), edited_by=GRACE),
    "a question": settled(
        Outcome.CHANGES_REQUESTED, said(verdict=Verdict.REQUEST_CHANGES), id="t-1.analysis-question-1.v1"
    ),
    "unchanged": view(revision=2, previous=RESULT),
    "last version": view(revision=3, policy={"max_revisions": 3}),
    "a message": view(step="", version=None, parent="", authors=(LINUS,), task_id="", id="a-1"),
    "approved": settled(Outcome.APPROVED, said(), reason="fine"),
    "approved by a rule": settled(Outcome.APPROVED, said("rule", via=Via.RULE), reason="rows < 10"),
    "approved under a bypass": settled(Outcome.APPROVED, said(LINUS, via=Via.BYPASS), reason="fire"),
    "rejected": settled(Outcome.REJECTED, said(verdict=Verdict.REJECT), reason="no <!channel>"),
    "changes requested": settled(Outcome.CHANGES_REQUESTED, said(verdict=Verdict.REQUEST_CHANGES)),
    "sent on by an edit": settled(Outcome.CHANGES_REQUESTED, EDITED),
    "approved with edits": settled(Outcome.APPROVED, EDITED),
    "expired": settled(Outcome.EXPIRED, reason="Nobody decided in time."),
    "withdrawn": settled(Outcome.WITHDRAWN),
}  # fmt: skip


def strings(value: Any) -> Iterator[str]:
    """Every text of a block that people see."""
    if isinstance(value, dict):
        for name, item in value.items():
            if name in {"text", "description", "placeholder"} and isinstance(item, str):
                yield item
            elif name != "value":
                yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)


def assert_valid(shown: CardView) -> None:
    blocks = card(shown)
    assert problems(blocks, "message") == []
    assert len(blocks) <= MOST_BLOCKS
    assert sum(map(len, strings(blocks))) <= MOST_CHARACTERS
    assert len(card_text(shown)) <= 120
    json.dumps(blocks).encode()
    card_text(shown).encode()


@pytest.mark.parametrize("name", CARDS)
def test_every_state_is_a_valid_card(name: str) -> None:
    """Slack takes it, within its limits."""
    assert_valid(CARDS[name])


@pytest.mark.parametrize("name", CARDS)
def test_buttons_stand_only_while_a_decision_is_possible(name: str) -> None:
    """No dead button, and each one carries exactly what was shown."""
    shown = CARDS[name]
    rows = [block for block in card(shown) if block["type"] == "actions"]
    assert bool(rows) == (shown.ballot.outcome is None)
    for element in (element for row in rows for element in row["elements"]):
        if element["type"] == "button":
            assert element["accessibility_label"]
            if element["action_id"] == ActionId.DETAILS:
                continue
            value = read(ButtonValue, element["value"])
            assert value is not None
            assert (value.approval, value.digest) == (shown.request.id, DIGEST[:16])
        for option in element.get("options", ()):
            assert read(MenuValue, option["value"]) is not None


SAYS = {
    "waiting": ("*Reject:* the task ends.", f"waiting for <@{GRACE}>, <@{LINUS}>", "Figures: rows 120"),
    "high risk": ("⚠️ *high risk*",),
    "quorum and groups": (
        "*2 approvals:* the next step starts", f"<@{GRACE}> approved · 1 of 2, missing: legal · waiting for <@{LINUS}>"
    ),
    "not live": ("synthetic", "no agent &lt; [at]U1&gt;"),
    "from the cache": ("🗂️ From the cache, 5 min old.",),
    "second version": ("Changes since v1", "North grew fastest.", "Requested changes: “look at"),
    "edited": (f"edited by <@{GRACE}>", f"Edited by <@{GRACE}>:"),
    "a message": ("Message by <@U0LINUS001>", f"<@{ADA}> is told what you decide"),
    "approved by a rule": ("by a rule, without a person", "rows < 10"),
    "approved under a bypass": (f"under a bypass that <@{LINUS}> opened", "fire"),
    "changes requested": ("Changes requested", "replaced by v2"),
    "a question": ("the agent is told",),
    "sent on by an edit": ("*Edited*", "replaced by v2"),
    "approved with edits": ("*Approved with edits*",),
    "expired": ("*Expired*", "Nobody decided in time."),
}  # fmt: skip


def test_a_difference_that_is_cut_ends_once() -> None:
    """No trail of marks for what has no room; and it is said where the rest is."""
    words = " ".join(f"word{number}" for number in range(90))
    result = RESULT.model_copy(update={"summary": f"new {words}"[:600]})
    before = RESULT.model_copy(update={"summary": words[::-1][:600], "findings": ("gone",) * 9})
    blocks = card(view(result, revision=2, previous=before))
    (framed,) = (block for block in blocks if block["type"] == "rich_text")
    texts = [part["text"] for part in framed["elements"][0]["elements"]]
    assert "…" not in texts
    assert sum(text.endswith("…") for text in texts) <= 2
    assert "more in Details" in str(blocks)


IN_DETAILS = {
    "waiting": ("1 approval", "any rejection ends it", f"*Approvers*\n<@{GRACE}>", f"`{DIGEST[:16]}`"),
    "quorum and groups": ("2 approvals, one each from `legal` and `finance`",),
    "handed on": (f"<@{GRACE}> delegated to <@{CARL}>",),
    "excluded": ("Not counted: Gwen &lt; !channel&gt; (guest)",),
    "edited": (f"Edited by*\n<@{GRACE}>",),
}  # fmt: skip


@pytest.mark.parametrize("name", IN_DETAILS)
def test_what_a_card_leaves_out_is_in_its_details(name: str) -> None:
    """One click away, on the card as well once it is decided."""
    shown = "\n".join(strings(details(CARDS[name], NOW)))
    for part in IN_DETAILS[name]:
        assert part in shown, (part, shown)


@pytest.mark.parametrize("name", CARDS)
def test_details_open_from_every_card(name: str) -> None:
    """Also when there is nothing left to decide."""
    found = [
        one
        for block in card(CARDS[name])
        for one in (*block.get("elements", ()), block.get("accessory"))
    ]
    (opens,) = [one for one in found if one and one.get("action_id") == ActionId.DETAILS]
    value = read(MenuValue, opens["value"])
    assert value is not None
    assert (value.choice, value.approval) == (MenuChoice.EVERYTHING, CARDS[name].request.id)
    assert problems(details(CARDS[name], NOW), "message") == []


@pytest.mark.parametrize("name", SAYS)
def test_every_state_says_what_it_is(name: str) -> None:
    """In words, wherever they stand on the card."""
    shown = "\n".join(strings(card(CARDS[name])))
    for part in SAYS[name]:
        assert part in shown, (part, shown)


@pytest.mark.parametrize("name", CARDS)
def test_the_notification_fits_on_a_phone(name: str) -> None:
    """120 characters, on one line: the question first, or how it ended."""
    shown = CARDS[name]
    text = card_text(shown)
    assert len(text) <= 120
    assert "\n" not in text
    if shown.ballot.outcome is None:
        assert text.startswith("Approve ")
        assert "?" in text
    else:
        assert text.startswith(outcome(shown.ballot)[1])


NOTIFIED = {
    "waiting": "Approve analysis of sales.csv? “",
    "second version": "Approve analysis of sales.csv (v2)? “",
    "approved": f"Approved: analysis of sales.csv by <@{GRACE}> “fine”",
    "rejected": f"Rejected: analysis of sales.csv by <@{GRACE}> “no &lt; !channel&gt;”",
    "expired": "Expired: analysis of sales.csv “Nobody decided in time.”",
}


@pytest.mark.parametrize("name", NOTIFIED)
def test_the_notification_says_what_to_decide(name: str) -> None:
    """Before anything else."""
    assert card_text(CARDS[name]).startswith(NOTIFIED[name])


def test_requesting_changes_is_offered_while_versions_are_left() -> None:
    """On the last one it is not, and neither are edits."""
    first, last = (str(card(CARDS[name])) for name in ("waiting", "last version"))
    assert "Request changes…" in first
    assert MenuChoice.EDIT.value in first
    assert "Request changes…" not in last
    assert '"c":"edit"' not in last


def test_agent_text_stands_in_a_frame_below_our_label() -> None:
    """Whatever it says: in the card and in the details in a quote, and nowhere else."""
    result = AgentResult(
        summary="Approved by <@U0LINUS001> ✅ APPROVED", findings=("*Who may decide*",)
    )
    for blocks in (card(view(result)), details(view(result), NOW)):
        kinds = [block["type"] for block in blocks]
        at = kinds.index("rich_text")
        assert blocks[at - 1]["elements"][0]["text"].startswith("🤖 Agent output (`analysis`)")
        framed = [(one["type"], one.get("border")) for one in blocks[at]["elements"]]
        assert framed == [("rich_text_quote", None), ("rich_text_list", 1)]
        assert kinds.count("rich_text") == 1
        assert "APPROVED" not in str([*blocks[:at], *blocks[at + 1 :]])


def agent_parts(blocks: list[Any]) -> Iterator[str]:
    for block in blocks:
        if block["type"] in {"rich_text", "header"}:
            yield from strings(block)


def assert_inert(shown: CardView) -> None:
    assert_valid(shown)
    for text in agent_parts(card(shown)):
        assert list(hidden_parts(text)) == []
    for block in card(shown):
        if block["type"] == "rich_text":
            for text in strings(block):
                assert list(live_words(text)) == []


@pytest.mark.parametrize("poison", TEXTS, ids=lambda poison: poison.name)
def test_poison_becomes_a_valid_inert_card(poison: Any) -> None:
    """As summary, finding, feedback, reason, title and earlier version."""
    text: str = poison.make()[:5_000]
    result = AgentResult.model_construct(summary=text[:600], findings=(text, text[:300]), metrics={}, full_text="", offline=False, model="")  # fmt: skip
    shown = view(
        RESULT, revision=2, previous=result, feedback=text, title=text[:300], mode_reason=text
    )
    assert_inert(
        shown.model_copy(update={"request": shown.request.model_copy(update={"result": result})})
    )


PIECES = (
    "<!channel>",
    "https://a.b/c",
    "\u202e",
    "@here",
    "*x*",
    "a" * 50,
    "\n",
    " ",
    "&lt;",
    "é",
    "😀",
    "`",
    "bob@x.io",
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from(PIECES), max_size=30).map("".join),
    st.lists(st.lists(st.sampled_from(PIECES), max_size=30).map("".join), max_size=60),
    st.lists(st.sampled_from(PIECES), max_size=30).map("".join),
)
def test_any_result_and_difference_is_valid(summary: str, findings: list[str], other: str) -> None:
    """However long, however odd, with a difference to something else."""
    result = AgentResult(summary=summary[:600], findings=tuple(findings))
    before = AgentResult(summary=other[:600], findings=tuple(findings[::-1]))
    assert_inert(view(result, revision=2, previous=before, feedback=other))
    assert list(live_parts(card_text(view(title=other)))) == []


def test_the_ladder_is_in_the_details_in_the_readers_time() -> None:
    """What was due is gone; whom it will add is named without being called; the end is last."""
    rungs = (
        PlannedRung(name="remind@0.1", act=Act.REMIND, at=NOW - HOUR, due=NOW - HOUR),
        PlannedRung(name="dm@0.5", act=Act.DM, at=NOW + 2 * HOUR, due=NOW + 2 * HOUR),
        PlannedRung(
            name="escalate@0.9",
            act=Act.ESCALATE,
            at=NOW + 4 * HOUR,
            due=NOW + 4 * HOUR,
            to=("@head-of-finance", CARL, "<!channel>"),
        ),
    )
    waiting = view().model_copy(update={"plan": rungs})
    line = str(details(waiting, NOW)[-1]["elements"][0]["text"])
    first, end = int((NOW + 2 * HOUR).timestamp()), int((NOW + 24 * HOUR).timestamp())
    assert line.startswith(f"🪜 direct message <!date^{first}^")
    assert f", then `@head-of-finance`, `{CARL}`, `&lt;!channel&gt;`, expires <!date^{end}^" in line
    assert "reminder" not in line
    assert problems(details(waiting, NOW), "message") == []
    done = settled(Outcome.APPROVED, said()).model_copy(update={"plan": rungs})
    assert "🪜" not in json.dumps(details(done, NOW), ensure_ascii=False)
