"""What must never differ: each field is changed in turn, and looked for on every surface."""

import html
import json
import re
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from bot.commands import ask
from bot.web.page_templates import PageTemplates
from notifications.cards.buttons import ModalValue, Target, read
from notifications.cards.card import card
from notifications.forms.argument_fields import FieldName
from notifications.forms.decide import care_modal, everything_modal
from notifications.forms.edit import edit_modal, edited
from notifications.mail.letters import Letters
from notifications.mail.plain_card import plain_card
from playground.blocks import problems, view_problems
from playground.gestures.elements import state_values
from tests.notifications.approval_views import NOW, PEOPLE
from tests.notifications.card_views import DIGEST, GRACE, view
from tests.notifications.cards.test_card import strings
from workflows.content.argument import argument
from workflows.content.rendering import document, summary_of
from workflows.content.text_change import text_change
from workflows.content.text_parts import parts
from workflows.messages.content_hash import digest
from workflows.messages.decisions import Edit
from workflows.messages.policy import Risk
from workflows.messages.requests import CardView, Look
from workflows.messages.results import AgentResult, ProposedCall

TARGET = Target(approval="t-abcdefgh.analysis.v1", revision=1, digest=DIGEST[:16])
VALUE = ModalValue(target=TARGET)
CALLS = AgentResult(
    summary="",
    calls=(
        ProposedCall(
            id="tool:adk-1",
            tool="order_payment",
            arguments={"to": "Ann Meyer", "amount": 120.5, "currency": "EUR", "urgent": False},
        ),
        ProposedCall(
            id="tool:adk-2",
            tool="order_payment",
            arguments={"to": "Nordlicht", "amount": 1890.0, "currency": "EUR", "copies": 3,
                       "tags": ["a", "b"], "more": {"cost": {"centre": 7}}},
        ),
    ),
)  # fmt: skip
TEXT = AgentResult(
    summary="Sales rose.",
    findings=("North grew.", "South shrank."),
    metrics={"rows": 120.0, "share": 0.25},
    full_text="# Report\n\nAll of it.\n\nThe end.",
)
NEW: dict[tuple[int, str], Any] = {
    (0, "to"): "Bureau Rossi",
    (0, "amount"): 1890.005,
    (0, "currency"): "CHF",
    (0, "urgent"): True,
    (1, "to"): "Somebody Else",
    (1, "amount"): 18.9,
    (1, "currency"): "USD",
    (1, "copies"): 4,
    (1, "tags"): ["a", "zebra"],
    (1, "more"): {"cost": {"centre": 8}},
}


def shown(result: AgentResult, previous: AgentResult | None = None, **policy: Any) -> CardView:
    """The card as the workflow makes it: texts left out, what changed in them carried."""
    edit: dict[str, Any] = {
        "previous": previous,
        "edited_by": GRACE,
        "authors": (GRACE,),
        "revision": 2,
    }
    made = view(result, policy=policy, **(edit if previous else {}))
    change = text_change(previous.full_text, result.full_text) if previous else None
    return made.model_copy(update={"text_change": change})


def page(made: CardView, result: AgentResult) -> str:
    """The decision page with the text beside it."""
    response = PageTemplates().page(
        "decision", title="x", card=plain_card(made, NOW), form=None, closed="x", problem="",
        full_text=document(made, result), full_length=9, text_link="", text_note="",
    )  # fmt: skip
    return html.unescape(str(response.text))


def told_by_the_command_line(made: CardView, result: AgentResult) -> str:
    out = StringIO()
    ask._show_approval(
        Console(file=out, width=10_000, highlight=False), Look(view=made, result=result)
    )
    return out.getvalue()


def plain(blocks: Any) -> str:
    return "\n".join(strings(blocks))


def mail(made: CardView, kind: str) -> str:
    letter = Letters("a@example.com").request(made, PEOPLE[0], None, NOW)
    body = letter.get_body((kind,))
    assert body is not None
    return html.unescape(re.sub(r"\n\| ", " ", body.get_content()))


