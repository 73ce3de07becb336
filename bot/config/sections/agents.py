"""`[agents.<name>]`, `[agent_server]` and `[tool_policy]`: which agents there are, where ours are
served, and which rules judge their tool calls.
"""

from datetime import timedelta
from pathlib import Path

from pydantic import Field

from agents.http.tls import TlsFiles
from bot.config.sections.base import Section
from workflows.messages.durations import Duration
from workflows.messages.results import AgentResult


class TlsSettings(TlsFiles, Section):
    """PEM files, relative to the settings file: whom we trust, and our own certificate."""


class AgentSettings(Section):
    """One agent: its A2A address (empty: ours, served by `signoff agents`) and its stand-ins.

    Its token is in AGENT_TOKENS, its key for encrypted messages in AGENT_KEYS.
    """

    url: str = ""
    """An A2A address: the folder its card lies in. Empty: one of ours, or yours with `module`."""
    module: str = ""
    """An ADK agent of your own that Signoff runs: `my_pkg.agent`, which has a `root_agent` (or an
    `app`), or `my_pkg.agent:make_agent`, a function that makes one."""
    folder: Path = Path()
    """Where `module` lies, relative to the settings file; packages that are installed are found,
    too."""
    model: str = ""
    """The model of your own agent, where it is to be another than it names itself."""
    run: str = Field(default="a2a", pattern="^(a2a|local|workflow)$")
    """`a2a`, or for agents of ours `local` (inside the worker) or `workflow` (inside of a
    workflow)."""
    version: str = ""
    """What the agent must say it is, where a step pins nothing else; what your own agent says."""
    tls: TlsSettings = TlsSettings()
    """`{ ca, cert, key }`, PEM files: whose certificates are trusted, and the one to show."""
    card_key: Path = Path()
    """A file with the public keys (JWKS, or P-256 as PEM), one of which must have signed the
    agent's card."""
    skills: tuple[str, ...] = ()
    """Another agent with one of these stands in when this one does not answer."""
    cache: Duration = timedelta(0)
    """How long an answer to the same question of the same requester is good, as long as the agent's
    version, model and prompt stay the same."""
    share_cache: bool = False
    """Whether another requester of the same question gets that answer, too."""
    fallback: AgentResult | None = None
    """The result that stands in when nobody answers."""
    synthetic: bool = False
    """Whether an empty result, said to be synthetic, may stand in at last."""


class ToolPolicySettings(Section):
    """Rule files that judge the tool calls of our agents."""

    file: Path = Path()
    """A rule file for all agents of ours, relative to the settings file."""
    agents: dict[str, Path] = {}
    """`{ payment = "payments.toml" }`: a file of its own for an agent, in place of the general one.
    """

    def judges(self, agent: str) -> bool:
        """Whether the calls of this agent of ours are judged by a file of the settings."""
        return bool(self.file.name) or agent in self.agents


class AgentServerSettings(Section):
    """Where our own agents are served."""

    host: str = "127.0.0.1"
    """Where `signoff agents` serves."""
    port: int = 8331
    """Its port."""
    public_url: str = ""
    """Where workers reach it, and what its cards name; made of host and port when empty."""
    tls: TlsSettings = TlsSettings()
    """`{ cert, key, ca }`, PEM files: the server speaks https; with `ca`, callers must show a
    certificate of it, and the worker shows this one."""
    card_key: Path = Path("cards.pem")
    """The key that signs our agents' cards, in the storage folder; made once."""
