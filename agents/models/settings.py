"""How language models are reached: what `[models]` says, and the keys of the environment."""

from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from agents.environment import Environment, secret
from agents.models.named import ModelRoute, NamedModel, WebAddress, plain_route
from agents.models.providers import GOOGLE_KEYS, PROVIDER_KEYS

MODEL_KEYS = (*GOOGLE_KEYS, *PROVIDER_KEYS.values())
_ON = frozenset({"1", "true"})


class ModelSettings(BaseModel):
    """`[models]`; each table in it is a `NamedModel`. Prices are all in one currency."""

    model_config = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[str, NamedModel] = Field(init=False)

    use: Literal["auto", "live", "offline"] = "auto"
    """`auto`: live as soon as there is a key for the model of any step, else offline. `live`: never
    offline. `offline`: never live."""
    address: WebAddress = ""
    """Where the Gemini API is reached, for a gateway of your own; Google's when empty."""
    vertex: bool = False
    """Gemini through Vertex AI."""
    project: str = ""
    """The project for Vertex AI; that of the credentials when empty."""
    location: str = ""
    """The region for Vertex AI; `global` when empty."""
    stream: bool = True
    """Gemini's answers come as a stream, so that people see how far one is; each is used as a whole
    all the same. `false` for a gateway that does not stream."""
    credentials: Path = Path()
    """A JSON file of Google's credentials, relative to the settings file; the application default
    ones when empty."""

    @model_validator(mode="after")
    def _each_says_enough(self) -> Self:
        for name, model in self.named.items():
            model.checked(name)
        return self

    @property
    def named(self) -> dict[str, NamedModel]:
        """The sections `[models.<name>]`."""
        return self.__pydantic_extra__

    @property
    def to_ask(self) -> set[str]:
        """The names of the sections that are about a model to ask, not about prices alone."""
        named = self.named.items()
        return {name for name, section in named if section.is_about_more_than_prices()}

    def route(self, name: str) -> ModelRoute:
        """How the model is reached that a step names, by its section or without one."""
        section = self.named.get(name)
        return section.route(name) if section else plain_route(name)

    def temperature(self, name: str) -> float | None:
        """For a step on this model that names none; None leaves it to the agent."""
        section = self.named.get(name)
        return section.usual_temperature(name) if section else None

    def price(self, asked: str, version: str, took: int, gave: int) -> float:
        """Of one call: by the version that answered, else by the name that was asked."""
        sections = (self.named.get(version), self.named.get(asked))
        found = next((one.prices for one in sections if one and one.prices), None)
        return (took * found.input + gave * found.output) / 1_000_000 if found else 0.0

    @property
    def knows_prices(self) -> bool:
        """Whether any model has one."""
        return any(section.prices for section in self.named.values())


class ModelKeys(BaseModel):
    """The keys by the name of their variable; only those that are set."""

    model_config = ConfigDict(frozen=True)

    found: dict[str, SecretStr] = {}

    @classmethod
    def of(cls, environment: Environment, settings: ModelSettings) -> "ModelKeys":
        """From the environment; raises ValueError for a file that cannot be read."""
        own = (section.key for section in settings.named.values() if section.key)
        names = dict.fromkeys((*MODEL_KEYS, *own))
        read = {name: SecretStr(secret(environment, name)) for name in names}
        return cls(found={n: value for n, value in read.items() if value.get_secret_value()})

    def google(self) -> str:
        """The name of the variable that Gemini's key is taken from; empty without one."""
        return next((name for name in GOOGLE_KEYS if name in self.found), "")

    def value(self, name: str) -> str:
        """The key itself, for a client object and nothing else."""
        return self.found[name].get_secret_value() if name in self.found else ""


def usual_names(environment: Environment) -> dict[str, Any]:
    """What the usual variables of Google's libraries say, as keys of `[models]`."""
    said: dict[str, Any] = {}
    for name in ("GOOGLE_GENAI_USE_ENTERPRISE", "GOOGLE_GENAI_USE_VERTEXAI"):
        if value := environment.get(name, "").strip():
            said.setdefault("vertex", value.lower() in _ON)
    for key, name in (
        ("project", "GOOGLE_CLOUD_PROJECT"),
        ("location", "GOOGLE_CLOUD_LOCATION"),
        ("credentials", "GOOGLE_APPLICATION_CREDENTIALS"),
        ("address", "GOOGLE_GEMINI_BASE_URL"),
    ):
        if value := environment.get(name, "").strip():
            said[key] = value
    return said
