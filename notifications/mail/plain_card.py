"""The approval card for readers outside Slack: e-mail and the decision page.

The same facts, the same order and the same digest as the card in Slack. What an agent or a person
wrote is kept apart from what code knows, and has gone through `inert`; nothing here is escaped for
HTML, which is left to the templates.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from notifications.cards.call_list import Listed, call_lines, listed
from notifications.cards.difference import as_text, difference_of
from notifications.cards.facts import headline
from notifications.cards.runs import counted, denied_text, run_line, warning
from notifications.text.sanitize import cautions, clip, inert, visible
from notifications.views import words
from workflows.content.edit_note import edit_note, one_line
from workflows.content.rendering import figures
from workflows.messages import durations
from workflows.messages.base import Frozen
from workflows.messages.content_hash import PREFIX
from workflows.messages.decisions import Outcome
from workflows.messages.policy import Risk
from workflows.messages.requests import CardView

TITLE_SHOWN = 140
NAME_SHOWN = 80
FINDINGS_SHOWN = 20
CALLS_SHOWN = 20
FINDING_SHOWN = 600
DIFF_SHOWN = 4_000
COMMENT_SHOWN = 600
RUNS_SHOWN = 10
_PEOPLE_SHOWN = 10
_THEN = {"expire": "it expires", "reject": "it is rejected", "approve": "it is approved"}

Names = Mapping[str, str]


class Fact(Frozen):
    """One line that code vouches for."""

    label: str
    text: str


class PlainCard(Frozen):
    """Everything a reader needs; `outcome` is empty while a decision is possible.

    `calls` are what will run, where that is what is decided; their values are visible, not inert.
    """

    title: str
    revision: int
    facts: tuple[Fact, ...]
    warnings: tuple[str, ...]
    agent: str
    summary: str
    findings: tuple[str, ...]
    figures: str
    calls: Listed | None
    edited: str
    changes: str
    fine_print: str
    digest: str
    outcome: str
    comment: str


def plain_card(
    view: CardView, now: datetime, zone: ZoneInfo | None = None, names: Names | None = None
) -> PlainCard:
    """The card in words; times in `zone` (UTC without one), people by `names` where known."""
    names = {**_known(view), **(names or {})}
    zone = zone or ZoneInfo("UTC")
    result, ballot = view.request.result, view.ballot
    return PlainCard(
        title=line(headline(view), TITLE_SHOWN),
        revision=view.request.revision,
        facts=tuple(_facts(view, now, zone, names)),
        warnings=tuple(_warnings(view)),
        agent=line(_agent(view), NAME_SHOWN),
        summary=inert(result.summary) or ("" if result.calls else "(no summary)"),
        findings=tuple(
            clip(text, FINDING_SHOWN, inert).shown for text in result.findings[:FINDINGS_SHOWN]
        ),
        figures=clip(figures(result), FINDING_SHOWN, inert).shown,
        calls=listed(result.calls, CALLS_SHOWN, DIFF_SHOWN) if result.calls else None,
        edited=_edited(view, names),
        changes=_changes(view),
        fine_print=_fine_print(view),
        digest=ballot.digest,
        outcome=_outcome(view, zone, names),
        comment=clip(view.reason, COMMENT_SHOWN, inert).shown if ballot.outcome else "",
    )


def line(text: str, limit: int) -> str:
    """Untrusted text on one line, for subjects and headings."""
    return clip(" ".join(text.split()), limit, _inert_line).shown


def _inert_line(text: str) -> str:
    return inert(text.replace("\n", " ").replace("\t", " "))


def named(user: str, names: Names) -> str:
    """A person's name, or the id of somebody we have no name for."""
    return line(names.get(user) or user, NAME_SHOWN)


def moment(at: datetime, zone: ZoneInfo) -> str:
    """`Fri 4 Dec 2026, 16:00 (Europe/Berlin)`."""
    local = at.astimezone(zone)
    return f"{local:%a} {local.day} {local:%b %Y, %H:%M} ({zone.key})"


def _known(view: CardView) -> dict[str, str]:
    electorate = view.ballot.electorate
    people = electorate.people if electorate else ()
    said = {d.by: d.name for d in view.ballot.counted if d.name}
    return {**said, **{person.id: person.name for person in people if person.name}}


def _people(users: Iterable[str], names: Names) -> str:
    users = list(users)
    shown = ", ".join(named(user, names) for user in users[:_PEOPLE_SHOWN])
    rest = len(users) - _PEOPLE_SHOWN
    return shown + (f" and {rest} more" if rest > 0 else "")


