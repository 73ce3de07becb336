"""Forms and private lists: valid for Slack, filled in rightly, read back exactly."""

from datetime import date, time, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifications.cards.buttons import ModalValue, Target, read
from notifications.forms.bulk import Chosen, choose_modal, chosen, confirm_modal
from notifications.forms.decide import (
    care_modal,
    everything_modal,
    hand_on_modal,
    later_modal,
    withdraw_modal,
    words_modal,
)
from notifications.forms.edit import edit_modal, edited
from notifications.forms.send import Sent, draft, send_form
from notifications.forms.settings import Wanted, settings_form, wanted
from notifications.forms.task import (
    DEFAULT,
    PIPELINE,
    FieldKind,
    FormField,
    chosen_pipeline,
    file_options,
    file_value,
    is_digest,
    pipeline_options,
    sources,
    task_form,
)
from notifications.views.approval_list import PendingLine, PendingPage, approval_list, list_text
from notifications.views.blocks import Block
from playground.blocks import problems, view_problems
from playground.gestures.elements import state_values
from tests.notifications.card_views import ADA, CARD, DIGEST, GRACE, LINUS, NOW, RESULT, view
from workflows.content.text_parts import MOST_PARTS
from workflows.messages.decisions import Verdict
from workflows.messages.policy import Risk
from workflows.messages.results import AgentResult
from workflows.messages.tasks import SourceKind

TARGET = Target(approval="t-abcdefgh.analysis.v1", revision=1, digest=DIGEST[:16])
VALUE = ModalValue(target=TARGET, place=CARD, thread="1.000000")
REJECT = VALUE.model_copy(update={"verdict": Verdict.REJECT})
CHANGES = VALUE.model_copy(update={"verdict": Verdict.REQUEST_CHANGES})
LONG = RESULT.model_copy(update={"full_text": "A line of text, é😀 https://x.example\n" * 20_000})
HIGH, OPEN = view(policy={"risk": Risk.HIGH}), view(policy={"open_first": True})
SENT = Sent(channel="C1", ts="1.1", thread="1.1", author=LINUS)


def line(number: int = 1, **changed: Any) -> PendingLine:
    made: dict[str, Any] = {
        "id": f"t-abcdefg{number}.analysis.v1",
        "title": f"analysis of sales{number}.csv <!here>",
        "summary": "Sales rose *a lot* https://x.example",
        "revision": 1,
        "requester": ADA,
        "approvers": ("grace", "linus"),
        "deadline": NOW + timedelta(hours=number),
        "risk": "low",
        "digest": DIGEST[:16],
        "pipeline": "review",
        "careful": False,
    }
    return PendingLine.model_validate(made | changed)


def form(
    fields: tuple[FormField, ...] = DEFAULT, files: tuple[str, ...] | None = ("a.csv",)
) -> Block:
    return task_form({"review": "Review data", "audit": ""}, "review", fields, files, "C1")


VIEWS: dict[str, Block] = {
    "reject": words_modal(REJECT, "analysis of sales.csv"),
    "reject with presets": words_modal(REJECT, "x", presets=("wrong file", "y" * 200)),
    "request changes": words_modal(CHANGES, "x" * 2_000),
    "high risk": care_modal(VALUE, HIGH, RESULT),
    "open first": care_modal(VALUE, OPEN, RESULT),
    "open first, very long": care_modal(VALUE, OPEN, LONG),
    "edit": edit_modal(VALUE, view(), RESULT),
    "edit, high risk, very long": edit_modal(VALUE, HIGH, LONG),
    "hand on": hand_on_modal(VALUE, "x"),
    "later": later_modal(VALUE, "x"),
    "withdraw": withdraw_modal(VALUE, "x"),
    "everything": everything_modal(VALUE, view(revision=2, previous=RESULT), LONG),
    "everything, to decide": everything_modal(VALUE, HIGH, LONG, tuple(Verdict)),
    "send": send_form(SENT, "Hello <@U1> https://x.example " * 100, ["a.pdf"]),
    "send an empty one": send_form(SENT.model_copy(update={"author": ""}), "", []),
    "settings": settings_form(Wanted()),
    "settings, set": settings_form(
        Wanted(deputy=GRACE, away_from=date(2026, 3, 1), quiet_from=time(22), digest=False)
    ),
    "bulk": choose_modal([line(n) for n in range(1, 45)], NOW),
    "bulk, confirm": confirm_modal([line(n) for n in range(1, 21)], NOW),
    "task": form(),
    "task, its own fields": form(
        (FormField(name="focus", kind=FieldKind.CHOICE, label="Focus", choices=("a", "b" * 90)),)
    ),
    "task, no files": form(files=()),
    "task, files not known yet": form(files=None),
    "task, many files": form(files=tuple(f"{n}.csv" for n in range(101))),
    "task, a long name": form(files=("x/" * 200 + "a.csv", "y" * 76 + ".csv")),
    "task, many pipelines": task_form(
        {f"p{n}": "" for n in range(101)}, "p7", DEFAULT, ("a.csv",), "D1"
    ),
}


