"""The approval card. Facts are rendered by code; agent text stays in its own labelled region.

Agent text goes only into `rich_text` and `plain_text` elements, which Slack shows literally, after
`inert` has made hidden characters visible and links and mentions dead.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from notifications.cards.buttons import MenuChoice, Target
from notifications.cards.call_list import call_blocks, call_lines
from notifications.cards.decide_buttons import decide_buttons
from notifications.cards.difference import as_blocks, difference_of
from notifications.cards.facts import (
    facts,
    headline,
    outcome_line,
    progress,
    settled_by,
    title,
    to_come,
    warnings,
)
from notifications.cards.runs import ran_before
from notifications.text.sanitize import clip, inert, mrkdwn
from notifications.views import words
from notifications.views.blocks import Block, context, divider, fields, header, quote, section
from notifications.views.format import code, person
from workflows.content.edit_note import edit_note, one_line
from workflows.content.rendering import CARD_FINDING, CARD_FINDINGS, figures
from workflows.messages.content_hash import PREFIX
from workflows.messages.requests import CardView

TEXT_SHOWN, QUESTION_SHOWN = 120, 90
SUMMARY_SHOWN = 1_200
FINDINGS_SHOWN = CARD_FINDINGS
FINDING_SHOWN = CARD_FINDING
FIGURES_SHOWN = 300
COMMENT_SHOWN = 600
DIFF_SHOWN = 1_800


def card(view: CardView, now: datetime | None = None) -> list[Block]:
    """The card's blocks; with buttons only while a decision is possible."""
    lines = [*progress(view), *to_come(view, now or datetime.now(UTC))]
    blocks = [*body(view), *(context(line) for line in lines)]
    if view.ballot.outcome is None:
        return [*blocks, _buttons(view)]
    return [*blocks, *_outcome(view)]


def body(view: CardView) -> list[Block]:
    """What is to be decided, as every surface shows it: card, forms, the full view."""
    return [
        header(title(view)),
        *_changes(view),
        fields(facts(view)),
        *(context(line) for line in warnings(view, _shown(view))),
        *_asked(view),
        *ran_before(view.request.ran),
        *_decided_on(view),
        context(_fine_print(view)),
    ]


def head(view: CardView) -> list[Block]:
    """What it is about and who decides, without what is decided."""
    return [header(title(view)), fields(facts(view))]


def card_text(view: CardView) -> str:
    """The notification, at most 120 characters: the question first; once decided, the outcome."""
    ballot, summary = view.ballot, view.request.result.summary
    if ballot.outcome is None:
        return _and(_question(view), summary)
    did = f"{words.outcome(ballot)[1]}: {mrkdwn(title(view))}"
    by = settled_by(view)
    return _and(did + by if len(did + by) <= TEXT_SHOWN else did, view.reason)


def _question(view: CardView) -> str:
    """`Approve analysis of sales.csv (v2)?`"""
    request, asked = view.request, headline(view)
    about = asked.removeprefix("Approve ").removesuffix("?") if request.result.calls else asked
    version = f" (v{request.revision})" if request.revision > 1 else ""
    return f"Approve {clip(about, QUESTION_SHOWN, mrkdwn).shown}{version}?"


def _and(text: str, said: str) -> str:
    """The text, and as much as there is room for of what an agent or a person wrote."""
    text = clip(text, TEXT_SHOWN).shown
    quoted = clip(" ".join(said.split()), max(0, TEXT_SHOWN - len(text) - 3), mrkdwn).shown
    return f"{text} “{quoted}”" if quoted else text


def _edit_comment(view: CardView) -> Iterator[str]:
    """`@grace: Invoice says 1980.50.`; nothing where no comment came with the edit."""
    request = view.request
    if said := one_line(request.edit_comment):
        yield f"{person(request.edited_by)}: {clip(said, COMMENT_SHOWN, mrkdwn).shown}"


def _shown(view: CardView) -> str:
    if view.request.result.calls:
        return "\n".join(call_lines(view.request.result.calls))
    return "\n".join((view.request.result.summary, *_findings(view)))


