"""The approval card. Facts are rendered by code; agent text stays in its own labelled region.

Agent text goes only into `rich_text` and `plain_text` elements, which Slack shows literally, after
`inert` has made hidden characters visible and links and mentions dead.
"""

import difflib
from typing import Any

from notifications import words
from notifications.buttons import ActionId, ButtonValue
from notifications.facts import code, moment, people, person, plain_moment
from notifications.text import cautions, clip, escape, inert, mrkdwn, visible
from workflows.decisions import Outcome, Verdict
from workflows.digest import PREFIX
from workflows.policy import Risk
from workflows.requests import CardView

Block = dict[str, Any]

SUMMARY_SHOWN = 1_200
FINDINGS_SHOWN = 6
FINDING_SHOWN = 220
COMMENT_SHOWN = 600
DIFF_SHOWN = 1_800
TITLE_SHOWN = 140


def card(view: CardView) -> list[Block]:
    """The card's blocks; with buttons only while a decision is possible."""
    blocks = [_title(view), _facts(view), *_warnings(view), _label(view), *_agent_text(view)]
    blocks += [*_diff(view), _fine_print(view)]
    if view.ballot.outcome is None:
        return [*blocks, *_progress(view), _buttons(view)]
    return [*blocks, *_outcome(view)]


def card_text(view: CardView) -> str:
    """The same in plain text, for notifications and screen readers."""
    request = view.request
    summary = clip(request.result.summary, SUMMARY_SHOWN, mrkdwn).shown
    head = f"{_heading(view)}: {_title_text(view)}"
    who = f"Requested by {person(request.requester)}, step {request.step_number} of "
    who += f"{request.steps_total}, risk {request.policy.risk}."
    return "\n".join((head, who, f"The agent writes: {summary}", _closing_text(view)))


def _heading(view: CardView) -> str:
    if view.ballot.outcome is None:
        return "Approval wanted"
    return words.OUTCOME[view.ballot.outcome][1]


def _closing_text(view: CardView) -> str:
    ballot = view.ballot
    if ballot.outcome is None:
        assert ballot.deadline is not None
        approvers = people(sorted(ballot.eligible()))
        return f"Who may decide: {approvers}, until {plain_moment(ballot.deadline)}."
    return _outcome_line(view)


def _title_text(view: CardView) -> str:
    title = clip(view.request.title, TITLE_SHOWN, mrkdwn).shown
    return f"{title} · v{view.request.revision}"


def _title(view: CardView) -> Block:
    text = clip(view.request.title, TITLE_SHOWN, visible).shown
    title = f"{text} · v{view.request.revision}"
    return {"type": "header", "text": {"type": "plain_text", "text": title, "emoji": False}}


def _facts(view: CardView) -> Block:
    request, ballot = view.request, view.ballot
    fields = [
        f"*Requested by*\n{person(request.requester)}",
        f"*Step*\n{request.step_number} of {request.steps_total}"
        + (f" · {code(request.step)}" if request.step else ""),
        f"*Who may decide*\n{people(sorted(ballot.eligible()))}",
        f"*Rule*\n{_rule(view)}",
    ]
    if ballot.outcome is None and ballot.deadline is not None:
        fields.append(f"*Until*\n{moment(ballot.deadline)}, then it {_then(view)}")
    if request.authors:
        fields.append(f"*Edited by*\n{people(request.authors)}")
    return {"type": "section", "fields": [{"type": "mrkdwn", "text": text} for text in fields]}


def _rule(view: CardView) -> str:
    rules = view.request.policy
    parts = ["one approval" if rules.quorum == 1 else f"{rules.quorum} approvals"]
    if rules.groups:
        parts.append("one from each of " + ", ".join(code(name) for name in rules.groups))
    parts.append("one rejection ends it" if rules.reject_quorum == 1 else "")
    parts.append("*high risk*" if rules.risk is Risk.HIGH else "")
    return ", ".join(part for part in parts if part)


def _then(view: CardView) -> str:
    return {"expire": "expires", "reject": "is rejected", "approve": "is approved"}[
        view.request.policy.on_timeout
    ]


def _warnings(view: CardView) -> list[Block]:
    request = view.request
    lines = []
    if request.execution_mode in words.NOT_LIVE:
        reason = f" ({mrkdwn(request.mode_reason)})" if request.mode_reason else ""
        lines.append(f"⚠️ {words.NOT_LIVE[request.execution_mode]}{reason}.")
    if request.result.offline:
        lines.append(f"🔌 {words.OFFLINE}")
    shown = "\n".join((request.result.summary, *request.result.findings[:FINDINGS_SHOWN]))
    lines += [f"⚠️ {escape(caution)}" for caution in cautions(shown)]
    return [_context(line) for line in lines]


def _label(view: CardView) -> Block:
    name = code(view.request.version.name if view.request.version else view.request.step or "agent")
    return _context(f"🤖 Below, up to the next line, is what the agent {name} wrote:")


