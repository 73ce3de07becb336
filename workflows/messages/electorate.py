"""Who may decide: the people a policy names, resolved once, when the approval is raised."""

from workflows.messages.base import Frozen


class Person(Frozen):
    """Somebody who may decide. `id` is the Slack user id, or an e-mail address without one."""

    id: str
    name: str = ""
    email: str = ""
    tz: str = "UTC"
    team: str = ""


class Exclusion(Frozen):
    """Somebody the policy named who does not count, and why (`guest`, `bot`, `deactivated` ...)."""

    name: str
    why: str


class Electorate(Frozen):
    """The snapshot: people by seat. `groups` lists, per named group, the ids that can fill it."""

    people: tuple[Person, ...] = ()
    groups: dict[str, tuple[str, ...]] = {}
    excluded: tuple[Exclusion, ...] = ()

    def find(self, user: str) -> Person | None:
        """The person with this id, if they may decide at all."""
        return next((person for person in self.people if person.id == user), None)

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
