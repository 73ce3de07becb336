"""Settings: `signoff.toml` and the environment, read once, here.

Any setting can be overridden by the environment (`SIGNOFF_TEMPORAL__ADDRESS=...`). Whatever is
unknown is refused. Secrets come from the environment, from `.env`, or from a file named by
`<NAME>_FILE`, never from the TOML file.
"""

import tomllib
from pathlib import Path
from typing import Any, NamedTuple, Self

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)
from sqlalchemy import make_url

from agents.catalogue import CATALOGUE, FAST, LocalAgent
from agents.environment import Environment, read_environment, secret
from agents.http.loopback import is_loopback
from agents.models.access import ModelAccess
from agents.models.settings import ModelKeys, ModelSettings, usual_names
from bot.config.errors import ConfigurationError
from bot.config.mistakes import unreadable, wrong_setting, wrong_variable
from bot.config.own_agents import agent_problem, own_agents, unknown_agent
from bot.config.policies import (
    STARTERS,
    approval_policy,
    check_written,
    starters,
    without_starters,
)
from bot.config.sections.agents import AgentServerSettings, AgentSettings, ToolPolicySettings
from bot.config.sections.inputs import InputSettings
from bot.config.sections.notices import MailSettings, SummarySettings
from bot.config.sections.pipelines import BudgetSettings, PipelineSettings, StepSettings
from bot.config.sections.programs import ApprovalServerSettings, ProgramSettings
from bot.config.sections.secrets import Secrets
from bot.config.sections.slack import SlackSettings
from bot.config.sections.storage import StorageSettings
from bot.config.sections.temporal import TemporalSettings
from bot.config.sections.web import PlaygroundSettings, WebSettings
from notifications.forms.task import DEFAULT, FormField
from workflows.messages.policy import Policy
from workflows.messages.results import AgentPin
from workflows.messages.tasks import Gate, StepPlan

FILE = "signoff.toml"
RESERVED = frozenset({"list", "status", "cancel", "help", "bypass", "health"})


