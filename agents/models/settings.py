"""How language models are reached: what `[models]` says, and the keys of the environment."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from agents.environment import Environment, secret

GOOGLE_KEYS = ("GOOGLE_API_KEY", "GEMINI_API_KEY")
PROVIDER_KEYS: Mapping[str, str] = MappingProxyType(
    {
        name: f"{name.upper()}_API_KEY"
        for name in ("openai", "anthropic", "mistral", "groq", "deepseek", "xai", "openrouter")
    }
)
"""Providers asked through LiteLLM, by the word before the slash of a model's name."""
MODEL_KEYS = (*GOOGLE_KEYS, *PROVIDER_KEYS.values())
_ON = frozenset({"1", "true"})


class Price(BaseModel):
    """Of a million tokens of what a model is asked, and of what it answers."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    input: float = Field(ge=0)
    """What it is asked."""
    output: float = Field(ge=0)
    """What it answers."""


class ModelSettings(BaseModel):
    """`[models]`. `prices` are all in one currency."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    use: Literal["auto", "live", "offline"] = "auto"
    """`auto`: live as soon as there is a key for the model of any step, else offline. `live`: never
    offline. `offline`: never live."""
    address: str = ""
    """Where the Gemini API is reached, for a gateway of your own; Google's when empty."""
    openai_address: str = ""
    """Where `openai/...` is reached: any server that speaks OpenAI's chat completions, with its
    path, as `http://localhost:8000/v1`; OpenAI's when empty."""
    vertex: bool = False
    """Gemini through Vertex AI."""
    project: str = ""
    """The project for Vertex AI; that of the credentials when empty."""
    location: str = ""
    """The region for Vertex AI; `global` when empty."""
    credentials: Path = Path()
    """A JSON file of Google's credentials, relative to the settings file; the application default
    ones when empty."""
    prices: dict[str, Price] = {}
    """By the name of a model or version, as `{ "gemini-3-flash-preview" = { input = 0.3, output =
    2.5 } }`: the price of a million tokens; without it, money is not counted."""

    def price(self, asked: str, version: str, took: int, gave: int) -> float:
        """Of one call: by the version that answered, else by the name that was asked."""
        found = self.prices.get(version) or self.prices.get(asked)
        return (took * found.input + gave * found.output) / 1_000_000 if found else 0.0

    @field_validator("address", "openai_address")
    @classmethod
    def _an_address(cls, address: str) -> str:
        parts = urlsplit(address)
        if address and (parts.scheme not in {"http", "https"} or not parts.hostname):
            raise ValueError("give an address that starts with http:// or https://")
        return address.rstrip("/")


class ModelKeys(BaseModel):
    """The keys by the name of their variable; only those that are set."""

    model_config = ConfigDict(frozen=True)

    found: dict[str, SecretStr] = {}

    @classmethod
    def of(cls, environment: Environment) -> "ModelKeys":
        """From the environment; raises ValueError for a file that cannot be read."""
        return cls.picked({name: SecretStr(secret(environment, name)) for name in MODEL_KEYS})

    @classmethod
    def picked(cls, secrets: Mapping[str, SecretStr]) -> "ModelKeys":
        """Those of `secrets` that are keys of models, and not empty."""
        found = {name: secrets.get(name, SecretStr("")) for name in MODEL_KEYS}
        return cls(found={n: value for n, value in found.items() if value.get_secret_value()})

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
