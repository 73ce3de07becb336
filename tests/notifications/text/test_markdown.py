"""Markdown becomes rich text: rendered, once, with names, and nothing in it is alive."""

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifications.cards.buttons import ActionId, ModalValue, Target
from notifications.cards.details import body
from notifications.forms.decide import care_modal, everything_modal
from notifications.text.markdown import pieces
from notifications.text.sanitize import inert
from notifications.views.blocks import Block, context
from notifications.views.full_text import full_text, texts_of
from playground.blocks import view_problems
from tests.notifications.card_views import ADA, DIGEST, GRACE, RESULT, view
from workflows.messages.decisions import Verdict
from workflows.messages.policy import Risk
from workflows.messages.results import AgentResult

TARGET = Target(approval="t-abcdefgh.analysis.v1", revision=1, digest=DIGEST[:16])
VALUE = ModalValue(target=TARGET)
PAGE = """# Analysis

## Findings

* North grew fastest.
* South shrank.

## Columns

| column | kind | mean |
| --- | --- | ---: |
| amount (EUR) | number | 1,005.25 |
| to | text | - |

> quoted
> twice

1. first
2. **second** and `code`

```
SELECT *
```
"""
LIVE = {"link", "user", "usergroup", "channel", "broadcast", "emoji", "image", "mrkdwn", "date"}


def elements(text: str, **more: Any) -> list[Block]:
    return [piece.element for piece in pieces(text, **more)]


def shown(block: object) -> str:
    """What a reader reads."""
    if isinstance(block, dict):
        return str(block.get("text", "")) + shown(list(block.get("elements", [])))
    return "".join(shown(part) for part in block) if isinstance(block, list) else ""


def test_each_kind_of_line_becomes_its_element() -> None:
    """No number sign, star or pipe of the markup is left."""
    made = elements(PAGE)
    kinds = [(part["type"], part.get("style", "")) for part in made]
    assert kinds == [
        ("rich_text_section", ""),
        ("rich_text_section", ""),
        ("rich_text_list", "bullet"),
        ("rich_text_section", ""),
        ("rich_text_preformatted", ""),
        ("rich_text_quote", ""),
        ("rich_text_list", "ordered"),
        ("rich_text_preformatted", ""),
    ]
    for mark in ("#", "|", "---", "**", "`", ">"):
        assert mark not in shown(made)
    assert made[0]["elements"][0] == {"type": "text", "text": "Analysis", "style": {"bold": True}}
    assert made[6]["elements"][1]["elements"] == [
        {"type": "text", "text": "second", "style": {"bold": True}},
        {"type": "text", "text": " and "},
        {"type": "text", "text": "code", "style": {"code": True}},
    ]


def test_a_narrow_table_is_aligned_and_a_wide_one_is_told_row_by_row() -> None:
    """Numbers to the right; in a wide one each figure has its column's name."""
    assert shown(elements(PAGE)[4]).splitlines() == [
        "column        kind        mean",
        "amount (EUR)  number  1,005.25",
        "to            text           -",
    ]
    head = [f"a long heading {n}" for n in range(6)]
    rows = [["one", "2", "-", "", "x \\| y", "3"], ["two"]]
    text = "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * 6, rows[0], rows[1]))
    (made,) = elements(text)
    assert made["type"] == "rich_text_list"
    assert shown(made["elements"][0]) == (
        "one: a long heading 1 2 · a long heading 4 x | y · a long heading 5 3"
    )
    assert shown(made["elements"][1]) == "two"


def test_nothing_stands_twice() -> None:
    """Findings that the facts above show, or that the text lists, are not repeated."""
    result = RESULT.model_copy(
        update={"full_text": PAGE, "findings": ("North grew fastest.", "South shrank.", "West?")}
    )
    for modal in (
        everything_modal(VALUE, view(result), result),
        care_modal(VALUE, view(result, policy={"open_first": True}), result),
    ):
        read = shown(modal["blocks"]) + json.dumps(modal["blocks"])
        whole = "".join(shown(block) for block in modal["blocks"])
        for finding in result.findings:
            assert whole.count(finding) == 1, (finding, read)
        assert "Findings" not in whole.partition("Full report")[2]
        assert "Columns" in whole


def test_a_finding_that_nothing_shows_is_shown_first() -> None:
    """Neither the card, which ends after some, nor the text."""
    result = RESULT.model_copy(update={"findings": tuple(f"finding {n}." for n in range(30))})
    blocks = full_text(result, 90, body(view(result)))
    both = "".join(shown(block) for block in [*body(view(result)), *blocks])
    for n in range(30):
        assert both.count(f"finding {n}.") == 1


