"""The agents that Signoff brings along: what their cards say, without importing ADK."""

from collections.abc import Mapping
from types import MappingProxyType

from agents.errors import UnknownAgent
from workflows.messages.base import Frozen
from workflows.messages.results import AgentVersion

API_VERSION = "1.0"


class LocalAgent(Frozen):
    """One folder `agents/samples/<name>/`; a step may override `model` and `temperature`.

    With a `module` it is an agent of somebody's own, `package.module` or `package.module:name`,
    found below `folder` or installed; its `model` may be empty, until it is imported.
    """

    name: str
    title: str
    description: str
    model: str
    temperature: float | None = None
    tags: tuple[str, ...] = ()
    version: str = "1.0.0"
    prompt_version: str = "1"
    changelog: tuple[str, ...] = ("1.0.0: first version",)
    module: str = ""
    folder: str = ""

    @property
    def offline_model(self) -> str:
        """The deterministic stand-in for a language model."""
        return f"offline/{self.name}"

    def version_running(self, model: str) -> AgentVersion:
        """What the card declares, and the audit log keeps, when `model` does the talking."""
        return AgentVersion(
            name=self.name,
            version=self.version,
            api_version=API_VERSION,
            model_version=model,
            prompt_version=self.prompt_version,
            capabilities=self.tags,
        )


FAST = "gemini-flash-latest"
STRONG = "gemini-pro-latest"

_AGENTS = (
    LocalAgent(
        name="analysis",
        title="Analysis",
        description="Reads the inputs and says what is in them: shape, quality, key numbers.",
        model=FAST,
        tags=("data", "quality", "analysis"),
    ),
    LocalAgent(
        name="strategy",
        title="Strategy",
        description="Turns an approved analysis into a short list of actions, most useful first.",
        model=STRONG,
        tags=("strategy", "priorities"),
    ),
    LocalAgent(
        name="patterns",
        title="Patterns",
        description="Looks for correlations, trends, outliers and segments, and says how sure.",
        model=FAST,
        temperature=0.1,
        tags=("patterns", "statistics"),
    ),
    LocalAgent(
        name="report",
        title="Report",
        description="Writes the final report from the results people approved.",
        model=STRONG,
        temperature=0.7,
        tags=("report", "writing"),
    ),
    LocalAgent(
        name="help_desk",
        title="Help desk",
        description="Reads a customer's message, routes it to a specialist, and drafts the reply.",
        model=FAST,
        tags=("coordinator", "routing", "support"),
    ),
    LocalAgent(
        name="data_pipeline",
        title="Data pipeline",
        description="Validates a table, aggregates it, and reports, one step after the other.",
        model=FAST,
        tags=("sequence", "data"),
    ),
    LocalAgent(
        name="research",
        title="Research",
        description="Looks at figures, texts and claims at the same time and brings them together.",
        model=FAST,
        tags=("fan-out", "gather", "research"),
    ),
    LocalAgent(
        name="report_writer",
        title="Report writer",
        description="Writes a report through an assistant who has a searcher and a summarizer.",
        model=STRONG,
        temperature=0.7,
        tags=("hierarchy", "writing"),
    ),
    LocalAgent(
        name="fact_check",
        title="Fact check",
        description="Drafts the claims of a text and checks each of them against the data.",
        model=FAST,
        temperature=0.1,
        tags=("generate and review", "facts"),
        version="1.1.0",
        prompt_version="2",
        changelog=(
            "1.1.0: the checker judges claim by claim, and figures that contradict one count",
            "1.0.0: first version",
        ),
    ),
    LocalAgent(
        name="refine",
        title="Refinement",
        description="Rewrites a text until checks and a critic are content, five rounds at most.",
        model=FAST,
        temperature=0.7,
        tags=("loop", "writing"),
        version="1.1.0",
        prompt_version="2",
        changelog=(
            "1.1.0: a critic judges what no check finds",
            "1.0.0: first version",
        ),
    ),
    LocalAgent(
        name="payment",
        title="Payment request",
        description="Prepares the payments a file or text asks for; people decide on each one.",
        model=FAST,
        temperature=0.1,
        tags=("human in the loop", "payments"),
    ),
    LocalAgent(
        name="operations",
        title="Operations",
        description="Works through a runbook; a policy decides which actions people must confirm.",
        model=FAST,
        temperature=0.1,
        tags=("human in the loop", "policy", "operations"),
    ),
)

CATALOGUE: Mapping[str, LocalAgent] = MappingProxyType({agent.name: agent for agent in _AGENTS})


def find(name: str, own: Mapping[str, LocalAgent] | None = None) -> LocalAgent:
    """The agent called `name`, or UnknownAgent with the names there are."""
    known = {**CATALOGUE, **(own or {})}
    if name not in known:
        raise UnknownAgent(f"There is no agent called {name!r}. There are: {', '.join(known)}.")
    return known[name]
