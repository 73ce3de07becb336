"""The facts of a card as lines of mrkdwn, written by code: who, how many, by when, what happened.

Agent text never comes in here; names of people and of the policy do, and are escaped.
"""

from collections.abc import Callable
from datetime import datetime

from notifications.reminders.ladder import describe
from notifications.text.sanitize import cautions, clip, escape, inert, mrkdwn
from notifications.views import words
from notifications.views.agent_health import ahead
from notifications.views.format import code, moment, people, person
from workflows.content import proposal
from workflows.messages.decisions import Outcome, Via
from workflows.messages.electorate import Exclusion
from workflows.messages.policy import Risk
from workflows.messages.requests import ApprovalRequest, CardView, step_of

TITLE_SHOWN = 140
RULE_SHOWN = 600
REASON_SHOWN = 300
MODEL_SHOWN = 80
RUNGS, ADDED, ADDED_SHOWN = 8, 3, 60
SAID = 8
EXCLUDED = 5
OBVIOUS = 3
UNWELL = 3

_THEN = {"expire": "expires", "reject": "is rejected", "approve": "is approved"}
_RISKS = {Risk.LOW: "low risk", Risk.HIGH: "⚠️ *high risk*"}
_RISK = {Risk.LOW: "low", Risk.NORMAL: "normal", Risk.HIGH: "⚠️ high"}


def title(view: CardView) -> str:
    """The heading, with the version. Inert, not escaped: it goes into plain text.

    Of tool calls it is made from the calls themselves, whatever the request is called.
    """
    return f"{clip(headline(view), TITLE_SHOWN, inert).shown} · v{view.request.revision}"


def headline(view: CardView) -> str:
    """What it is about, for calls as a question while it is one; not inert yet."""
    if not view.request.result.calls:
        return view.request.title
    about = proposal.heading(view.request.result.calls)
    return about if view.ballot.outcome else f"Approve {about}?"


def facts(view: CardView) -> list[str]:
    """`*name*`, a line break, and the value; at most ten."""
    request, ballot = view.request, view.ballot
    lines = [f"*Requested by*\n{person(request.requester)}"]
    if request.step:
        step = f"{request.step_number} of {request.steps_total} · {code(request.step)}"
        lines.append(f"*Step*\n{step}")
    lines += [
        f"*Approvers*\n{people(ballot.deciders()) or 'nobody'}",
        f"*Rule*\n{_rule(view)}",
        f"*Risk*\n{_RISK[request.policy.risk]}",
    ]
    if ballot.outcome is None and ballot.deadline is not None:
        then = _THEN[request.policy.on_timeout]
        lines.append(f"*Decide until*\n{moment(ballot.deadline)}, then it {then}")
    if request.authors:
        did = "Edited by" if request.step else "Written by"
        lines.append(f"*{did}*\n{people(dict.fromkeys(request.authors))}")
    if request.spent.tokens:
        lines.append(f"*Model*\n{_model(request)}")
    return lines


def _model(request: ApprovalRequest) -> str:
    """The version that answered last, and what the step's models cost until now."""
    version = request.version.model_version if request.version else ""
    named = f"{code(clip(version, MODEL_SHOWN, inert).shown)} · " if version else ""
    return named + request.spent.words()


def _rule(view: CardView) -> str:
    return clip(words.rule(view.ballot, code), RULE_SHOWN).shown


def warnings(view: CardView, shown: str, *, short: bool = False) -> list[str]:
    """What a reader should know before they believe the agent; `shown` is the agent text shown.

    `short` where the grey line says that the model was an offline one.
    """
    request = view.request
    lines = []
    why = clip(request.mode_reason, REASON_SHOWN, mrkdwn).shown
    if request.execution_mode in words.NOT_LIVE:
        reason = f" ({why})" if why else ""
        lines.append(f"⚠️ {words.NOT_LIVE[request.execution_mode]}{reason}.")
    elif why:
        lines.append(f"🗂️ {why}")
    if request.result.offline and not short:
        lines.append(f"🔌 {words.OFFLINE}")
    if request.unreviewed:
        named = ", ".join(code(clip(step, MODEL_SHOWN).shown) for step in request.unreviewed[:SAID])
        lines.append(f"⚠️ Nobody reviewed the steps before this: {named}.")
    if request.claimed:
        lines.append(f"⚠️ {words.unfounded(request.claimed)}")
    lines += [f"⚠️ {escape(caution)}" for caution in cautions(shown)]
    return lines + ahead(view.unwell[:UNWELL])


