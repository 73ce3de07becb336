"""One sentence for each answer: what a person is told, privately, after a gesture.

The one table for every surface: Slack shows the sentence as it is; e-mail, web pages and the
command line show `plain_words.plain` of it.
"""

from collections.abc import Callable, Iterable
from types import MappingProxyType

from notifications.text.sanitize import escape
from notifications.views.format import code, moment, people, told
from workflows.messages.decisions import Outcome, Reply, ReplyKind, Verdict

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


def sentence(answer: Reply) -> str:
    """The mrkdwn sentence for this answer."""
    return _SENTENCES[answer.reply](answer)


def _named(users: Iterable[str]) -> str:
    return people(users) or "nobody"


def _by(answer: Reply) -> str:
    who = f" by {people(answer.who)}" if answer.who else ""
    return who + (f", {moment(answer.when)}" if answer.when else "")


def _because(answer: Reply) -> str:
    return f" ({escape(answer.detail)})" if answer.detail else ""


def _settled(answer: Reply) -> str:
    if answer.edited:
        return _edited(answer)
    outcome = _ENDED[answer.outcome] if answer.outcome else "decided"
    return f"Thank you: your {_did(answer)} counts, and this is now {outcome}."


def _edited(answer: Reply) -> str:
    """An edit is no approval, except where the policy lets its editor approve."""
    if answer.outcome is Outcome.APPROVED:
        return "Approved with your edits."
    if answer.version:
        return f"Resubmitted as v{answer.version} with your edits; somebody else has to approve it."
    return "Sent back to the requester with your edits. Nothing was approved."


def _did(answer: Reply) -> str:
    return _DID[answer.verdict] if answer.verdict else "decision"


def _already(answer: Reply) -> str:
    outcome = _ENDED[answer.outcome] if answer.outcome else "decided"
    return f"This was already {outcome}{_by(answer)}. {NOT_RECORDED}"


def _replaced(answer: Reply) -> str:
    if answer.version:
        return (
            f"This version was edited{_by(answer)} and is replaced by v{answer.version}: please "
            "decide on that card."
        )
    return (
        f"Changes were requested{_by(answer)}, so this version is closed. {NOT_RECORDED} "
        "If a newer version follows, please decide on its card."
    )


_SENTENCES: MappingProxyType[ReplyKind, Callable[[Reply], str]] = MappingProxyType(
    {
        ReplyKind.SETTLED: _settled,
        ReplyKind.COUNTED: lambda a: (
            f"Your {_did(a)} counts. Still needed: {a.missing or 'more people'}."
        ),
        ReplyKind.ALREADY_COUNTED: lambda a: f"Your {_did(a)} was already counted{_by(a)}.",
        ReplyKind.ALREADY_DECIDED: _already,
        ReplyKind.REPLACED: _replaced,
        ReplyKind.STALE: lambda _: (
            "This is an older version of what is to be decided. "
            f"{NOT_RECORDED} Please use the newest card in the thread."
        ),
        ReplyKind.NOT_APPROVER: lambda a: (
            f"You are not an approver of this{_because(a)}. {NOT_RECORDED} "
            f"Approvers: {_named(a.approvers)}."
        ),
        ReplyKind.OTHER_WORKSPACE: lambda a: (
            f"You decided from another workspace ({code(a.detail)}), which isn't part of this "
            f"one's organization. {NOT_RECORDED} Approvers here: {_named(a.approvers)}."
        ),
        ReplyKind.NO_LONGER: lambda a: (
            f"You were an approver of this and are one no longer{_because(a)}. {NOT_RECORDED} "
            f"Approvers: {_named(a.approvers)}."
        ),
        ReplyKind.UNCONFIRMED: lambda _: (
            "Slack doesn't say just now whether you may still approve this, and the policy asks "
            f"for that. {NOT_RECORDED} Please try again in a minute."
        ),
        ReplyKind.REQUESTER: lambda a: (
            "You requested this, so someone else must approve: "
            f"{_named(user for user in a.approvers if user not in a.who)}. {NOT_RECORDED}"
        ),
        ReplyKind.AUTHOR: lambda a: (
            "You wrote or edited this version, so someone else must approve: "
            f"{_named(a.approvers)}. {NOT_RECORDED}"
        ),
        ReplyKind.EXPIRED: lambda a: (
            f"The time to decide is over{', ' + moment(a.when) if a.when else ''}. {NOT_RECORDED}"
        ),
        ReplyKind.WITHDRAWN: lambda a: f"This request was withdrawn{_by(a)}. {NOT_RECORDED}",
        ReplyKind.WRONG_PLACE: lambda _: (
            "This click came from a message that isn't the card Signoff posted. "
            f"{NOT_RECORDED} Please use the original card."
        ),
        ReplyKind.HASTY: lambda _: (
            f"This had only just appeared when you decided. {NOT_RECORDED} Read it, then decide "
            "again."
        ),
        ReplyKind.REASON_MISSING: lambda a: (
            f"A {_did(a)} needs a reason. {NOT_RECORDED} Please try again with one."
        ),
        ReplyKind.CONFIRMATION_MISSING: lambda a: (
            f"This is high risk: to approve, type {code(a.detail)} in the form. {NOT_RECORDED}"
        ),
        ReplyKind.UNFIT_EDIT: lambda a: (
            f"{NOT_RECORDED} {told(a.detail or 'The edit does not fit what is decided.')}"
        ),
        ReplyKind.NO_BULK: lambda _: (
            f"This is high risk and is decided on its own card, not with others. {NOT_RECORDED}"
        ),
        ReplyKind.NO_EMAIL: lambda _: (
            "This is high risk and can't be approved by e-mail. "
            f"{NOT_RECORDED} Please decide in Slack."
        ),
        ReplyKind.REVISIONS_USED_UP: lambda a: (
            f"All {a.detail} versions are used up. {NOT_RECORDED} Please approve or reject."
        ),
        ReplyKind.NOT_LIVE: lambda a: (
            f"This result is {a.detail.replace('_', ' ')}, not the live agent's, and the policy "
            f"doesn't let anybody approve such results. {NOT_RECORDED} You can reject it."
        ),
        ReplyKind.NOT_DELEGABLE: lambda a: (
            f"This can't be delegated like that: {escape(a.detail)}."
        ),
        ReplyKind.NOT_YOURS: lambda a: f"Only {_named(a.who)} can withdraw this request.",
        ReplyKind.DELEGATED: lambda a: f"You delegated your decision to {_named(a.who)}.",
        ReplyKind.NOT_READY: lambda _: (
            f"This request is still being prepared. {NOT_RECORDED} Please try again soon."
        ),
        ReplyKind.DONE: lambda a: escape(a.detail) or "Done.",
        ReplyKind.KEPT: lambda _: (
            "Your click is safely kept. It is applied as soon as Signoff's workflow server answers "
            "again; you don't need to do anything."
        ),
        ReplyKind.UNKNOWN: lambda _: (
            f"This request is not known here any more. {NOT_RECORDED} If it still matters, ask the "
            "requester to start it again."
        ),
    }
)