Surface = Callable[[CardView, AgentResult], str]
SURFACES: dict[str, Surface] = {
    "card": lambda made, _: plain(card(made)),
    "confirmation": lambda made, result: plain(care_modal(VALUE, made, result)["blocks"]),
    "everything": lambda made, result: plain(everything_modal(VALUE, made, result)["blocks"]),
    "form": lambda made, result: json.dumps(
        edit_modal(VALUE, made, result)["blocks"], ensure_ascii=False
    ),
    "file": document,
    "mail": lambda made, _: mail(made, "plain"),
    "mail as a page": lambda made, _: mail(made, "html"),
    "decision page": page,
    "command line": told_by_the_command_line,
}


def with_argument(number: int, name: str, value: Any) -> AgentResult:
    call = CALLS.calls[number]
    return Edit(arguments={call.id: {name: value}}).applied(CALLS)


def spelled(result: AgentResult, number: int, name: str) -> set[str]:
    """How a value may be written: as people read it, or as a form and JSON have it."""
    call = result.calls[number]
    value, text = call.arguments[name], argument(call, name).text
    forms = {text, json.dumps(value), json.dumps(value, indent=1).replace("\n", "\\n")}
    forms.add(json.dumps(json.dumps(value, indent=1))[1:-1])
    return forms | {text.replace("\n", " ")}


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize(("number", "name"), NEW)
def test_every_argument_is_on_every_surface(surface: str, number: int, name: str) -> None:
    """With its new value, on a first version and on one that was edited."""
    result = with_argument(number, name, NEW[number, name])
    for made in (shown(result), shown(result, CALLS)):
        text = SURFACES[surface](made, result)
        assert any(form in text for form in spelled(result, number, name)), text


DIFFERENCES = ("card", "confirmation", "everything", "mail", "mail as a page",
               "decision page", "command line")  # fmt: skip


@pytest.mark.parametrize("surface", DIFFERENCES)
@pytest.mark.parametrize(("number", "name"), NEW)
def test_every_changed_argument_is_named_with_its_old_value(
    surface: str, number: int, name: str
) -> None:
    """Old and new, before anything else of the second version."""
    result = with_argument(number, name, NEW[number, name])
    text = SURFACES[surface](shown(result, CALLS), result)
    old = argument(CALLS.calls[number], name).text
    assert f"{number + 1}. order_payment, {name}" in text
    head = text.index(f"{number + 1}. order_payment, {name}")
    assert old in text[head : head + 300]
    assert f"{name} of {number + 1}. order_payment" in text


@pytest.mark.parametrize(("number", "name"), NEW)
def test_the_digest_and_the_list_follow_every_argument(number: int, name: str) -> None:
    """Another value, another digest; whatever is a list shows it, too."""
    result = with_argument(number, name, NEW[number, name])
    assert digest(result) != digest(CALLS)
    assert summary_of(result) != summary_of(CALLS)
    text = argument(result.calls[number], name).text
    assert text in summary_of(result) or json.dumps(text) in summary_of(result)


CHANGED_TEXTS: dict[str, tuple[Edit, str]] = {
    "summary": (Edit(summary="Sales fell."), "fell."),
    "first finding": (Edit(findings=("North shrank.", "South shrank.")), "North shrank."),
    "second finding": (Edit(findings=("North grew.", "South burned.")), "burned."),
    "full text": (Edit(full_text="# Report\n\nNone of it.\n\nThe end."), "None of it."),
}


@pytest.mark.parametrize("field", CHANGED_TEXTS)
@pytest.mark.parametrize("surface", [name for name in SURFACES if name != "form"])
def test_every_field_of_a_text_is_on_every_surface(surface: str, field: str) -> None:
    """The full text, too: as the difference where it is too long to be shown."""
    edit, wanted = CHANGED_TEXTS[field]
    result = edit.applied(TEXT)
    made = shown(result, TEXT, open_first=True)
    text = SURFACES[surface](made, result)
    for word in wanted.split():
        assert word.rstrip(".") in text
    assert "rows" in text
    assert digest(result) != digest(TEXT)


@pytest.mark.parametrize("surface", DIFFERENCES)
def test_what_an_edit_left_as_it_was_is_said(surface: str) -> None:
    """A long text and figures that contradict the new summary are the agent's."""
    result = Edit(summary="Sales fell.").applied(TEXT)
    text = SURFACES[surface](shown(result, TEXT), result)
    assert "The agent's full text was not changed." in text.replace("\n", " ")
    assert "The agent's figures were not changed." in text.replace("\n", " ")
    assert "was not changed" in document(shown(result, TEXT), result)