@pytest.mark.parametrize("name", VIEWS)
def test_every_form_is_valid(name: str) -> None:
    """Slack takes it, with its metadata."""
    shown = VIEWS[name]
    assert view_problems(shown) == []
    assert len(shown["blocks"]) <= 100
    assert len(shown["private_metadata"]) <= 3_000
    assert len(str(shown).encode()) < 250_000


def filled(shown: Block, **typed: Any) -> Block:
    """The form as Slack sends it in: `field=value`."""
    given = {name: {name: value} for name, value in typed.items()}
    return {"state": {"values": state_values(shown["blocks"], given)}}


def test_the_high_risk_form_repeats_the_facts_and_names_the_phrase() -> None:
    """The same facts as the card; without the risk nothing has to be typed."""
    careful, plain = str(VIEWS["high risk"]), str(VIEWS["open first"])
    for part in ("Approvers", f"<@{ADA}>", "Sales rose by 12 %", "0123456789abcdef"):
        assert part in careful
    assert "Type analysis to approve" in careful
    assert "to approve" not in plain
    assert "All of it." in plain


def test_a_text_that_is_cut_is_said_to_be_cut() -> None:
    """With both numbers, and where the rest is."""
    shown = str(VIEWS["open first, very long"]["blocks"][-3:])
    assert "characters shown: the rest is in the file" in shown
    assert "✂️" not in str(VIEWS["open first"])


def edit(result: AgentResult, **typed: str) -> Any:
    """What comes back from the edit form when this is typed."""
    shown = edit_modal(VALUE, view(result), result)
    value = read(ModalValue, shown["private_metadata"])
    assert value is not None
    return edited(filled(shown, **typed), value)


def test_an_edit_holds_only_what_was_changed() -> None:
    """The other parts stay as they are, to the byte."""
    got = edit(RESULT, summary="Sales rose by 13 %.").edit
    assert (got.summary, got.findings, got.full_text) == ("Sales rose by 13 %.", None, None)
    got = edit(RESULT, findings="one\n\n two ").edit
    assert (got.summary, got.findings) == (None, ("one", "two"))
    assert edit(RESULT, full_text="").edit.full_text == ""


def test_nothing_changed_is_said() -> None:
    """Also when the text holds characters that a form does not show."""
    hidden = RESULT.model_copy(update={"summary": "a\u202eb", "findings": ("x\ny", " z ")})
    for result in (RESULT, hidden):
        got = edit(result)
        assert got.edit is None
        assert "Nothing changed" in got.errors["summary"]


def test_what_is_wrong_with_an_edit_is_said_beside_its_field() -> None:
    """An empty summary, too many findings."""
    assert set(edit(RESULT, summary="  ").errors) == {"summary"}
    assert set(edit(RESULT, findings="x\n" * 201).errors) == {"findings"}


def test_a_text_too_long_for_a_field_stays_out_of_the_form() -> None:
    """And that is said, so that nobody thinks they edited all there is."""
    shown = str(VIEWS["edit, high risk, very long"])
    assert f"The full text ({len(LONG.full_text):,} characters) is too long to be edited" in shown
    assert shown.count("Full text, part") == MOST_PARTS
    assert "Type analysis to approve" in shown


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=600), st.lists(st.text(max_size=50), max_size=20), st.text(max_size=3_000))
def test_an_unchanged_form_never_makes_an_edit(
    summary: str, findings: list[str], text: str
) -> None:
    """Whatever the agent wrote."""
    result = AgentResult(summary=summary, findings=tuple(findings), full_text=text)
    assert edit(result).edit is None


def test_a_task_form_becomes_sources() -> None:
    """Each field its own input; what is left empty is none."""
    fields = (
        *DEFAULT,
        FormField(name="focus", kind=FieldKind.CHOICE, label="Focus", choices=("rows", "columns")),
    )
    shown = form(fields)
    got = filled(shown, file_file="a.csv", text_text="some words", choice_focus="1")
    found = sources(got, fields)
    assert {block: (s.kind, s.value, s.name) for block, (s,) in found.items()} == {
        "file_file": (SourceKind.FILE, "a.csv", "a.csv"),
        "text_text": (SourceKind.TEXT, "some words", "text.md"),
        "choice_focus": (SourceKind.TEXT, "Focus: columns", "focus.md"),
    }
    assert chosen_pipeline(got) == "review"
    assert shown["blocks"][0]["block_id"] == PIPELINE


