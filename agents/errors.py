"""What can go wrong with an agent, and whether asking again can help.

AgentError
├── UnknownAgent       nobody by that name is configured
├── UnusableInput      the input cannot be read, however often it is tried
├── AgentUnreachable   nothing answered, or the agent is overloaded; try again
├── AgentTimedOut      no answer within the deadline; try again
├── AgentRefused       the agent refused the call (a 4xx: wrong token, not found, bad request)
│   ├── WrongVersion   it is not the version that is pinned
│   └── NotTrusted     its certificate or its card is not what the settings ask for
├── AgentFailed        the agent answered, and its answer is that it failed
│   └── BudgetUsedUp   its models have cost what they may
└── BadAnswer          the answer cannot be used (malformed, too large)
    └── AnswerTooLarge
"""

# ruff: noqa: N818 (the names say what happened; the base class says that it is an error)

from typing import Self

from workflows.messages.results import ToolRun
from workflows.task.cost import Cost

LONGEST_WAIT = 900.0
"""Seconds that a turn waits to be tried again without asking a person."""


class AgentError(Exception):
    """`sentence` is fit for the user: it names the agent and the way out, and nothing internal.

    `retry_after` is how many seconds the agent asked to be left alone; 0 when it did not say.
    `ran` are the tool calls that were made before it failed, `cost` what models cost until then.
    """

    retryable = False

    def __init__(
        self, sentence: str, *, retryable: bool | None = None, retry_after: float = 0
    ) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.retry_after = retry_after
        self.ran: tuple[ToolRun, ...] = ()
        self.cost = Cost()
        if retryable is not None:
            self.retryable = retryable

    def after(self, ran: tuple[ToolRun, ...], cost: Cost | None = None) -> Self:
        """This error, after these tool calls."""
        self.ran = ran
        self.cost = cost or self.cost
        return self

    @property
    def kind(self) -> str:
        """The name under which Temporal, the log and the A2A status know this error."""
        return type(self).__name__


class UnknownAgent(AgentError):
    """Nobody by that name is configured."""


class UnusableInput(AgentError):
    """An input that no agent can read."""


class AgentUnreachable(AgentError):
    """No connection, a broken one, or a server that is overloaded."""

    retryable = True


class AgentTimedOut(AgentError):
    """No answer within the deadline."""

    retryable = True


class AgentRefused(AgentError):
    """The agent refused the call; asking again changes nothing."""


class WrongVersion(AgentRefused):
    """Another version than the pinned one; nobody stands in for that."""


class NotTrusted(AgentRefused):
    """The agent cannot prove that it is the one that is meant."""


class AgentFailed(AgentError):
    """The agent's own FAILED."""

    retryable = True


class BudgetUsedUp(AgentFailed):
    """Its models have cost what they may; nobody stands in for that."""

    retryable = False


class BadAnswer(AgentError):
    """The answer is no answer: malformed, or of another shape than agreed."""

    retryable = True


class AnswerTooLarge(BadAnswer):
    """The answer is larger than the limit; it will be the next time as well."""

    retryable = False