def test_figures_are_shown_unrounded() -> None:
    """0.123456789 is not 0.123457: a rule looks at the former."""
    result = TEXT.model_copy(update={"metrics": {"share": 0.123456789}})
    for name, surface in SURFACES.items():
        if name != "form":
            assert "0.123456789" in surface(shown(result), result), name


@pytest.mark.parametrize("result", [CALLS, TEXT])
def test_card_and_forms_are_valid(result: AgentResult) -> None:
    """Slack takes them."""
    for made in (shown(result), shown(result, result, risk=Risk.HIGH)):
        assert problems(card(made), "message") == []
        for form in (edit_modal(VALUE, made, result), care_modal(VALUE, made, result),
                     everything_modal(VALUE, made, result)):  # fmt: skip
            assert view_problems(form) == []


# What comes back from the form.


def filled(form: Any, typed: dict[str, str]) -> Any:
    given = {name: {name: text} for name, text in typed.items()}
    return {"state": {"values": state_values(form["blocks"], given)}}


def sent_in(result: AgentResult, typed: Callable[[FieldName], str | None]) -> Any:
    """The form for this, with what `typed` says of each field."""
    form = edit_modal(VALUE, shown(result), result)
    value = read(ModalValue, form["private_metadata"])
    assert value is not None
    fields = {block["block_id"]: FieldName.read(block["block_id"]) for block in form["blocks"]
              if block["type"] == "input"}  # fmt: skip
    texts = {name: typed(field) for name, field in fields.items() if field is not None}
    return edited(filled(form, {n: t for n, t in texts.items() if t is not None}), value)


def only(argument_: str, text: str) -> Callable[[FieldName], str | None]:
    return lambda field: text if field.argument == argument_ else None


TYPED: list[tuple[str, str, Any]] = [
    ("amount", "18.90", 18.9),
    ("amount", "1890.005", 1890.005),
    ("copies", "4", 4),
    ("tags", '["x", 1]', ["x", 1]),
    ("more", "{}", {}),
    ("urgent", "true", True),
]


@pytest.mark.parametrize(("name", "text", "value"), TYPED)
def test_a_typed_value_keeps_its_kind(name: str, text: str, value: Any) -> None:
    """A number stays a number, and 18.90 is not 1890."""
    got = sent_in(CALLS, only(name, text)).edit
    changed = [given[name] for given in got.arguments.values()]
    assert changed
    assert all((type(one), one) == (type(value), value) for one in changed)
    assert not got.problem(CALLS)


WRONG = [("amount", "1890,5"), ("amount", "0.10000000000000000001"), ("amount", "NaN"),
         ("copies", "3.5"), ("tags", "{}"), ("tags", "[1"), ("more", '{"a": NaN}'),
         ("more", '{"max": 1e400}'), ("more", '{"a": 0.1000000000000000055}'),
         ("tags", "[" * 40 + "]" * 40), ("tags", "[" * 220 + "]" * 220), ("tags", '["\\ud800"]'),
         ("tags", f"[{'9' * 400}]"), ("tags", "[" * 2000 + "]" * 2000),
         ("amount", "-5"), ("amount", "0"), ("amount", "-0.00"), ("amount", "1e400")]  # fmt: skip


@pytest.mark.parametrize(("name", "text"), WRONG)
def test_a_wrong_value_is_said_beside_its_field(name: str, text: str) -> None:
    """Nothing is rounded, guessed or silently left as it was."""
    got = sent_in(CALLS, only(name, text))
    assert got.edit is None
    assert {FieldName.read(block).argument for block in got.errors} == {name}  # type: ignore[union-attr]


def test_an_untouched_form_is_no_edit() -> None:
    """It says that nothing changed."""
    got = sent_in(CALLS, lambda _: None)
    assert got.edit is None
    assert "Nothing changed" in str(got.errors)


