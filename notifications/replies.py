"""One sentence for each answer: what a person is told, privately, after a gesture."""

from collections.abc import Callable, Iterable
from types import MappingProxyType

from notifications.facts import code, moment, people
from notifications.text import escape, mrkdwn
from workflows.decisions import Answer, Outcome, Reply, Verdict

_DID = {
    Verdict.APPROVE: "approval",
    Verdict.REJECT: "rejection",
    Verdict.REQUEST_CHANGES: "request for changes",
}
_ENDED = {
    Outcome.APPROVED: "approved",
    Outcome.REJECTED: "rejected",
    Outcome.CHANGES_REQUESTED: "sent back for changes",
    Outcome.EXPIRED: "expired",
    Outcome.WITHDRAWN: "withdrawn",
}


def sentence(answer: Answer) -> str:
    """The mrkdwn sentence for this answer."""
    return _SENTENCES[answer.reply](answer)


def _named(users: Iterable[str]) -> str:
    return people(users) or "nobody"


def _by(answer: Answer) -> str:
    who = f" by {people(answer.who)}" if answer.who else ""
    return who + (f", {moment(answer.when)}" if answer.when else "")


def _settled(answer: Answer) -> str:
    if answer.edited:
        return _edited(answer)
    outcome = _ENDED[answer.outcome] if answer.outcome else "decided"
    return f"Thank you: your {_did(answer)} counts, and this is now {outcome}."


def _edited(answer: Answer) -> str:
    """An edit is no approval, except where the policy lets its editor approve."""
    if answer.outcome is Outcome.APPROVED:
        return "Approved with your edits."
    if answer.version:
        return f"Resubmitted as v{answer.version} with your edits; somebody else has to approve it."
    return "Sent back to the requester with your edits. Nothing was approved."


def _did(answer: Answer) -> str:
    return _DID[answer.verdict] if answer.verdict else "decision"


def _already(answer: Answer) -> str:
    outcome = _ENDED[answer.outcome] if answer.outcome else "decided"
    return f"This was already {outcome}{_by(answer)}. Your click changed nothing."


def _replaced(answer: Answer) -> str:
    if answer.version:
        return (
            f"This version was edited{_by(answer)} and is replaced by v{answer.version}: please "
            "decide on that card."
        )
    return (
        f"Changes were requested{_by(answer)}, so this version is closed. Your click changed "
        "nothing: if a newer version follows, please decide on its card."
    )


_SENTENCES: MappingProxyType[Reply, Callable[[Answer], str]] = MappingProxyType(
    {
        Reply.SETTLED: _settled,
        Reply.COUNTED: lambda a: (
            f"Your {_did(a)} counts. Still needed: {a.missing or 'more people'}."
        ),
        Reply.ALREADY_COUNTED: lambda a: f"Your {_did(a)} was already counted{_by(a)}.",
        Reply.ALREADY_DECIDED: _already,
        Reply.REPLACED: _replaced,
        Reply.STALE: lambda _: (
            "This card shows an older version of what is to be decided. Nothing was counted: "
            "please use the newest card of the thread."
        ),
        Reply.NOT_APPROVER: lambda a: (
            f"You are not an approver of this. Who may decide: {_named(a.approvers)}."
        ),
        Reply.REQUESTER: lambda a: (
            "You asked for this yourself, so somebody else has to decide: "
            f"{_named(set(a.approvers) - set(a.who))}."
        ),
        Reply.AUTHOR: lambda a: (
            "You wrote or edited this version, so somebody else has to decide: "
            f"{_named(a.approvers)}."
        ),
        Reply.EXPIRED: lambda a: (
            f"The time to decide is over{', ' + moment(a.when) if a.when else ''}: not counted."
        ),
        Reply.WITHDRAWN: lambda a: (
            f"This request was withdrawn{_by(a)}: there is nothing to decide any more."
        ),
        Reply.WRONG_PLACE: lambda _: (
            "This click came from a message that is not the card we posted. Nothing was counted: "
            "please use the original card."
        ),
        Reply.REASON_MISSING: lambda a: (
            f"A {_did(a)} needs a reason. Nothing was counted: please try again with one."
        ),
        Reply.CONFIRMATION_MISSING: lambda a: (
            f"This is high risk: to approve, open the form and type {code(a.detail)}. "
            "Nothing was counted."
        ),
        Reply.UNFIT_EDIT: lambda a: f"Nothing was counted. {mrkdwn(a.detail)}",
        Reply.NO_BULK: lambda _: (
            "This is high risk and is decided one by one, on its card. Nothing was counted."
        ),
        Reply.NO_EMAIL: lambda _: (
            "This is high risk and cannot be decided by e-mail. Nothing was counted: "
            "please decide in Slack."
        ),
        Reply.REVISIONS_USED_UP: lambda a: (
            f"All {a.detail} versions are used up. Nothing was counted: please approve or reject."
        ),
        Reply.NOT_LIVE: lambda a: (
            f"This result is {a.detail}, not the live agent's, and the policy does not allow to "
            "approve such results. Nothing was counted: you can reject it."
        ),
        Reply.NOT_DELEGABLE: lambda a: f"This cannot be handed on: {escape(a.detail)}.",
        Reply.NOT_YOURS: lambda a: f"Only {_named(a.who)}, who asked for this, may do that.",
        Reply.DELEGATED: lambda a: f"You handed your decision on to {_named(a.who)}.",
        Reply.NOT_READY: lambda _: (
            "This request is still being prepared. Nothing was counted: please try again soon."
        ),
        Reply.DONE: lambda a: escape(a.detail) or "Done.",
        Reply.KEPT: lambda _: (
            "Your click is safely kept. It will be applied by itself as soon as our workflow "
            "server answers again; you need not do anything."
        ),
        Reply.UNKNOWN: lambda _: (
            "This request is not known here any more. Nothing was counted: if it still matters, "
            "please ask the requester to start it again."
        ),
    }
)