def test_ids_are_read_as_names() -> None:
    """Of those who are known here, or as the text itself calls them; none is a live mention."""
    made = shown(elements(f"<@{GRACE}> and <@{ADA}|ada> in <#C1|general>", names={GRACE: "grace"}))
    assert made.strip() == inert("@grace and @ada in #general")
    result = RESULT.model_copy(update={"full_text": f"Ask <@{GRACE}>."})
    assert GRACE not in "".join(shown(b) for b in full_text(result, 50, [], {GRACE: "Grace"}))


@pytest.mark.parametrize(
    "text",
    [
        "https://evil.example/a **b**",
        "exa**mple.co**m and evi`l.exam`ple",
        "ht**tp**s://x.example",
        "@he**re** <!channel> <@U1|x>",
        "[click](https://evil.example) ![p](https://evil.example/p.png)",
        "| a | b |\n| --- | --- |\n| <!here> | https://evil.example |",
        "```\nhttps://evil.example <!here>\n```",
    ],
)
def test_nothing_in_it_is_alive(text: str) -> None:
    """Whole or cut to pieces by markup, links and mentions stay dead."""
    result = AgentResult(summary="s", full_text=text)
    blocks = full_text(result, 50)
    read = "".join(shown(block) for block in blocks[1:])
    assert "https://" not in read
    assert "example.com" not in read
    assert "evil.example" not in read
    assert "@" not in read
    assert "<!" not in read
    _inert(blocks[1:])


def _inert(block: object) -> None:
    """Only texts; no element that Slack brings to life."""
    if isinstance(block, dict):
        assert block.get("type") not in LIVE
        assert not ({"url", "user_id", "image_url"} & set(block))
        for part in block.values():
            _inert(part)
    if isinstance(block, list):
        for part in block:
            _inert(part)


MARKUP = st.lists(
    st.one_of(
        st.sampled_from(
            ["# h", "* i", "1. n", "> q", "```", "|a|b|", "|-|-|", "|---|---|", "**b**", "`c`", ""]
        ),
        st.text(max_size=60),
    ),
    max_size=30,
).map("\n".join)


@settings(max_examples=300, deadline=None)
@given(MARKUP, st.lists(st.text(max_size=30), max_size=8))
def test_any_text_makes_a_valid_view_with_nothing_alive(text: str, findings: list[str]) -> None:
    """Whatever the agent wrote."""
    result = AgentResult(summary="s", findings=tuple(findings), full_text=text)
    modal = everything_modal(VALUE, view(result), result, tuple(Verdict))
    assert view_problems(modal) == []
    for piece in pieces(text):
        _inert(piece.element)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text("abc xyz", min_size=1, max_size=40), min_size=1, max_size=40))
def test_no_word_is_lost(words: list[str]) -> None:
    """Every word of plain lines and items is there, in order."""
    marks = random.Random(1)
    text = "\n".join(f"{marks.choice(['', '* ', '1. ', '> ', '# '])}{word}" for word in words)
    parts = "".join(f" {part} " for part in texts_of([p.element for p in pieces(text)]))
    for word in words:
        assert " ".join(word.split()) in " ".join(parts.split())


def test_a_long_text_says_how_much_of_it_is_shown() -> None:
    """The number counts the source up to the last line shown."""
    text = "\n".join(f"line {n}" for n in range(5_000))
    blocks = full_text(AgentResult(summary="s", full_text=text), 10)
    end = int(str(blocks[-1]).partition("✂️ ")[2].partition(" of")[0].replace(",", ""))
    last = shown(blocks[-3]).strip().splitlines()[-1]
    assert text[:end].strip().endswith(last)
    assert len(blocks) <= 10
    assert blocks[0] == context(f"📄 Full report (agent output), {len(text):,} characters")


def test_whoever_may_decide_can_do_it_there() -> None:
    """Nothing is chosen beforehand; high risk asks for its phrase; a reader gets no form."""
    high = view(policy={"risk": Risk.HIGH})
    modal = everything_modal(VALUE, high, RESULT, (Verdict.APPROVE, Verdict.REJECT))
    assert modal["callback_id"] == ActionId.DECIDE_MODAL
    assert ModalValue.model_validate_json(modal["private_metadata"]).target == TARGET
    inputs = {b["block_id"]: b["element"] for b in modal["blocks"] if b["type"] == "input"}
    assert list(inputs) == ["verdict", "comment", "confirmation"]
    assert [o["value"] for o in inputs["verdict"]["options"]] == ["approve", "reject"]
    assert "initial_option" not in inputs["verdict"]
    reader = everything_modal(VALUE, high, RESULT)
    assert "submit" not in reader
    assert "input" not in {block["type"] for block in reader["blocks"]}