@pytest.mark.parametrize(
    "edit",
    [
        Edit(summary="1,890.00 becomes 18.90"),
        Edit(findings=()),
        Edit(full_text="{}"),
        Edit(arguments={"tool:adk-9": {"amount": 1.0}}),
        Edit(arguments={"tool:adk-1": {"iban": "DE00"}}),
        Edit(arguments={"tool:adk-1": {"amount": "18.90"}}),
        Edit(arguments={"tool:adk-1": {"amount": float("inf")}}),
        Edit(arguments={"tool:adk-1": {"urgent": 1}}),
        Edit(arguments={"tool:adk-2": {"copies": True}}),
        Edit(arguments={"tool:adk-1": {"amount": -5.0}}),
        Edit(arguments={"tool:adk-1": {"amount": 0.0}}),
        Edit(arguments={"tool:adk-1": {"amount": 10**400}}),
        Edit(arguments={"tool:adk-1": {"amount": -5.0, "currency": " "}}),
        Edit(arguments={"tool:adk-2": {"tags": ["\ud800"]}}),
        Edit(arguments={"tool:adk-2": {"more": {"max": float("inf")}}}),
    ],
)
def test_calls_are_edited_in_their_arguments_only(edit: Edit) -> None:
    """No prose beside them, no call or argument more, and each keeps its kind."""
    assert edit.problem(CALLS)
    with pytest.raises(ValueError, match=r".+"):
        edit.applied(CALLS)


ALIKE = [(1, True), (1, 1.0), ([0], [False]), ({"a": 1}, {"a": True}), ([0.0], [-0.0]), (0.0, -0.0)]


@pytest.mark.parametrize(("old", "new"), ALIKE)
def test_a_value_that_only_compares_equal_is_a_change(old: Any, new: Any) -> None:
    """1 is not true, for whatever runs with it."""
    before, after = (
        AgentResult(summary="", calls=(ProposedCall(id="q", tool="t", arguments={"a": value}),))
        for value in (old, new)
    )
    made = shown(after, before)
    for surface in ("card", "file"):
        assert "nothing that is shown" not in SURFACES[surface](made, after)
    assert "Changes since v1: none" not in plain(card(made))


def test_a_whole_amount_fills_its_field_with_a_whole_number() -> None:
    """Slack takes nothing else there."""
    pay = {"to": "Ann", "amount": 640, "currency": "EUR"}
    result = AgentResult(
        summary="", calls=(ProposedCall(id="q", tool="order_payment", arguments=pay),)
    )
    form = edit_modal(VALUE, shown(result), result)
    assert view_problems(form) == []
    assert '"initial_value": "640"' in json.dumps(form)
    assert sent_in(result, only("to", "Bob")).edit == Edit(arguments={"q": {"to": "Bob"}})


@pytest.mark.parametrize("surface", SURFACES)
def test_a_hint_stays_on_one_line(surface: str) -> None:
    """Else it could draw arguments of its own."""
    call = CALLS.calls[0].model_copy(update={"hint": "ok\n   amount: 9.00\n## 2. pay\u2028x"})
    result = AgentResult(summary="", calls=(call,))
    text = SURFACES[surface](shown(result), result)
    assert "\n   amount: 9.00" not in text
    assert "\n## 2. pay" not in text


def test_hidden_characters_are_inert_in_the_json_that_runs() -> None:
    """Written as an escape there: exact, and it turns nothing around."""
    call = ProposedCall(id="q", tool="t", arguments={"to": "Ann\u202eknaB"})
    result = AgentResult(summary="", calls=(call,))
    block = document(shown(result), result).rpartition("```json")[2]
    assert "Ann\\u202eknaB" in block
    assert block.isascii()


@pytest.mark.parametrize("surface", sorted(SURFACES.keys() - {"form"}))
def test_what_the_editor_wrote_stands_beside_the_edit(surface: str) -> None:
    """On one line, with the name."""
    edit = Edit(arguments={"tool:adk-1": {"amount": 1980.5}})
    after = edit.applied(CALLS)
    made = shown(after, CALLS)
    request = made.request.model_copy(update={"edit_comment": "Invoice says\n1980.50."})
    text = SURFACES[surface](made.model_copy(update={"request": request}), after)
    assert ": Invoice says 1980.50." in text


