"""Settings: `signoff.toml` and the environment, read once, here.

Any setting can be overridden by the environment (`SIGNOFF_TEMPORAL__ADDRESS=...`). Whatever is
unknown is refused. Secrets come from the environment, from `.env`, or from a file named by
`<NAME>_FILE`, never from the TOML file.
"""

import re
import tomllib
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from sqlalchemy import make_url

from agents.catalogue import CATALOGUE
from agents.environment import Environment, read_environment, secret
from agents.http.tls import TlsFiles
from agents.models.access import ModelAccess
from agents.models.settings import ModelKeys, ModelSettings, usual_names
from bot.access.sight import CHANNEL, EVERY_MEMBER, MEMBERS, is_group
from bot.config.errors import ConfigurationError
from notifications.forms.task import DEFAULT, FormField
from notifications.mail.smtp import MailServer
from notifications.reminders.calendar_settings import CalendarSettings
from workflows.messages.durations import Duration
from workflows.messages.policy import Policy
from workflows.messages.results import AgentPin, AgentResult
from workflows.messages.tasks import Gate, StepPlan
from workflows.task.cost import Budget

FILE = "signoff.toml"
STARTERS = "starters"
_USER = re.compile(r"[UW][A-Z0-9]{2,20}")
RESERVED = frozenset({"list", "status", "cancel", "help", "bypass", "health"})


class Section(BaseModel):
    """A part of the settings; a key nobody knows is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SlackSettings(Section):
    """How Slack is reached."""

    base_url: str = "https://slack.com/api/"
    """Another one only for a local workspace."""
    heartbeat: str = "signoff-heartbeat"
    """A channel, by name or id, that nobody needs to be in: there Signoff notices that clicks
    stopped coming in. Empty turns that off."""
    mode: Literal["socket", "http"] = "socket"
    """`http` takes Slack's signed requests on the web server, in place of sockets."""
    connections: int = Field(default=2, ge=1, le=5)
    """Socket Mode connections; with 2 or more a refresh loses nothing."""
    read_seconds: float = Field(default=2.0, ge=0, le=60)
    """What is decided within so many seconds of being shown is asked again; 0 takes it as it is."""


class TemporalSettings(Section):
    """How Temporal is reached."""

    address: str = "127.0.0.1:7233"
    """Where the server answers."""
    namespace: str = "default"
    """The namespace everything runs in."""
    task_queue: str = Field(default="signoff", pattern=r"^[\w.@+-]+$")
    """The queue the workers serve."""
    deployment: str = Field(default="", pattern=r"^[\w@+-]*$")
    """The name of a worker deployment: each release's workers then wait until theirs is made the
    current one."""
    embedded: bool = True
    """Whether `signoff up` starts a server of its own."""
    ui_port: int = 8233
    """The embedded server's web page."""


class StorageSettings(Section):
    """Where things are kept, relative to the settings file."""

    folder: Path = Path(".signoff")
    """Payload files, inbox, embedded databases, logs; relative to the settings file."""
    database: str = ""
    """SQLite in the folder, or for example `postgresql://user@host/name`, which needs the extra
    `postgres`."""
    anchors: Path = Path()
    """A file on another disk that the audit log's heads are written to; it shows a cut-off end or a
    restored backup."""
    encrypt_with: str = ""
    """The name of the key in `PAYLOAD_KEYS` that new payloads are encrypted with."""
    read_plain: bool = True
    """Whether payloads from before encryption are still read."""
    keep_unused: Duration = timedelta(days=7)
    """Payload files that no workflow refers to any more are removed after this time; `0` keeps all.
    """

    @field_validator("keep_unused")
    @classmethod
    def _long_enough(cls, keep: timedelta) -> timedelta:
        if timedelta(0) < keep < timedelta(hours=1):
            raise ValueError("give an hour or more, or 0 to keep all files")
        return keep