def _agent_text(view: CardView) -> list[Block]:
    result = view.request.result
    summary = clip(result.summary, SUMMARY_SHOWN, inert).shown or "(no summary)"
    elements: list[Block] = [_quote(summary)]
    findings = [clip(text, FINDING_SHOWN, inert).shown for text in result.findings[:FINDINGS_SHOWN]]
    if findings:
        elements.append(_list(findings))
    return [{"type": "rich_text", "elements": elements}]


def _quote(text: str) -> Block:
    return {"type": "rich_text_quote", "elements": [{"type": "text", "text": text}]}


def _list(items: list[str]) -> Block:
    sections = [
        {"type": "rich_text_section", "elements": [{"type": "text", "text": item or "-"}]}
        for item in items
    ]
    return {"type": "rich_text_list", "style": "bullet", "border": 1, "elements": sections}


def _diff(view: CardView) -> list[Block]:
    """What changed since the revision before, line by line."""
    previous, current = view.request.previous, view.request.result
    if previous is None:
        return []
    before = [previous.summary, *previous.findings]
    after = [current.summary, *current.findings]
    lines = [
        line
        for line in difflib.unified_diff(before, after, lineterm="", n=0)
        if not line.startswith(("---", "+++", "@@"))
    ]
    text = "\n".join(lines) or "No change in summary or findings."
    shown = clip(text, DIFF_SHOWN, inert)
    note = f"Changes since v{view.request.revision - 1}" + (
        f" ({shown.shown_count} of {shown.total} characters shown)" if not shown.whole else ""
    )
    body = {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": shown.shown}]}
    return [_context(f"✏️ {note}:"), {"type": "rich_text", "elements": [body]}]


def _fine_print(view: CardView) -> Block:
    """How much of the result is shown, where the rest is, and what the decision binds to."""
    result = view.request.result
    shown = clip(result.summary, SUMMARY_SHOWN, inert).shown_count
    shown += sum(
        clip(text, FINDING_SHOWN, inert).shown_count for text in result.findings[:FINDINGS_SHOWN]
    )
    total = len(result.summary) + sum(map(len, result.findings)) + view.full_text_characters
    where = "; everything hangs in the thread as a file" if view.full_text_characters else ""
    binding = f"digest {code(view.ballot.digest[:PREFIX])}"
    return _context(f"{shown:,} of {total:,} characters shown{where} · {binding}")


def _progress(view: CardView) -> list[Block]:
    ballot = view.ballot
    if not ballot.counted:
        return []
    said = [f"{person(d.by)} {words.VERDICT[d.verdict]}" for d in ballot.counted]
    missing = ballot.missing()
    return [_context(", ".join(said[:8]) + (f" · {missing}" if missing else ""))]


def _buttons(view: CardView) -> Block:
    careful = view.request.policy.risk is Risk.HIGH
    approve = ActionId.APPROVE_WITH_CARE if careful else ActionId.APPROVE
    return {
        "type": "actions",
        "block_id": "signoff_decision",
        "elements": [
            _button(
                view, approve, Verdict.APPROVE, "Approve" + ("…" if careful else ""), "primary"
            ),
            _button(view, ActionId.REJECT, Verdict.REJECT, "Reject…", "danger"),
        ],
    }


def _button(view: CardView, action: ActionId, verdict: Verdict, text: str, style: str) -> Block:
    value = ButtonValue(
        approval=view.request.id,
        revision=view.request.revision,
        digest=view.ballot.digest[:PREFIX],
        verdict=verdict,
    )
    label = f"{text.rstrip('…')} {view.request.title}, version {view.request.revision}"
    return {
        "type": "button",
        "action_id": action,
        "text": {"type": "plain_text", "text": text},
        "value": value.text(),
        "style": style,
        "accessibility_label": clip(label, 75, visible).shown,
    }


def _outcome(view: CardView) -> list[Block]:
    blocks: list[Block] = [
        {"type": "section", "text": {"type": "mrkdwn", "text": _outcome_line(view)}}
    ]
    if view.reason:
        shown = clip(view.reason, COMMENT_SHOWN, inert).shown
        blocks.append({"type": "rich_text", "elements": [_quote(shown)]})
    return blocks


def _outcome_line(view: CardView) -> str:
    ballot = view.ballot
    assert ballot.outcome is not None
    assert ballot.settled_at is not None
    sign, word = words.OUTCOME[ballot.outcome]
    deciders = people(d.by for d in ballot.counted)
    by = f" by {deciders}" if deciders else ""
    replaced = (
        f" · replaced by v{ballot.revision + 1}"
        if ballot.outcome is Outcome.CHANGES_REQUESTED
        else ""
    )
    return f"{sign} *{word}*{by} · {moment(ballot.settled_at)}{replaced}"


def _context(text: str) -> Block:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text}]}
