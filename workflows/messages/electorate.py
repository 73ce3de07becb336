"""Who may decide: the people a policy names, resolved once, when the approval is raised."""

from enum import StrEnum
from typing import ClassVar

from workflows.messages.base import Frozen, Grown


class Person(Grown):
    """Somebody who may decide. `id` is the Slack user id, or an e-mail address without one.

    `teams` are all workspaces of their organisation that they are in, and the organisation itself;
    empty where there is one workspace. `named` are the names of the policy that stand for them:
    they are looked up again when this person decides.
    """

    LATER: ClassVar[frozenset[str]] = frozenset({"teams", "named"})

    id: str
    name: str = ""
    email: str = ""
    tz: str = "UTC"
    team: str = ""
    teams: tuple[str, ...] = ()
    named: tuple[str, ...] = ()

    def at_home_in(self, *teams: str) -> bool:
        """Whether a click from one of these is theirs; what says nothing is."""
        said = {team for team in teams if team}
        return not self.team or not said or bool(said & {self.team, *self.teams})


class Exclusion(Grown):
    """Somebody the policy named who does not count, and why (`guest`, `bot`, `deactivated` ...).

    `id` is theirs in Slack, empty where it is not known.
    """

    LATER: ClassVar[frozenset[str]] = frozenset({"id"})

    name: str
    why: str
    id: str = ""


class Entitled(StrEnum):
    """Whether somebody may still decide, as far as could be found out when they did."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Entitlement(Frozen):
    """What was found out about somebody who decides; `why` when they may not, as `guest`."""

    entitled: Entitled = Entitled.YES
    why: str = ""


STILL = Entitlement()


class Electorate(Frozen):
    """The snapshot: people by seat. `groups` lists, per named group, the ids that can fill it."""

    people: tuple[Person, ...] = ()
    groups: dict[str, tuple[str, ...]] = {}
    excluded: tuple[Exclusion, ...] = ()

    def find(self, user: str) -> Person | None:
        """The person with this id, if they may decide at all."""
        return next((person for person in self.people if person.id == user), None)

    def why_excluded(self, user: str) -> str:
        """Why somebody the policy names does not count; empty for everybody else."""
        return next((one.why for one in self.excluded if user and one.id == user), "")

    def name(self, user: str) -> str:
        """A readable name, the id itself for strangers."""
        person = self.find(user)
        return person.name or person.id if person else user

    def handed_on(self, by: str, to: Person | None) -> "Electorate":
        """With `to` in every seat `by` could fill; `by` stays known by name."""
        if to is None:
            return self
        groups = {
            name: tuple(to.id if member == by else member for member in members)
            for name, members in self.groups.items()
        }
        people = self.people if self.find(to.id) else (*self.people, to)
        return self.model_copy(update={"people": people, "groups": groups})