def test_the_wish_of_a_send_form() -> None:
    """One of them, or all of them."""
    shown = VIEWS["send"]
    got = draft(filled(shown, approvers=[GRACE, LINUS], quorum="all", reason=" budget "))
    assert (got.approvers, got.quorum, got.reason) == ((GRACE, LINUS), 2, "budget")
    assert draft(filled(shown, approvers=[GRACE, LINUS])).quorum == 1


def test_bulk_keeps_exactly_what_was_ticked() -> None:
    """Through the confirmation, each with its own digest."""
    lines = [line(n) for n in range(1, 15)]
    shown = choose_modal(lines, NOW)
    ticks = [line(2).target().text(), line(12).target().text()]
    got = chosen(filled(shown, group_0=ticks[:1], group_1=ticks[1:]))
    assert got == (line(2).target(), line(12).target())
    confirm = confirm_modal([line(2), line(12)], NOW)
    value = read(Chosen, confirm["private_metadata"])
    assert value is not None
    assert value.targets == got
    assert str(confirm["blocks"]).count(DIGEST[:16]) == 2


def test_settings_come_back_as_they_were() -> None:
    """And what contradicts itself is said beside its field."""
    now = Wanted(
        deputy=GRACE,
        away_from=date(2026, 3, 1),
        away_until=date(2026, 3, 8),
        quiet_from=time(22),
        quiet_until=time(7),
        digest=False,
    )
    assert wanted(filled(settings_form(now))) == now
    assert set(now.errors(GRACE)) == {"deputy"}
    wrong = now.model_copy(update={"away_until": date(2026, 2, 1), "quiet_until": None})
    assert set(wrong.errors(ADA)) == {"away_until", "quiet_until"}


@pytest.mark.parametrize("count", [0, 1, 15, 40])
@pytest.mark.parametrize("mine", [True, False])
def test_lists_are_valid_and_inert(count: int, mine: bool) -> None:
    """At most 50 blocks; titles and summaries are data."""
    page = PendingPage(lines=tuple(line(n) for n in range(1, count + 1)), total=count)
    blocks = approval_list(page, NOW, mine=mine, bulk=count)
    assert problems(blocks, "message") == []
    text = list_text(page, NOW, mine=mine)
    for shown in (str(blocks), text):
        assert "<!here>" not in shown
        assert "https://" not in shown
    assert (str(count) in text) == (count > 0)


def test_a_list_is_as_urgent_as_it_says() -> None:
    """Time left, risk, requester, what the agent writes."""
    page = PendingPage(lines=(line(1, deadline=NOW + timedelta(minutes=30), risk="high"),), total=1)
    text = list_text(page, NOW, mine=True)
    for part in ("🔥 30 min left", "⚠️ high risk", f"<@{ADA}>", "Sales rose"):
        assert part in text


def element_of(shown: Block, block_id: str) -> Block:
    (element,) = (b["element"] for b in shown["blocks"] if b["block_id"] == block_id)
    return dict(element)


def test_more_files_than_a_menu_holds_are_typed() -> None:
    """A hundred fit; with one more, and while nobody knows yet, they are looked up."""
    names = tuple(f"{n}.csv" for n in range(101))
    for files, kind in ((names[:100], "static_select"), (names, "external_select")):
        assert element_of(form(files=files), "file_file")["type"] == kind
    assert element_of(form(files=None), "file_file")["type"] == "external_select"


def test_long_names_are_told_apart() -> None:
    """By their ends; the value is a digest that stands for the whole name."""
    names = ["d/" * 100 + f"{n}.csv" for n in range(2)]
    first, second = file_options(names)
    assert (first["text"]["text"][-5:], second["text"]["text"][-5:]) == ("0.csv", "1.csv")
    assert len(first["text"]["text"]) <= 75
    assert [one["value"] for one in (first, second)] == [file_value(name) for name in names]
    assert is_digest(first["value"])
    assert file_value("x" * 150) == "x" * 150


def test_a_pipeline_is_found_by_its_words() -> None:
    """In its name, or in its description."""
    found = pipeline_options({"pay": "A payment request", "review": "Review data"}, "PAYMENT")
    assert [one["value"] for one in found] == ["pay"]
