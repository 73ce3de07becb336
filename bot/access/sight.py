"""Who may see an approval or a task, and who may start one: pure rules over looked-up facts.

An approval or a task is seen by whoever is in the channel it stands in, by its requester and by
its approvers (whoever got the seat of one, too), and by nobody else. What is not known is not
allowed: `Sight.UNSURE` is for "I couldn't check", never for showing something.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from notifications.people.lookup import CHANNEL, is_group
from notifications.people.membership import Membership
from notifications.views.approval_list import PendingLine
from workflows.messages.base import Frozen
from workflows.messages.requests import CardView
from workflows.messages.tasks import TaskView

MEMBERS = "members"
EVERY_MEMBER = (MEMBERS,)
"""Who may start something unless the policy says otherwise: full members of the workspace."""
_PEOPLE = ("U", "W")
_CHANNELS = ("C", "G")


class Onlooker(Frozen):
    """A person as Slack describes them now; `channels` is None where that could not be found out.

    `channels` are those the person is in, as far as the app may know of them.
    """

    user: str
    standing: Membership = Membership.UNKNOWN
    email: str = ""
    channels: frozenset[str] | None = None


class Subject(Frozen):
    """What is to be seen: where it stands, and whom it concerns."""

    channel: str
    requester: str
    approvers: frozenset[str] = frozenset()


class Sight(StrEnum):
    """Whether somebody may see a subject."""

    SEES = "sees"
    HIDDEN = "hidden"
    UNSURE = "unsure"


def may_see(who: Onlooker, subject: Subject) -> Sight:
    """The one rule, for every list, form and detail."""
    if not who.user or who.standing in {Membership.GONE, Membership.BOT}:
        return Sight.HIDDEN
    if who.user == subject.requester or who.user in subject.approvers:
        return Sight.SEES
    return _may_read(who, subject.channel)


def _may_read(who: Onlooker, channel: str) -> Sight:
    """What stands in this channel, or in the direct messages of the person it names."""
    if not channel or channel.startswith(_PEOPLE):
        return Sight.SEES if channel == who.user else Sight.HIDDEN
    if who.channels is None or (channel in who.channels and who.standing is Membership.UNKNOWN):
        return Sight.UNSURE
    return Sight.SEES if channel in who.channels else Sight.HIDDEN


def subject_of_line(line: PendingLine) -> Subject:
    """A line of a list."""
    return Subject(
        channel=line.channel, requester=line.requester, approvers=frozenset(line.concerned)
    )


def subject_of_card(view: CardView) -> Subject:
    """An approval in full: also those who handed their seat on know it already."""
    electorate, request = view.ballot.electorate, view.request
    people = electorate.people if electorate else ()
    return Subject(
        channel=request.thread.channel,
        requester=request.requester,
        approvers=frozenset(person.id for person in people),
    )


def subject_of_task(view: TaskView, approvers: Iterable[str] = ()) -> Subject:
    """A task; `approvers` are those of its approvals."""
    return Subject(
        channel=view.place.channel, requester=view.requester, approvers=frozenset(approvers)
    )


def may_start(
    who: Onlooker,
    starters: Sequence[str],
    groups: Mapping[str, frozenset[str] | None],
    channel: str,
) -> bool | None:
    """Whether this person may start a pipeline in this channel; None when that is not known.

    `starters` is what the policy names. Guests and people of other workspaces count only when
    named one by one, whoever is deactivated never. `groups` has the people of each group named,
    None where Slack did not say.
    """
    if not who.user or who.standing in {Membership.GONE, Membership.BOT}:
        return False
    if who.standing is Membership.UNKNOWN:
        return None
    named = {name.casefold() for name in starters}
    if who.user.casefold() in named or (who.email and who.email.casefold() in named):
        return True
    if who.standing is not Membership.MEMBER:
        return False
    answers = [_opens(name, who, groups, channel) for name in starters]
    if True in answers:
        return True
    return None if None in answers else False


def _opens(
    name: str, who: Onlooker, groups: Mapping[str, frozenset[str] | None], channel: str
) -> bool | None:
    """Whether this name of the policy stands for this full member."""
    if name == MEMBERS:
        return True
    if name == CHANNEL:
        if not channel.startswith(_CHANNELS):
            return False
        return channel in who.channels if who.channels is not None else None
    if is_group(name):
        people = groups.get(name)
        return who.user in people if people is not None else None
    return False
