"""The approval card. Facts are rendered by code; agent text stays in its own labelled region.

Agent text goes only into `rich_text` and `plain_text` elements, which Slack shows literally, after
`inert` has made hidden characters visible and links and mentions dead.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from notifications.cards.buttons import MenuChoice, Target
from notifications.cards.call_list import call_blocks, call_lines
from notifications.cards.decide_buttons import decide_buttons
from notifications.cards.difference import as_blocks, as_text, difference_of
from notifications.cards.facts import facts, outcome_line, progress, title, to_come, warnings
from notifications.cards.runs import counted, ran_before, warning
from notifications.text.sanitize import clip, inert, mrkdwn
from notifications.views import words
from notifications.views.blocks import Block, context, divider, fields, header, quote, section
from notifications.views.format import code, people, person, plain_moment
from workflows.content.edit_note import edit_note, one_line
from workflows.content.rendering import CARD_FINDING, CARD_FINDINGS, figures
from workflows.messages.content_hash import PREFIX
from workflows.messages.requests import CardView

SUMMARY_SHOWN = 1_200
FINDINGS_SHOWN = CARD_FINDINGS
FINDING_SHOWN = CARD_FINDING
FIGURES_SHOWN = 300
CALLS_SHOWN = 6_000
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
    """The same in plain text, for notifications and screen readers."""
    request = view.request
    lines = [
        f"{_heading(view)}: {mrkdwn(title(view))}",
        *_changed_lines(view),
        *(": ".join(fact.replace("*", "").split("\n", 1)) for fact in facts(view)),
        *warnings(view, _shown(view)),
    ]
    if request.feedback:
        lines.append(f"Asked for: {clip(request.feedback, COMMENT_SHOWN, mrkdwn).shown}")
    if request.ran:
        lines.append(f"Ran before: {counted(request.ran)}. {warning(request.ran)}".strip())
    if request.result.calls:
        shown = "\n".join(call_lines(request.result.calls))
        lines.append(f"{_label(view)}:\n{clip(shown, CALLS_SHOWN, mrkdwn).shown}")
    else:
        summary = clip(request.result.summary, SUMMARY_SHOWN, mrkdwn).shown
        lines.append(f"{_label(view)}: {summary}")
        lines += [f"• {clip(text, FINDING_SHOWN, mrkdwn).shown}" for text in _findings(view)]
        if listed := figures(request.result):
            lines.append(f"Figures: {clip(listed, FIGURES_SHOWN, mrkdwn).shown}")
    lines += [_fine_print(view), *progress(view)]
    lines += to_come(view, datetime.now(UTC), plain_moment)
    return "\n".join([*lines, *_closing(view)])


_NO_CHANGE = "none."


def _changed_lines(view: CardView) -> Iterator[str]:
    request = view.request
    if note := edit_note(view):
        yield f"Edited by {person(request.edited_by)}: {mrkdwn(note)}"
        yield from _edit_comment(view)
    if request.previous is not None:
        changed = as_text(difference_of(view)) or _NO_CHANGE
        yield f"Changes since v{request.revision - 1}: {_escaped(changed)}"


def _edit_comment(view: CardView) -> Iterator[str]:
    """`@grace: Invoice says 1980.50.`; nothing where no comment came with the edit."""
    request = view.request
    if said := one_line(request.edit_comment):
        yield f"{person(request.edited_by)}: {clip(said, COMMENT_SHOWN, mrkdwn).shown}"


def _escaped(text: str) -> str:
    return clip(text, DIFF_SHOWN, mrkdwn).shown


def _heading(view: CardView) -> str:
    if view.ballot.outcome is None:
        return "Approval wanted"
    return words.outcome(view.ballot)[1]


def _closing(view: CardView) -> list[str]:
    ballot = view.ballot
    if ballot.outcome is None:
        until = f", until {plain_moment(ballot.deadline)}" if ballot.deadline else ""
        return [f"Who may decide: {people(ballot.deciders()) or 'nobody'}{until}."]
    reason = [clip(view.reason, COMMENT_SHOWN, mrkdwn).shown] if view.reason else []
    return [outcome_line(view), *reason]


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
        return [*edited, context(f"🔍 Changes since {since}: {_NO_CHANGE}")]
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
        without=frozenset() if editable else frozenset({MenuChoice.EDIT}),
    )


def _outcome(view: CardView) -> list[Block]:
    blocks = [section(outcome_line(view))]
    if view.reason:
        blocks.append(quote(clip(view.reason, COMMENT_SHOWN, inert).shown))
    return blocks
