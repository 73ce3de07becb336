"""Who may start a pipeline from Slack: `starters` of the policy, looked up, as one sentence."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from bot.access.onlookers import Onlookers
from bot.access.sight import Onlooker, may_start
from bot.config.errors import BadRequest, UnavailableError
from bot.config.settings import RESERVED, Settings
from notifications.people.lookup import is_group

UNSURE = (
    "I couldn't check whether you may start this, because Slack didn't answer. "
    "Nothing was started: please try again in a minute."
)
NOT_HERE = (
    "You can't start tasks here. Ask a member of this workspace to start it for you, or ask "
    "whoever runs Signoff to add you to `starters`."
)
NOT_SEND = (
    "You can't send messages for approval here. Ask a member of this workspace to do it, or ask "
    "whoever runs Signoff to add you to `starters`."
)


class Starters:
    """Asks once per person, whatever the number of pipelines."""

    def __init__(self, settings: Settings, onlookers: Onlookers) -> None:
        self._settings = settings
        self._onlookers = onlookers

    async def pipelines(self, user: str, channel: str) -> tuple[str, ...]:
        """Those this person may start here; raises SignoffError when there is none."""
        who, groups = await self._facts(user)
        answers = {name: self._may(who, name, channel, groups) for name in self._settings.pipelines}
        allowed = tuple(name for name, may in answers.items() if may)
        if not allowed:
            raise _refused(unsure=None in answers.values())
        return allowed

    async def require(self, pipeline: str, user: str, channel: str) -> None:
        """Raise SignoffError unless this person may start this pipeline here.

        A pipeline that does not exist is refused the same way, with the names of those the person
        may start and no others.
        """
        if pipeline not in self._settings.pipelines:
            known = await self.pipelines(user, channel)
            raise BadRequest(
                f"There is no pipeline '{pipeline}' that you can start{_instead(pipeline, known)}"
            )
        who, groups = await self._facts(user)
        may = self._may(who, pipeline, channel, groups)
        if not may:
            raise _refused(unsure=may is None)

    async def require_sender(self, user: str, channel: str) -> None:
        """The same for "Send for approval", by the general policy."""
        who, groups = await self._facts(user)
        may = may_start(who, self._settings.starters(), groups, channel)
        if not may:
            raise _refused(unsure=may is None, why=NOT_SEND)

    async def _facts(self, user: str) -> tuple[Onlooker, Mapping[str, frozenset[str] | None]]:
        names = {*self._settings.starters()}
        for pipeline in self._settings.pipelines:
            names |= {*self._settings.starters(pipeline)}
        groups = await self._onlookers.groups(sorted(filter(is_group, names)))
        return await self._onlookers.of(user), groups

    def _may(
        self,
        who: Onlooker,
        pipeline: str,
        channel: str,
        groups: Mapping[str, frozenset[str] | None],
    ) -> bool | None:
        here = self._settings.pipelines[pipeline].channel or channel
        return may_start(who, self._settings.starters(pipeline), groups, here)


def _refused(*, unsure: bool, why: str = NOT_HERE) -> Exception:
    return UnavailableError(UNSURE) if unsure else BadRequest(why)


def _instead(typed: str, known: Sequence[str]) -> str:
    """What may have been meant, a pipeline or a word such as `status`; else what there is."""
    close = get_close_matches(typed.lower(), [*known, *sorted(RESERVED)], n=1)
    return f". Did you mean '/task {close[0]}'?" if close else f": try {', '.join(known)}."