def grey_line(view: CardView) -> str:
    """Who asked, who said what, who is missing, until when; version and risk where they matter."""
    request, ballot = view.request, view.ballot
    parts = [f"From {person(request.requester)}"]
    if ballot.outcome is None:
        parts += _standing(view)
        if ballot.deadline is not None:
            parts.append(f"{_THEN[request.policy.on_timeout]} {moment(ballot.deadline)}")
    parts += [f"v{request.revision}"] if request.revision > 1 else []
    parts += [_RISKS[request.policy.risk]] if request.policy.risk in _RISKS else []
    parts += ["🔌 offline model"] if request.result.offline else []
    return " · ".join(parts)


def _standing(view: CardView) -> list[str]:
    """What was said so far, what it still takes, and whose word is missing."""
    ballot, missing = view.ballot, view.ballot.missing_people()
    parts = [said] if (said := _said(view)) else []
    if ballot.needed() > 1 or said:
        parts += [escape(needs)] if (needs := ballot.missing()) else []
    parts += [_moved(view)] if ballot.moved else []
    waiting = people(user for user in ballot.deciders() if user in missing)
    return [*parts, f"waiting for {waiting or 'nobody'}"]


def progress(view: CardView) -> list[str]:
    """Who said what so far, what is missing, who handed on, and who does not count and why."""
    ballot = view.ballot
    lines = []
    if ballot.outcome is None and (said := _said(view)):
        missing = ballot.missing()
        lines.append(said + (f" · {escape(missing)}" if missing else ""))
    if ballot.moved:
        lines.append(f"↪️ {_moved(view)}")
    if excluded := _excluded(view):
        lines.append("🚫 Not counted: " + excluded)
    return lines


def to_come(view: CardView, now: datetime, say: Callable[[datetime], str] = moment) -> list[str]:
    """The ladder from now on, in the reader's own time; nothing once it is decided."""
    ballot = view.ballot
    if ballot.outcome is not None or ballot.deadline is None or not view.plan:
        return []
    plan = [rung.model_copy(update={"to": rung.to[:ADDED]}) for rung in view.plan[:RUNGS]]
    then = view.request.policy.on_timeout
    ladder = describe(plan, now, ballot.deadline, on_timeout=then, say=say, name=_added)
    return [f"🪜 {ladder}"]


def _added(name: str) -> str:
    """Whom an escalation adds; not a live mention, which would call them now."""
    return code(clip(name, ADDED_SHOWN).shown)


def _moved(view: CardView) -> str:
    moves = [f"{person(by)} delegated to {person(to)}" for by, to in view.ballot.moved.items()]
    return ", ".join(moves[:SAID])


def _said(view: CardView) -> str:
    said = [f"{person(d.by)} {words.VERDICT[d.verdict]}" for d in view.ballot.counted]
    more = f" and {len(said) - SAID} more" if len(said) > SAID else ""
    return ", ".join(said[:SAID]) + more


def _excluded(view: CardView) -> str:
    """Whom the policy named without effect; bots of a channel are no news while people are left."""
    ballot = view.ballot
    known = ballot.electorate.excluded if ballot.electorate else ()
    few = len(ballot.eligible()) < OBVIOUS
    told = [one for one in known if few or one.why not in {"bot", "guest"}]
    more = f" and {len(told) - EXCLUDED} more" if len(told) > EXCLUDED else ""
    return ", ".join(_exclusion(one) for one in told[:EXCLUDED]) + more


def _exclusion(one: Exclusion) -> str:
    name = clip(one.name, 80, mrkdwn).shown
    return f"{name} ({clip(one.why, 80, mrkdwn).shown})"


def outcome_line(view: CardView) -> str:
    """How it ended: sign, word, who, when, and what came of it."""
    ballot = view.ballot
    assert ballot.outcome is not None
    assert ballot.settled_at is not None
    sign, word = words.outcome(ballot)
    line = f"{sign} *{word}*{settled_by(view)} · {moment(ballot.settled_at)}"
    return line + _next(view)


def _next(view: CardView) -> str:
    """What follows when it was sent back: a version, or an answer to the agent that asked."""
    ballot, request = view.ballot, view.request
    if ballot.outcome is not Outcome.CHANGES_REQUESTED or not request.parent:
        return ""
    is_question = step_of(request.id) != request.step
    if is_question and not any(decision.edit for decision in ballot.counted):
        return " · the agent is told"
    return f" · replaced by v{ballot.revision + 1}"


def settled_by(view: CardView) -> str:
    """By whom, by a rule, or under a bypass, with a blank in front; empty for what ended itself."""
    counted = view.ballot.counted
    if counted and counted[0].via is Via.RULE:
        return " by a rule, without a person"
    if counted and counted[0].via is Via.BYPASS:
        return f" under a bypass that {person(counted[0].by)} opened"
    users = view.ballot.settled_by()
    return f" by {people(users)}" if users else ""