class InputSettings(Section):
    """What tasks may read: only files inside `folders` (relative to the settings file)."""

    folders: tuple[Path, ...] = (Path("examples"),)
    """The only folders tasks may read files from."""
    max_bytes: int = Field(default=20_000_000, gt=0)
    """The limit for each input."""
    url_timeout: Duration = timedelta(seconds=30)
    """For inputs from the web."""


class TlsSettings(TlsFiles, Section):
    """PEM files, relative to the settings file: whom we trust, and our own certificate."""


class AgentSettings(Section):
    """One agent: its A2A address (empty: ours, served by `signoff agents`) and its stand-ins.

    Its token is in AGENT_TOKENS, its key for encrypted messages in AGENT_KEYS.
    """

    url: str = ""
    """An A2A address: the folder its card lies in. Empty: one of ours."""
    run: str = Field(default="a2a", pattern="^(a2a|local|workflow)$")
    """`a2a`, or for agents of ours `local` (inside the worker) or `workflow` (inside of a
    workflow)."""
    version: str = ""
    """What the agent must say it is, where a step pins nothing else."""
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

    @field_validator("agents")
    @classmethod
    def _ours(cls, agents: dict[str, Path]) -> dict[str, Path]:
        if unknown := sorted(set(agents) - set(CATALOGUE)):
            raise ValueError(f"{unknown[0]} is no agent of ours: {', '.join(CATALOGUE)}")
        return agents

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


class ApprovalServerSettings(Section):
    """Where other programs ask for approvals (A2A, MCP)."""

    host: str = "127.0.0.1"
    """Where `signoff approvals` takes requests of programs, over A2A and MCP."""
    port: int = 8333
    """Its port."""
    public_url: str = ""
    """What its agent card names; made of host and port when empty."""
    key: Path = Path("decisions.pem")
    """The key that signs decisions, in the storage folder; made once."""
    old_protocol: bool = False
    """Also speak A2A 0.3."""
    local_push: bool = False
    """Allow push notifications to loopback addresses."""


class ProgramSettings(Section):
    """A program that may ask; its token is in PROGRAM_TOKENS. `owner` answers for it."""

    owner: str = Field(min_length=1)
    """The Slack user who counts as requester: they may withdraw, and do not decide."""
    channel: str = Field(min_length=1)
    """Where the cards go."""
    title: str = ""
    """What cards call the program; its name when empty."""
    most_open: int = Field(default=50, ge=1, le=1_000)
    """How many of its approvals may wait at once; more are refused with a sentence."""
    policy: dict[str, Any] = {}
    """Goes over the general policy; what the program asks for can only narrow it."""


class MailSettings(Section):
    """Where e-mail goes out when Slack is not enough; without `sender` none does."""

    sender: str = ""
    """The address mails come from; without it no mail is sent."""
    server: dict[str, Any] = {}
    """`host`, `port`, `security` (`starttls`, `tls`, `none`), `username`."""

    @field_validator("server")
    @classmethod
    def _known_server(cls, server: dict[str, Any]) -> dict[str, Any]:
        if server:
            MailServer.model_validate(server)
        return server


class SummarySettings(Section):
    """One message in place of many: daily, and for bursts."""

    daily: bool = True
    """One message a day to everybody for whom something waits, in the person's own time zone."""
    hour: int = Field(default=9, ge=0, le=23)
    """The hour of the person's day."""
    bursts: bool = True
    """Whether many reminders at once become one message."""
    more_than: int = Field(default=5, ge=1)
    """How many reminders are many, for one person or in one channel."""
    within: Duration = Field(default=timedelta(minutes=10), ge=timedelta(minutes=1))
    """In which time; no second digest goes there for as long."""


class WebSettings(Section):
    """Our own pages: health, metrics, and the page a mailed link opens."""

    host: str = "127.0.0.1"
    """Where health, metrics, and the page a mailed link opens are served."""
    port: int = 8332
    """Its port."""
    worker_port: int = 0
    """Where a `signoff worker` of its own shows health and metrics; `0` is nowhere."""
    public_url: str = ""
    """What links in mails begin with; made of host and port when empty."""
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    """Networks, as `["10.0.0.0/8"]`, of the proxies in front of our pages: only they are believed
    about whom they ask for."""