def _facts(view: CardView, now: datetime, zone: ZoneInfo, names: Names) -> Iterable[Fact]:
    request, ballot = view.request, view.ballot
    yield Fact(label="Requested by", text=named(request.requester, names))
    step = f"{request.step_number} of {request.steps_total}"
    step += f" ({line(request.step, NAME_SHOWN)})" if request.step else ""
    yield Fact(label="Step", text=step)
    yield Fact(label="Who may decide", text=_people(sorted(ballot.eligible()), names))
    yield Fact(label="Rule", text=rule(view))
    if ballot.outcome is None and ballot.deadline is not None:
        left = durations.words(ballot.deadline - now)
        until = (
            f"{moment(ballot.deadline, zone)}, in {left}; then {_THEN[request.policy.on_timeout]}"
        )
        yield Fact(label="Until", text=until)
    if request.authors:
        yield Fact(label="Edited by", text=_people(request.authors, names))
    if request.spent.tokens:
        version = line(request.version.model_version, NAME_SHOWN) if request.version else ""
        cost = request.spent.words()
        yield Fact(label="Model", text=f"{version}, {cost}" if version else cost)
    yield from _ran(view)
    yield from _denied(view)
    if ballot.counted and ballot.outcome is None:
        said = [f"{named(d.by, names)} {words.VERDICT[d.verdict]}" for d in ballot.counted[:8]]
        missing = ballot.missing()
        yield Fact(
            label="So far", text=", ".join(said) + (f"; still needed: {missing}" if missing else "")
        )


def _ran(view: CardView) -> Iterable[Fact]:
    """What the step ran already, which no decision takes back."""
    ran = view.request.ran
    if ran:
        text = ". ".join(filter(None, (counted(ran), warning(ran))))
        lines = "; ".join(run_line(run, _inert_line) for run in ran[:RUNS_SHOWN])
        yield Fact(label="Ran before", text=f"{text}: {lines}")


def _denied(view: CardView) -> Iterable[Fact]:
    """What its agent wanted to run and a policy stopped."""
    if denied := view.request.denied:
        yield Fact(label="Denied by policy", text=denied_text(denied, _inert_line, RUNS_SHOWN))


def rule(view: CardView) -> str:
    """What it takes, in words."""
    text = words.rule(view.ballot, lambda name: line(name, NAME_SHOWN))
    return text + (", HIGH RISK" if view.request.policy.risk is Risk.HIGH else "")


def _warnings(view: CardView) -> Iterable[str]:
    request = view.request
    why = line(request.mode_reason, 200)
    if request.execution_mode in words.NOT_LIVE:
        reason = f" ({why})" if why else ""
        yield f"{words.NOT_LIVE[request.execution_mode]}{reason}."
    elif why:
        yield why
    if request.result.offline:
        yield words.OFFLINE
    if request.unreviewed:
        named = ", ".join(line(step, NAME_SHOWN) for step in request.unreviewed[:_PEOPLE_SHOWN])
        yield f"Nobody reviewed the steps before this: {named}."
    if request.claimed:
        yield words.unfounded(request.claimed)
    read = (request.result.summary, *request.result.findings, *call_lines(request.result.calls))
    yield from cautions("\n".join(read))


def _agent(view: CardView) -> str:
    return view.request.version.name if view.request.version else view.request.step or "agent"


def _changes(view: CardView) -> str:
    """What changed since the revision before; empty for a first one."""
    if view.request.previous is None:
        return ""
    parts = difference_of(view)
    shown = clip(as_text(parts) or "No change.", DIFF_SHOWN, inert)
    whole = shown.whole and all(part.whole for part in parts)
    return shown.shown + ("" if whole else "\n(Not all of the changes; Slack has everything.)")


def _edited(view: CardView, names: Names) -> str:
    note = inert(edit_note(view))
    editor, said = named(view.request.edited_by, names), one_line(view.request.edit_comment)
    comment = f" {editor}: {clip(said, COMMENT_SHOWN, inert).shown}" if said else ""
    return f"Edited by {editor}: {note}{comment}" if note else ""


def _fine_print(view: CardView) -> str:
    result = view.request.result
    if result.calls:
        return f"What runs is exactly this; digest {visible(view.ballot.digest[:PREFIX])}"
    shown = len(result.summary) + sum(
        clip(text, FINDING_SHOWN, inert).shown_count for text in result.findings[:FINDINGS_SHOWN]
    )
    total = len(result.summary) + sum(map(len, result.findings)) + view.full_text_characters
    return f"{shown:,} of {total:,} characters shown; digest {visible(view.ballot.digest[:PREFIX])}"


def _outcome(view: CardView, zone: ZoneInfo, names: Names) -> str:
    ballot = view.ballot
    if ballot.outcome is None:
        return ""
    deciders = _people(ballot.settled_by(), names)
    text = words.outcome(ballot)[1] + (f" by {deciders}" if deciders else "")
    text += f", {moment(ballot.settled_at, zone)}" if ballot.settled_at else ""
    replaced = ballot.outcome is Outcome.CHANGES_REQUESTED
    return text + (f"; replaced by version {ballot.revision + 1}" if replaced else "")