class ModelUse(NamedTuple):
    """A step whose agent Signoff runs: where it is declared, how it runs, on which model.

    The model of somebody's own agent is empty where only its code names it.
    """

    place: str
    agent: str
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
    def _check_policies(self) -> Self:
        check_written("policy", self.policy)
        for name, program in self.programs.items():
            check_written(f"programs.{name}.policy", program.policy)
        for name, pipeline in self.pipelines.items():
            check_written(f"pipelines.{name}.policy", pipeline.policy)
            for step in pipeline.steps:
                check_written(f"pipelines.{name}.steps.{step.name}.policy", step.policy)
        return self

    @model_validator(mode="after")
    def _check_agents(self) -> Self:
        for name, agent in self.agents.items():
            if problem := agent_problem(name, agent):
                raise ValueError(f"agents.{name}: {problem}")
        for pipeline, found in self.pipelines.items():
            for step in found.steps:
                if problem := unknown_agent(step.agent or step.name, self.agents):
                    raise ValueError(f"pipelines.{pipeline}.steps.{step.name}: {problem}")
        ours = {**CATALOGUE, **self.own}
        if unknown := sorted(set(self.tool_policy.agents) - set(ours)):
            raise ValueError(f"tool_policy.agents: {unknown[0]} is no agent of {', '.join(ours)}")
        return self

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
        where, own = f"programs.{program}.policy", self.programs[program].policy
        return approval_policy(where, without_starters(self.policy), own)

    def plans(self, pipeline: str) -> tuple[StepPlan, ...]:
        """The pipeline's steps with their policies worked out; raises ValueError with the place."""
        return tuple(self._plan(pipeline, step) for step in self.pipelines[pipeline].steps)

    def starters(self, pipeline: str = "") -> tuple[str, ...]:
        """Who may start this pipeline from Slack, or anything; raises ValueError with the place."""
        known = self.pipelines.get(pipeline)
        own = known.policy if known else {}
        where = f"pipelines.{pipeline}.policy" if STARTERS in own else "policy"
        return starters(where, {**self.policy, **own})

    def fields(self, pipeline: str) -> tuple[FormField, ...]:
        """The form of this pipeline; the usual one for a name nobody knows."""
        known = self.pipelines.get(pipeline)
        return known.fields if known else DEFAULT

    def _plan(self, pipeline: str, step: StepSettings) -> StepPlan:
        where = f"pipelines.{pipeline}.steps.{step.name}.policy"
        gate, last = step.gate, step is self.pipelines[pipeline].steps[-1]
        if gate is Gate.RECEIPT and not last:
            raise ValueError(
                f"pipelines.{pipeline}.steps.{step.name}: gate = 'receipt' is for the last step; "
                "what another step goes on from is approved by people, or has gate = false"
            )
        if gate is Gate.NONE and last:
            raise ValueError(
                f"pipelines.{pipeline}.steps.{step.name}: gate = false is for a step before the "
                "last; without one, nobody would see what came of the task"
            )
        above = without_starters({**self.policy, **self.pipelines[pipeline].policy})
        plan = StepPlan(
            name=step.name,
            agent=step.agent or step.name,
            policy=approval_policy(where, above, step.policy),
            model=step.model,
            temperature=self._temperature(step),
            timeout=step.timeout,
            pin=AgentPin.model_validate(step.pin.model_dump()),
            gate=self.pipelines[pipeline].gate_of(step),
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
        known = CATALOGUE[plan.agent]
        pin = plan.pin.over(AgentPin(version=agent.version))
        model = self.model_access.chosen(plan.model or known.model, known.offline_model)
        judged = self.tool_policy.judges(known.name)
        return plan.model_copy(
            update={"inside": True, "model": model, "pin": pin, "judged": judged}
        )

    @property
    def own(self) -> dict[str, LocalAgent]:
        """Agents of somebody's own that Signoff runs, as far as they are known without them."""
        return own_agents(self.agents, self.root)

    @property
    def model_uses(self) -> tuple[ModelUse, ...]:
        """The steps that agents of ours and own ones run, wherever that is."""
        return tuple(
            ModelUse(
                f"pipelines.{name}.steps.{step.name}",
                known.name,
                run,
                step.model or known.model,
                bool((step.budget or self.budget).money or pipeline.budget.money),
            )
            for name, pipeline in self.pipelines.items()
            for step in pipeline.steps
            if (known := {**CATALOGUE, **self.own}.get(step.agent or step.name))
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
        wanted = [use.model or FAST for use in self.model_uses]
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
    def has_public_pages(self) -> bool:
        """Whether others than this machine's can be expected at `web.port`."""
        web = self.web
        return bool(web.public_url) or self.slack.mode == "http" or not is_loopback(web.host)

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


def load(path: Path) -> Settings:
    """Read the settings file and the environment; raises ConfigurationError, one sentence each."""
    text = ""
    try:
        text = path.read_text(encoding="utf-8")
        data = tomllib.loads(text)
    except FileNotFoundError:
        raise ConfigurationError(
            f"There is no {path}: 'signoff init' begins a new one, --config names another."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise ConfigurationError(unreadable(path, error, text)) from None
    if "secrets" in data:
        raise ConfigurationError(
            f"{path}: [secrets] does not belong into this file; use .env or the environment."
        )
    for name in {"root", "model_keys"} & set(data):
        raise ConfigurationError(f"{path}: unknown key {name}: 'signoff settings' lists the keys.")
    root = path.resolve().parent
    environment = read_environment(root)
    if isinstance(models := data.get("models", {}), dict):
        data["models"] = usual_names(environment) | models
    try:
        settings = Settings(**data, root=root, secrets=_secrets(environment))
    except ValidationError as error:
        raise ConfigurationError(wrong_setting(path, error, data, Settings)) from None
    except SettingsError as error:
        raise ConfigurationError(wrong_variable(error, environment)) from None
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