class PlaygroundSettings(Section):
    """The local Slack workspace of `signoff demo`."""

    port: int = 8330
    """The page of the local Slack workspace."""


class PinSettings(AgentPin, Section):
    """What a step's agent must say it is."""


class BudgetSettings(Budget, Section):
    """The most that models may cost, over all attempts and revisions; 0 is no limit."""


class StepSettings(Section):
    """One step of a pipeline; its `budget` stands for the general one."""

    name: str = Field(pattern="^[a-z][a-z0-9_]{0,30}$")
    """What cards and messages call it."""
    agent: str = ""
    """The agent, or an `https://` address; the step's own name when empty."""
    model: str = ""
    """A model of Gemini or of another provider, or `offline`; the agent's own when empty."""
    temperature: float | None = Field(default=None, ge=0, le=2)
    """The model's temperature."""
    timeout: Duration = timedelta(minutes=10)
    """How long the agent may take."""
    pin: PinSettings = PinSettings()
    """What the agent must declare. Something else is refused before anything is sent to it."""
    gate: Gate = Gate.AUTO
    """What becomes of the step's result; see below."""
    policy: dict[str, Any] = {}
    """Goes over the pipeline's policy."""
    budget: BudgetSettings | None = None
    """The most that its models may cost; stands for the general `[budget]`."""


class PipelineSettings(Section):
    """Steps in order; `policy` here goes over the general one, a step's own over both.

    `budget` is that of a whole task.
    """

    description: str = ""
    """What people read in the form and in `/task help`."""
    channel: str = ""
    """Where its cards go; the channel the task was started in when empty."""
    policy: dict[str, Any] = {}
    """Goes over the general policy."""
    fields: tuple[FormField, ...] = DEFAULT
    """Its form; file, upload, address and text when left out."""
    steps: tuple[StepSettings, ...] = Field(min_length=1)
    """Its steps, in order."""
    budget: BudgetSettings = BudgetSettings()
    """The most that the models of a whole task may cost."""


class Secrets(Section):
    """What must never be printed."""

    slack_bot_token: SecretStr = SecretStr("")
    """`xoxb-...`, from "Install App"."""
    slack_app_token: SecretStr = SecretStr("")
    """`xapp-...` with `connections:write`."""
    slack_signing_secret: SecretStr = SecretStr("")
    """Only for Slack over HTTP in place of sockets."""
    google_api_key: SecretStr = SecretStr("")
    """Lets the agents run on Gemini."""
    gemini_api_key: SecretStr = SecretStr("")
    """The same, where the first one is not set."""
    openai_api_key: SecretStr = SecretStr("")
    """For models named `openai/...`; like the following six it needs the extra `litellm`."""
    anthropic_api_key: SecretStr = SecretStr("")
    """For models named `anthropic/...`."""
    mistral_api_key: SecretStr = SecretStr("")
    """For models named `mistral/...`."""
    groq_api_key: SecretStr = SecretStr("")
    """For models named `groq/...`."""
    deepseek_api_key: SecretStr = SecretStr("")
    """For models named `deepseek/...`."""
    xai_api_key: SecretStr = SecretStr("")
    """For models named `xai/...`."""
    openrouter_api_key: SecretStr = SecretStr("")
    """For models named `openrouter/...`."""
    agents_token: SecretStr = SecretStr("")
    """What our agents' A2A server asks for and the worker sends it; empty is for loopback only."""
    agents_key: SecretStr = SecretStr("")
    """Encrypts the messages between worker and our agents' server, which then takes no others: 32
    bytes in base64, as `openssl rand -base64 32` makes them."""
    agent_tokens: SecretStr = SecretStr("")
    """`name=token name=token`: what the worker sends to agents that are not ours."""
    agent_keys: SecretStr = SecretStr("")
    """`name=key name=key`: keys agreed with such agents for encrypted messages."""
    mail_password: SecretStr = SecretStr("")
    """For the mail server."""
    audit_key: SecretStr = SecretStr("")
    """Signs the audit log's rows (HMAC), so that nobody without it can forge the chain."""
    payload_keys: SecretStr = SecretStr("")
    """`name=key name=key`: keys that encrypt what Temporal keeps, 32 bytes each in base64."""
    database_password: SecretStr = SecretStr("")
    """For the PostgreSQL of `storage.database`, so that no password stands in `signoff.toml`."""
    program_tokens: SecretStr = SecretStr("")
    """`name=token name=token`: how programs of `[programs.<name>]` identify themselves; 16
    characters or more each."""