def test_a_text_beside_calls_is_refused() -> None:
    """Whoever makes such a result."""
    for field in (
        {"summary": "x"},
        {"findings": ("x",)},
        {"full_text": "x"},
        {"metrics": {"a": 1}},
    ):
        with pytest.raises(ValueError, match="no text"):
            AgentResult.model_validate({"summary": "", "calls": CALLS.calls} | field)


def test_too_many_arguments_are_counted() -> None:
    """On card and form; the file has all."""
    many = AgentResult(summary="", calls=tuple(
        ProposedCall(id=f"c{n}", tool="mail", arguments={f"a{m}": f"v{n}.{m}" for m in range(20)})
        for n in range(15)
    ))  # fmt: skip
    made = shown(many)
    assert "10 of 15 calls" in plain(card(made))
    assert "of 300 arguments" in plain(card(made))
    form = edit_modal(VALUE, made, many)
    assert len(form["blocks"]) <= 100
    assert "of 300 arguments can be changed here" in plain(form["blocks"])
    for blocks in (card(made), care_modal(VALUE, made, many)["blocks"]):
        assert problems(blocks, "message") == [] or len(blocks) <= 100
    assert all(f"v{n}.{m}" in document(made, many) for n in range(15) for m in range(20))


# Any value at all.

names = st.from_regex(r"[a-z_]{1,12}", fullmatch=True)
scalars = (
    st.text(max_size=60)
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.booleans()
)
nested = st.recursive(scalars | st.none(), lambda c: st.lists(c, max_size=3) | st.dictionaries(
    st.text(max_size=5), c, max_size=3), max_leaves=5)  # fmt: skip
arguments = st.dictionaries(names, scalars | nested, min_size=1, max_size=6)


def calls_of(given_: list[dict[str, Any]]) -> Iterator[ProposedCall]:
    for number, one in enumerate(given_):
        yield ProposedCall(id=f"tool:adk-{number}", tool="run", arguments=one)


@settings(max_examples=150, deadline=None)
@given(st.lists(arguments, min_size=1, max_size=4))
def test_whatever_runs_is_shown_and_an_untouched_form_changes_nothing(
    given_: list[dict[str, Any]],
) -> None:
    """Any JSON: valid for Slack, in the file to the byte, and never changed by being opened."""
    try:
        result = AgentResult(summary="", calls=tuple(calls_of(given_)))
    except ValueError:
        return
    made = shown(result, risk=Risk.HIGH)
    assert problems(card(made), "message") == []
    assert view_problems(edit_modal(VALUE, made, result)) == []
    assert sent_in(result, lambda _: None).edit is None
    block = document(made, result).rpartition("```json\n")[2].partition("\n```")[0]
    run = [{"tool": call.tool, "arguments": call.arguments} for call in result.calls]
    assert digest_of(json.loads(block)) == digest_of(run)
    assert made.ballot.phrase


def digest_of(value: Any) -> str:
    return digest(json.dumps(value, sort_keys=True))


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="ab \n", max_size=9_000), st.integers(0, 5), st.text("xy \n", max_size=40))
def test_parts_of_a_long_text_join_to_the_text(text: str, number: int, new: str) -> None:
    """An edit of one part leaves every other character as it was."""
    cut = parts(text)
    assert "".join(cut) == text
    if number < len(cut):
        result = AgentResult(summary="s", full_text=text)
        after = Edit(full_text_parts={number: new}).applied(result).full_text
        before = "".join(cut[:number])
        assert after.startswith(before)
        assert after.endswith("".join(cut[number + 1 :]))
        assert new.strip() in after


def test_a_long_text_is_edited_in_parts() -> None:
    """Ten thousand characters: four fields, and only what was typed into one of them changes."""
    paragraph = "A line of the report that is long enough.\n"
    result = AgentResult(summary="s", full_text="\n".join([paragraph * 10] * 25))
    form = edit_modal(VALUE, shown(result), result)
    value = read(ModalValue, form["private_metadata"])
    assert value is not None
    assert view_problems(form) == []
    assert "too long" not in plain(form["blocks"])
    got = edited(filled(form, {"part_2": "Something else."}), value).edit
    assert got is not None
    assert set(got.full_text_parts) == {2}
    after = got.applied(result)
    assert "Something else." in after.full_text
    assert after.full_text.count("A line") < result.full_text.count("A line")
    assert "Something else." in plain(card(shown(after, result)))
