"""One sentence for each answer: what a person is told, privately, after a gesture.

The one table for every surface: Slack shows the sentence as it is; e-mail, web pages and the
command line show `plain_words.plain` of it.
"""

from collections.abc import Callable, Iterable
from types import MappingProxyType

from notifications.text.sanitize import escape, mrkdwn
from notifications.views.format import code, moment, people
from workflows.messages.decisions import Answer, Outcome, Reply, Verdict

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


NOT_RECORDED = "Your decision wasn't recorded."


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
    return f"This was already {outcome}{_by(answer)}. {NOT_RECORDED}"


def _replaced(answer: Answer) -> str:
    if answer.version:
        return (
            f"This version was edited{_by(answer)} and is replaced by v{answer.version}: please "
            "decide on that card."
        )
    return (
        f"Changes were requested{_by(answer)}, so this version is closed. {NOT_RECORDED} "
        "If a newer version follows, please decide on its card."
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
            "This is an older version of what is to be decided. "
            f"{NOT_RECORDED} Please use the newest card in the thread."
        ),
        Reply.NOT_APPROVER: lambda a: (
            f"You are not an approver of this. {NOT_RECORDED} Approvers: {_named(a.approvers)}."
        ),
        Reply.REQUESTER: lambda a: (
            "You requested this, so someone else must approve: "
            f"{_named(set(a.approvers) - set(a.who))}. {NOT_RECORDED}"
        ),
        Reply.AUTHOR: lambda a: (
            "You wrote or edited this version, so someone else must approve: "
            f"{_named(a.approvers)}. {NOT_RECORDED}"
        ),
        Reply.EXPIRED: lambda a: (
            f"The time to decide is over{', ' + moment(a.when) if a.when else ''}. {NOT_RECORDED}"
        ),
        Reply.WITHDRAWN: lambda a: f"This request was withdrawn{_by(a)}. {NOT_RECORDED}",
        Reply.WRONG_PLACE: lambda _: (
            "This click came from a message that isn't the card Signoff posted. "
            f"{NOT_RECORDED} Please use the original card."
        ),
        Reply.REASON_MISSING: lambda a: (
            f"A {_did(a)} needs a reason. {NOT_RECORDED} Please try again with one."
        ),
        Reply.CONFIRMATION_MISSING: lambda a: (
            f"This is high risk: to approve, type {code(a.detail)} in the form. {NOT_RECORDED}"
        ),
        Reply.UNFIT_EDIT: lambda a: (
            f"{NOT_RECORDED} {mrkdwn(a.detail or 'The edit does not fit what is decided.')}"
        ),
        Reply.NO_BULK: lambda _: (
            f"This is high risk and is decided on its own card, not with others. {NOT_RECORDED}"
        ),
        Reply.NO_EMAIL: lambda _: (
            "This is high risk and can't be approved by e-mail. "
            f"{NOT_RECORDED} Please decide in Slack."
        ),
        Reply.REVISIONS_USED_UP: lambda a: (
            f"All {a.detail} versions are used up. {NOT_RECORDED} Please approve or reject."
        ),
        Reply.NOT_LIVE: lambda a: (
            f"This result is {a.detail.replace('_', ' ')}, not the live agent's, and the policy "
            f"doesn't let anybody approve such results. {NOT_RECORDED} You can reject it."
        ),
        Reply.NOT_DELEGABLE: lambda a: f"This can't be delegated like that: {escape(a.detail)}.",
        Reply.NOT_YOURS: lambda a: f"Only {_named(a.who)} can withdraw this request.",
        Reply.DELEGATED: lambda a: f"You delegated your decision to {_named(a.who)}.",
        Reply.NOT_READY: lambda _: (
            f"This request is still being prepared. {NOT_RECORDED} Please try again soon."
        ),
        Reply.DONE: lambda a: escape(a.detail) or "Done.",
        Reply.KEPT: lambda _: (
            "Your click is safely kept. It is applied as soon as Signoff's workflow server answers "
            "again; you don't need to do anything."
        ),
        Reply.UNKNOWN: lambda _: (
            f"This request is not known here any more. {NOT_RECORDED} If it still matters, ask the "
            "requester to start it again."
        ),
    }
)