class ModelUse(NamedTuple):
    """A step whose agent is one of ours: where it is declared, how it runs, on which model."""

    place: str
    run: str
    model: str
    bound_by_money: bool = False


class Settings(BaseSettings):
    """Everything `signoff.toml` and the environment say."""

    model_config = SettingsConfigDict(
        extra="forbid", frozen=True, env_prefix="SIGNOFF_", env_nested_delimiter="__"
    )

    slack: SlackSettings = SlackSettings()
    temporal: TemporalSettings = TemporalSettings()
    storage: StorageSettings = StorageSettings()
    inputs: InputSettings = InputSettings()
    agent_server: AgentServerSettings = AgentServerSettings()
    mail: MailSettings = MailSettings()
    digest: SummarySettings = SummarySettings()
    web: WebSettings = WebSettings()
    playground: PlaygroundSettings = PlaygroundSettings()
    agents: dict[str, AgentSettings] = {}
    models: ModelSettings = ModelSettings()
    tool_policy: ToolPolicySettings = ToolPolicySettings()
    approval_server: ApprovalServerSettings = ApprovalServerSettings()
    programs: dict[str, ProgramSettings] = {}
    policy: dict[str, Any] = {}
    budget: BudgetSettings = BudgetSettings()
    """The most that the models of a step may cost, over its attempts, revisions and Retries."""
    pipelines: dict[str, PipelineSettings] = Field(min_length=1)
    secrets: Secrets = Secrets()
    model_keys: ModelKeys = ModelKeys()
    root: Path = Path()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment goes over the file (which comes in by the constructor)."""
        return env_settings, init_settings

    @model_validator(mode="after")
    def _check_pipelines(self) -> Self:
        for name in self.pipelines:
            if name in RESERVED:
                raise ValueError(f"pipelines.{name}: '{name}' is a word of /task; take another")
            self.plans(name)
            self.starters(name)
        self.starters()
        for name in self.programs:
            self.program_policy(name)
        return self

    def program_policy(self, program: str) -> Policy:
        """What this program's approvals take; raises ValueError with the place."""
        merged = {**_decisions(self.policy), **self.programs[program].policy}
        return _policy(f"programs.{program}.policy", merged)

    def plans(self, pipeline: str) -> tuple[StepPlan, ...]:
        """The pipeline's steps with their policies worked out; raises ValueError with the place."""
        return tuple(self._plan(pipeline, step) for step in self.pipelines[pipeline].steps)

    def starters(self, pipeline: str = "") -> tuple[str, ...]:
        """Who may start this pipeline from Slack, or anything; raises ValueError with the place."""
        known = self.pipelines.get(pipeline)
        own = known.policy if known else {}
        where = f"pipelines.{pipeline}.policy" if STARTERS in own else "policy"
        return _starters(where, own.get(STARTERS, self.policy.get(STARTERS, EVERY_MEMBER)))

    def fields(self, pipeline: str) -> tuple[FormField, ...]:
        """The form of this pipeline; the usual one for a name nobody knows."""
        known = self.pipelines.get(pipeline)
        return known.fields if known else DEFAULT

    def _plan(self, pipeline: str, step: StepSettings) -> StepPlan:
        where = f"pipelines.{pipeline}.steps.{step.name}.policy"
        if step.gate is Gate.RECEIPT and step is not self.pipelines[pipeline].steps[-1]:
            raise ValueError(
                f"pipelines.{pipeline}.steps.{step.name}: gate = 'receipt' is for the last step; "
                "what another step goes on from is approved by people"
            )
        over = {**self.policy, **self.pipelines[pipeline].policy}
        merged = {**_decisions(over), **step.policy}
        plan = StepPlan(
            name=step.name,
            agent=step.agent or step.name,
            policy=_policy(where, merged),
            model=step.model,
            temperature=self._temperature(step),
            timeout=step.timeout,
            pin=AgentPin.model_validate(step.pin.model_dump()),
            gate=step.gate,
            budget=step.budget or self.budget,
        )
        agent = self.agents.get(plan.agent)
        return self._inside(plan, agent) if agent and agent.run == "workflow" else plan

    def _temperature(self, step: StepSettings) -> float | None:
        """The step's own, else that of its model's section; None leaves it to the agent."""
        known = CATALOGUE.get(step.agent or step.name)
        model = step.model or (known.model if known else "")
        return self.models.temperature(model) if step.temperature is None else step.temperature

    def _inside(self, plan: StepPlan, agent: AgentSettings) -> StepPlan:
        """A workflow reads no configuration, so what it needs is in its plan."""
        known = CATALOGUE.get(plan.agent)
        if known is None:
            raise ValueError(f"agents.{plan.agent}: run = 'workflow' is for our own agents only")
        pin = plan.pin.over(AgentPin(version=agent.version))
        model = self.model_access.chosen(plan.model or known.model, known.offline_model)
        judged = self.tool_policy.judges(known.name)
        return plan.model_copy(
            update={"inside": True, "model": model, "pin": pin, "judged": judged}
        )

    @property
    def model_uses(self) -> tuple[ModelUse, ...]:
        """The steps that agents of ours run, wherever that is."""
        return tuple(
            ModelUse(
                f"pipelines.{name}.steps.{step.name}",
                run,
                step.model or known.model,
                bool((step.budget or self.budget).money or pipeline.budget.money),
            )
            for name, pipeline in self.pipelines.items()
            for step in pipeline.steps
            if (known := CATALOGUE.get(step.agent or step.name))
            and (run := self._run_of(known.name))
        )

    def _run_of(self, agent: str) -> str:
        """How an agent of ours is run; empty when somebody else serves it."""
        how = self.agents.get(agent, AgentSettings())
        theirs = how.run == "a2a" and how.url and not how.url.startswith(f"{self.agents_url}/")
        return "" if theirs else how.run

    @property
    def model_access(self) -> ModelAccess:
        """Live or offline, with the keys; the one place where that is decided."""
        wanted = [use.model for use in self.model_uses]
        models = self.models
        if models.credentials.name:
            models = models.model_copy(update={"credentials": self.root / models.credentials})
        return ModelAccess.decided(models, self.model_keys, wanted)

    @property
    def folder(self) -> Path:
        """Where everything of ours is kept."""
        return (self.root / self.storage.folder).resolve()

    @property
    def database_url(self) -> str:
        """The SQLAlchemy address of the audit database, with its password; SQLite in `folder`
        unless configured. Not to be printed."""
        password = self.secrets.database_password.get_secret_value()
        if not self.storage.database:
            return f"sqlite:///{self.folder / 'signoff.db'}"
        if not password:
            return self.storage.database
        url = make_url(self.storage.database).set(password=password)
        return url.render_as_string(hide_password=False)

    @property
    def public_url(self) -> str:
        """What links in mails begin with."""
        return self.web.public_url or f"http://{self.web.host}:{self.web.port}"

    @property
    def agents_url(self) -> str:
        """Where our own agents are reached."""
        server = self.agent_server
        scheme = "https" if server.tls.cert else "http"
        return (server.public_url or f"{scheme}://{server.host}:{server.port}").rstrip("/")

    @property
    def input_folders(self) -> tuple[Path, ...]:
        """The folders tasks may read."""
        return tuple((self.root / folder).resolve() for folder in self.inputs.folders)


