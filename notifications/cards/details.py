"""Everything about an approval, for the forms that show it whole: what a card leaves out, too."""

from collections.abc import Iterator
from datetime import datetime

from notifications.cards.call_list import call_blocks, call_lines
from notifications.cards.difference import as_blocks, difference_of
from notifications.cards.facts import facts, progress, title, to_come, warnings
from notifications.cards.runs import denied_before, ran_before
from notifications.text.sanitize import clip, inert, mrkdwn
from notifications.views.blocks import Block, context, divider, fields, header, quote
from notifications.views.format import code, person
from workflows.content.edit_note import edit_note, one_line
from workflows.content.rendering import CARD_FINDING, CARD_FINDINGS, figures
from workflows.messages.content_hash import PREFIX
from workflows.messages.requests import CardView

SUMMARY_SHOWN = 1_200
FINDINGS_SHOWN = CARD_FINDINGS
FINDING_SHOWN = CARD_FINDING
FIGURES_SHOWN = 300
COMMENT_SHOWN = 600
DIFF_SHOWN = 1_800


def details(view: CardView, now: datetime) -> list[Block]:
    """All of it: what is decided, who may, who did, what it binds to, and what is still to come."""
    lines = [*progress(view), *to_come(view, now)]
    return [*body(view), *(context(line) for line in lines)]


def body(view: CardView) -> list[Block]:
    """What is to be decided, as the forms show it."""
    return [
        header(title(view)),
        *changes(view, DIFF_SHOWN, "the attached file has all"),
        fields(facts(view)),
        *(context(line) for line in warnings(view, _shown(view))),
        *asked(view),
        *ran_before(view.request.ran),
        *denied_before(view.request.denied),
        *_decided_on(view),
        context(_fine_print(view)),
    ]


def head(view: CardView) -> list[Block]:
    """What it is about and who decides, without what is decided."""
    return [header(title(view)), fields(facts(view))]


def asked(view: CardView) -> list[Block]:
    """What the version before was sent back with."""
    request = view.request
    if not request.feedback:
        return []
    wanted = clip(request.feedback, COMMENT_SHOWN, inert).shown
    return [context("✏️ Requested changes:"), quote(wanted)]


def changes(view: CardView, most: int, elsewhere: str, gone: int | None = None) -> list[Block]:
    """What changed since the revision before, word by word; `elsewhere` says where the rest is.

    `most` characters of it, and of removed words `gone` in a row.
    """
    if view.request.previous is None:
        return []
    since = f"v{view.request.revision - 1}"
    note = edit_note(view)
    by = f"✏️ Edited by {person(view.request.edited_by)}: {mrkdwn(note)}" if note else ""
    edited = [context(by), *map(context, _edit_comment(view))] if note else []
    sections, whole = as_blocks(difference_of(view), most, gone)
    if not sections:
        return [*edited, context(f"🔍 Changes since {since}: none.")]
    said = f"🔍 Changes since {since}: ~old~ *new*" + ("" if whole else f" · {elsewhere}")
    return [*edited, context(said), {"type": "rich_text", "elements": sections}]


def author(view: CardView) -> str:
    """Whose words are shown: `Agent output (analysis)`; ready mrkdwn."""
    request = view.request
    if request.version is None and not request.step:
        return "📎 Message" + (f" by {person(request.authors[0])}" if request.authors else "")
    name = code(request.version.name if request.version else request.step)
    edited = f", edited by {person(request.edited_by)}" if request.edited_by else ""
    return f"🤖 Agent output ({name}){edited}"


def bullets(items: list[str]) -> Block:
    """A list in a frame, for a rich text block; the items are inert."""
    sections = [
        {"type": "rich_text_section", "elements": [{"type": "text", "text": item or "-"}]}
        for item in items
    ]
    return {"type": "rich_text_list", "style": "bullet", "border": 1, "elements": sections}


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


def _decided_on(view: CardView) -> list[Block]:
    """The calls that will run, or what the agent wrote."""
    request = view.request
    if request.result.calls:
        name = code(request.version.name if request.version else request.step or "agent")
        return [context(f"▶️ What {name} runs once approved"), *call_blocks(request.result.calls)]
    shown = clip(figures(request.result), FIGURES_SHOWN, mrkdwn)
    cut = "" if shown.whole else " … (the attached file has all)"
    numbers = [context(f"Figures: {shown.shown}{cut}")] if request.result.metrics else []
    return [context(author(view)), *_agent_text(view), divider(), *numbers]


def _agent_text(view: CardView) -> list[Block]:
    summary = clip(view.request.result.summary, SUMMARY_SHOWN, inert).shown or "(no summary)"
    blocks = [quote(summary)]
    findings = [clip(text, FINDING_SHOWN, inert).shown for text in _findings(view)]
    if findings:
        blocks[0]["elements"].append(bullets(findings))
    return blocks


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
