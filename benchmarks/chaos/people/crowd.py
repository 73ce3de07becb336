"""The people of the run: who decides, who asks, and who has no business here."""

import asyncio

from playground.config import ChannelConfig, PlaygroundConfig, UserConfig
from playground.server import Playground
from playground.testing.person import Person

TEAM, OTHER_TEAM = "T0ACME0001", "T0OTHER001"
CHANNEL, OTHER_CHANNEL = "C0GENERAL1", "C0FINANCE1"
MORE = tuple(f"C0CHAOS{number:03}" for number in range(1, 12))
CHANNELS = (CHANNEL, *MORE)
"""Where tasks are started: a channel takes one message a second."""
APPROVERS = tuple(f"U0DECIDE{number:02}" for number in range(10))
REQUESTERS = APPROVERS[:2]
"""They might decide, but for what they asked for themselves."""
STRANGERS = ("U0STRANGE1", "U0STRANGE2")
WATCHER = STRANGERS[0]
ADDRESSES = [f"{user.lower()}@acme.example" for user in APPROVERS]


def people() -> tuple[UserConfig, ...]:
    """Everybody, as the workspace is told."""
    return tuple(
        UserConfig(
            id=user, name=user.lower(), real_name=user.title(), email=f"{user.lower()}@acme.example"
        )
        for user in (*APPROVERS, *STRANGERS)
    )


def with_people(config: PlaygroundConfig) -> PlaygroundConfig:
    """The same workspace with our people and channels in it."""
    more = (ChannelConfig(id=channel, name=channel.lower()) for channel in MORE)
    return config.model_copy(update={"users": people(), "channels": (*config.channels, *more)})


class Crowd:
    """Everybody, ready to act. `forms` keeps one person from opening two forms at once."""

    def __init__(self, workspace: Playground) -> None:
        self._people = {
            user: Person(workspace.url, workspace.local_token, user)
            for user in (*APPROVERS, *STRANGERS)
        }
        self.forms = {user: asyncio.Lock() for user in self._people}

    def __getitem__(self, user: str) -> Person:
        return self._people[user]

    async def aclose(self) -> None:
        """Give back every connection."""
        for person in self._people.values():
            await person.close_session()