def _decisions(policy: dict[str, Any]) -> dict[str, Any]:
    """The part of a policy that is about decisions: what a step's approval is raised with."""
    return {key: value for key, value in policy.items() if key != STARTERS}


def _starters(where: str, named: object) -> tuple[str, ...]:
    if not isinstance(named, list | tuple) or not all(isinstance(one, str) for one in named):
        raise ValueError(f'{where}: starters is a list of names, for example ["members"]')
    for name in named:
        known = name in {MEMBERS, CHANNEL} or is_group(name) or "@" in name
        if not known and not _USER.fullmatch(name):
            raise ValueError(
                f"{where}: starters names '{name}', which is neither a user id, an address, "
                "a @usergroup, 'channel' nor 'members'"
            )
    return tuple(named)


def _policy(where: str, merged: dict[str, Any]) -> Policy:
    if unknown := sorted(set(merged) - set(Policy.model_fields)):
        raise ValueError(f"{where}: unknown key {', '.join(unknown)}")
    policy = Policy.model_validate(merged)
    CalendarSettings.model_validate(policy.calendar)
    if policy.auto_approve:
        from bot.config.auto_approval import rule_problem  # noqa: PLC0415 - CEL is loaded where it is used

        if problem := rule_problem(policy.auto_approve):
            raise ValueError(f"{where}: auto_approve: {problem}")
    if blank := [
        name for name, people in _named(policy).items() if not all(map(str.strip, people))
    ]:
        raise ValueError(
            f"{where}: {blank[0]} holds an empty name; take it out, or say who is meant"
        )
    if not policy.approvers and not policy.groups:
        raise ValueError(f"{where}: approvers is empty; name at least one person who may decide")
    return policy