def _findings(view: CardView) -> tuple[str, ...]:
    return view.request.result.findings[:FINDINGS_SHOWN]


def _asked(view: CardView) -> list[Block]:
    """What the version before was sent back with."""
    request = view.request
    if not request.feedback:
        return []
    asked = clip(request.feedback, COMMENT_SHOWN, inert).shown
    return [context("✏️ The version before was sent back with:"), quote(asked)]


def _label(view: CardView) -> str:
    request = view.request
    if request.result.calls:
        name = code(request.version.name if request.version else request.step or "agent")
        return f"▶️ This is what {name} runs once it is approved"
    if request.version is None and not request.step:
        author = f" by {person(request.authors[0])}" if request.authors else ""
        return f"📎 Below is the message{author} to be decided"
    name = code(request.version.name if request.version else request.step)
    edited = f", as {person(request.edited_by)} edited it" if request.edited_by else ""
    return f"🤖 Below is what the agent {name} wrote{edited}"


def _agent_text(view: CardView) -> list[Block]:
    summary = clip(view.request.result.summary, SUMMARY_SHOWN, inert).shown or "(no summary)"
    blocks = [quote(summary)]
    findings = [clip(text, FINDING_SHOWN, inert).shown for text in _findings(view)]
    if findings:
        blocks[0]["elements"].append(_list(findings))
    return blocks


def _list(items: list[str]) -> Block:
    sections = [
        {"type": "rich_text_section", "elements": [{"type": "text", "text": item or "-"}]}
        for item in items
    ]
    return {"type": "rich_text_list", "style": "bullet", "border": 1, "elements": sections}


def _changes(view: CardView) -> list[Block]:
    """What changed since the revision before, word by word."""
    if view.request.previous is None:
        return []
    since = f"v{view.request.revision - 1}"
    note = edit_note(view)
    by = f"✏️ Edited by {person(view.request.edited_by)}: {mrkdwn(note)}" if note else ""
    edited = [context(by), *map(context, _edit_comment(view))] if note else []
    sections, whole = as_blocks(difference_of(view), DIFF_SHOWN)
    if not sections:
        return [*edited, context(f"🔍 Changes since {since}: none.")]
    cut = "" if whole else "; not all of them fit here, the attached file has everything"
    head = f"🔍 Changes since {since}: removed is struck, added is bold{cut}. Up to the line:"
    return [*edited, context(head), {"type": "rich_text", "elements": sections}, divider()]


def _decided_on(view: CardView) -> list[Block]:
    """The calls that will run, or what the agent wrote."""
    result = view.request.result
    if result.calls:
        return [context(f"{_label(view)}:"), *call_blocks(result.calls)]
    shown = clip(figures(result), FIGURES_SHOWN, mrkdwn)
    cut = "" if shown.whole else " … (the attached file has all)"
    numbers = [context(f"Figures: {shown.shown}{cut}")] if result.metrics else []
    return [context(f"{_label(view)}, up to the line:"), *_agent_text(view), divider(), *numbers]


def _fine_print(view: CardView) -> str:
    """How much of the result is shown, where the rest is, and what the decision binds to."""
    result = view.request.result
    binding = f"digest {code(view.ballot.digest[:PREFIX])}"
    if result.calls:
        return f"Every argument is in the attached file · {binding}"
    shown = clip(result.summary, SUMMARY_SHOWN, inert).shown_count
    shown += sum(clip(text, FINDING_SHOWN, inert).shown_count for text in _findings(view))
    total = len(result.summary) + sum(map(len, result.findings)) + view.full_text_characters
    where = "; full report attached" if view.full_text_characters or shown < total else ""
    return f"{shown:,} of {total:,} characters shown{where} · {binding}"


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
    blocks = [section(outcome_line(view))]
    if view.reason:
        blocks.append(quote(clip(view.reason, COMMENT_SHOWN, inert).shown))
    return blocks
