"""The approval card: what is asked, what follows, what is approved, buttons, one grey line.

It fits a phone: title and buttons stand on one screen. What it leaves out is in `details.py`, one
click away. Agent text goes only into `rich_text` and `plain_text` elements, which Slack shows
literally, after `inert` has made hidden characters visible and links and mentions dead.
"""

from collections.abc import Callable
from typing import NamedTuple

from notifications.cards.buttons import MenuChoice, Target
from notifications.cards.call_list import call_blocks, call_lines
from notifications.cards.decide_buttons import decide_buttons, details_button
from notifications.cards.details import author, bullets, changes
from notifications.cards.facts import grey_line, outcome_line, settled_by, warnings
from notifications.cards.question import QUESTION_SHOWN, consequence, question
from notifications.cards.runs import denied_before, ran_before
from notifications.text.sanitize import Clipped, clip, escape, inert, mrkdwn
from notifications.views import words
from notifications.views.blocks import Block, context, header, quote, section
from workflows.content.rendering import figures
from workflows.messages.content_hash import PREFIX
from workflows.messages.requests import CardView

TEXT_SHOWN = 120
WORDS_SHOWN, SUMMARY_LEAST = 430, 200
"""Characters of a difference, a summary and findings together; a summary has so many, or none."""
SUMMARY_SHOWN, FINDINGS_SHOWN, FINDING_SHOWN = 220, 3, 100
DIFF_SHOWN, GONE_SHOWN = 260, 60
FIGURES_SHOWN, COMMENT_SHOWN, ASKED_SHOWN, RUNS_SHOWN = 60, 600, 140, 2
WORD = 30
"""Characters that may be left out so that no word is cut."""
_ELSEWHERE = "more in Details"


class _AgentText(NamedTuple):
    """What an agent wrote, as far as it is shown."""

    summary: Clipped
    findings: tuple[Clipped, ...]


def card(view: CardView) -> list[Block]:
    """The card's blocks; with buttons to decide only while a decision is possible."""
    pending = view.ballot.outcome is None
    changed = changes(view, DIFF_SHOWN, _ELSEWHERE, GONE_SHOWN)
    said = _agent_text(view, WORDS_SHOWN - _length(changed))
    return [
        header(question(view)),
        *([section(consequence(view))] if pending else _outcome(view)),
        *_asked(view),
        *changed,
        *(context(line) for line in warnings(view, _shown(view), short=True)),
        *ran_before(view.request.ran, RUNS_SHOWN),
        *denied_before(view.request.denied, RUNS_SHOWN),
        *(call_blocks(view.request.result.calls, question(view)) or _framed(view, said)),
        *([_buttons(view)] if pending else []),
        context(grey_line(view)),
    ]


def card_text(view: CardView) -> str:
    """The notification, at most 120 characters: the question first; once decided, the outcome."""
    ballot, summary = view.ballot, view.request.result.summary
    asked = escape(question(view, QUESTION_SHOWN if ballot.outcome is None else TEXT_SHOWN))
    if ballot.outcome is None:
        return _and(asked, summary)
    did = f"{words.outcome(ballot)[1]}: {asked}"
    by = settled_by(view)
    return _and(did + by if len(did + by) <= TEXT_SHOWN else did, view.reason)


def _and(text: str, said: str) -> str:
    """The text, and as much as there is room for of what an agent or a person wrote."""
    text = clip(text, TEXT_SHOWN).shown
    quoted = _cut(" ".join(said.split()), max(0, TEXT_SHOWN - len(text) - 3), mrkdwn).shown
    return f"{text} “{quoted}”" if quoted else text


def _asked(view: CardView) -> list[Block]:
    """What the version before was sent back with."""
    if not view.request.feedback:
        return []
    wanted = " ".join(view.request.feedback.split())
    shown = _cut(wanted, ASKED_SHOWN, mrkdwn)
    return [context(f"✏️ Requested changes: “{shown.shown}{_dots(shown)}”")]


def _agent_text(view: CardView, room: int) -> _AgentText:
    """As much as fits beside what changed."""
    result = view.request.result
    if room < SUMMARY_LEAST:
        return _AgentText(Clipped("", 0, len(result.summary)), ())
    summary = _cut(result.summary, min(SUMMARY_SHOWN, room))
    room -= summary.shown_count
    findings: list[Clipped] = []
    for text in result.findings[:FINDINGS_SHOWN]:
        shown = _cut(text, FINDING_SHOWN)
        room -= len(shown.shown)
        if room < 0:
            break
        findings.append(shown)
    return _AgentText(summary, tuple(findings))


def _framed(view: CardView, said: _AgentText) -> list[Block]:
    result = view.request.result
    shown = said.summary.shown_count + sum(one.shown_count for one in said.findings)
    total = len(result.summary) + sum(map(len, result.findings)) + view.full_text_characters
    if not shown and total:
        both = " and figures" if result.metrics else ""
        return [context(f"{author(view)} · all {total:,} characters{both} in Details")]
    part = f" · {shown:,} of {total:,} characters, all in Details" if shown < total else ""
    framed = quote(said.summary.shown + _dots(said.summary) or "(no summary)")
    if said.findings:
        framed["elements"].append(bullets([one.shown + _dots(one) for one in said.findings]))
    return [context(author(view) + part), framed, *_figures(view)]


def _figures(view: CardView) -> list[Block]:
    result = view.request.result
    numbers = clip(figures(result), FIGURES_SHOWN, mrkdwn)
    return [context(f"Figures: {numbers.shown}{_dots(numbers)}")] if result.metrics else []


def _shown(view: CardView) -> str:
    """The text that a reader is warned about."""
    result = view.request.result
    if result.calls:
        return "\n".join(call_lines(result.calls))
    return "\n".join((result.summary, *result.findings[:FINDINGS_SHOWN]))


def _length(blocks: list[Block]) -> int:
    """Characters of the rich text in them."""
    rich = (block for block in blocks if block["type"] == "rich_text")
    parts = (part for block in rich for one in block["elements"] for part in one["elements"])
    return sum(len(part["text"]) for part in parts)


def target(view: CardView) -> Target:
    """What the card's buttons are about."""
    return Target(
        approval=view.request.id,
        revision=view.request.revision,
        digest=view.ballot.digest[:PREFIX],
    )


def _buttons(view: CardView) -> Block:
    policy, revision = view.request.policy, view.request.revision
    changeable = revision < policy.max_revisions
    editable = changeable or policy.edit_settles()
    return decide_buttons(
        target(view),
        view.request.title,
        careful=policy.careful(),
        changeable=changeable,
        settles=policy.edit_settles(),
        without=frozenset() if editable else frozenset({MenuChoice.EDIT}),
    )


def _outcome(view: CardView) -> list[Block]:
    """How it ended, with the way to everything about it, and the words that ended it."""
    ended = section(outcome_line(view)) | {
        "accessory": details_button(target(view), view.request.title)
    }
    if not view.reason:
        return [ended]
    return [ended, quote(clip(view.reason, COMMENT_SHOWN, inert).shown)]


def _cut(text: str, limit: int, render: Callable[[str], str] = inert) -> Clipped:
    """At most so many characters, whole words where that costs little."""
    shown = clip(text, limit, render)
    end = text.rfind(" ", 0, shown.shown_count + 1)
    if shown.whole or end < max(1, shown.shown_count - WORD):
        return shown
    return Clipped(render(text[:end]), end, len(text))


def _dots(text: Clipped) -> str:
    return "" if text.whole else "…"