def _named(policy: Policy) -> dict[str, tuple[str, ...]]:
    """Every list of people, by its key."""
    groups = {f"groups.{name}": people for name, people in policy.groups.items()}
    lists = {name: getattr(policy, name) for name in ("approvers", "escalate_to", "bypassers")}
    return lists | groups


def load(path: Path) -> Settings:
    """Read the settings file and the environment; raises ConfigurationError, one sentence each."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigurationError(
            f"There is no {path}: 'signoff init' begins a new one, --config names another."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}.") from None
    if "secrets" in data:
        raise ConfigurationError(
            f"{path}: [secrets] does not belong into this file; use .env or the environment."
        )
    for name in {"root", "model_keys"} & set(data):
        raise ConfigurationError(f"{path}: {_unknown(name)}")
    root = path.resolve().parent
    environment = read_environment(root)
    data["models"] = usual_names(environment) | data.get("models", {})
    try:
        settings = Settings(**data, root=root, secrets=_secrets(environment))
    except ValidationError as error:
        raise ConfigurationError(_first_problem(path, error)) from None
    try:
        keys = ModelKeys.of(environment, settings.models)
    except ValueError as error:
        raise ConfigurationError(str(error)) from None
    return settings.model_copy(update={"model_keys": keys})


def _secrets(environment: Environment) -> Secrets:
    try:
        found = {name: secret(environment, name.upper()) for name in Secrets.model_fields}
    except ValueError as error:
        raise ConfigurationError(str(error)) from None
    return Secrets(**{name: SecretStr(value) for name, value in found.items()})


def _first_problem(path: Path, error: ValidationError) -> str:
    problem = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        return f"{path}: {_unknown(where)}"
    message = problem["msg"].removeprefix("Value error, ")
    return f"{path}: {where + ': ' if where else ''}{message}"


def _unknown(key: str) -> str:
    return f"unknown key {key}; see docs/reference/settings.md for the known ones."
