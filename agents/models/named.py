"""`[models.<name>]`: a model under a name of one's own, or what is to be known of a usual one."""

import re
from typing import Annotated, NamedTuple, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from agents.models.providers import (
    GOOGLE,
    GOOGLE_KEYS,
    PROVIDER_KEYS,
    provider_of,
)
from agents.models.temperature import GEMINI_DEFAULT, keeps_default

_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{2,60}")
_WORD = r"[a-z][a-z0-9_]*"


def _web_address(address: str) -> str:
    parts = urlsplit(address)
    if address and (parts.scheme not in {"http", "https"} or not parts.hostname):
        raise ValueError("give an address that starts with http:// or https://")
    return address.rstrip("/")


WebAddress = Annotated[str, AfterValidator(_web_address)]


class Price(BaseModel):
    """Of a million tokens of what a model is asked, and of what it answers."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    input: float = Field(ge=0)
    """What it is asked."""
    output: float = Field(ge=0)
    """What it answers."""


class ModelRoute(NamedTuple):
    """How a model is reached. `key` is the name of a variable; empty where none is needed."""

    full_name: str
    provider: str
    address: str = ""
    key: str = ""


class NamedModel(BaseModel):
    """`[models.<name>]`: steps and agents name it as `model = "<name>"`.

    With `model` left out the section is about the model of its own name, such as
    `[models."openai/gpt-5-mini"]`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    provider: str = Field(default="", pattern=f"^({_WORD})?$")
    """`google`, or one of LiteLLM's; `openai` is any server that speaks OpenAI's chat completions.
    That before the slash in `model` when empty."""
    model: str = ""
    """What the provider calls it, as `gpt-5-mini`; or with the provider, as `openai/gpt-5-mini`."""
    address: WebAddress = ""
    """Where it is reached, with the path, as `http://localhost:8000/v1`; the provider's own when
    empty. For Gemini see `address` under `[models]`."""
    key: str = ""
    """The name of the variable that holds its key, never the key itself; it is read from the
    environment, `.env`, or the file named by `<key>_FILE`. The provider's usual one when empty, and
    none where an address is given."""
    temperature: float | None = Field(default=None, ge=0, le=2)
    """For steps that name none; the agent's own when empty."""
    prices: Price | None = None
    """`{ input = 0.3, output = 2.5 }`: of a million tokens. By the section of the version that
    answered, else of the model that was asked; without one, money is not counted."""

    @model_validator(mode="before")
    @classmethod
    def _a_table(cls, data: object) -> object:
        if isinstance(data, dict | NamedModel):
            return data
        raise ValueError('unknown key; a model is a table, as [models.mine] with model = "..."')

    @field_validator("key")
    @classmethod
    def _a_variable(cls, key: str) -> str:
        if key and (not _VARIABLE.fullmatch(key) or key.endswith("_FILE")):
            raise ValueError(
                "give the name of the variable that holds the key, as MY_MODEL_KEY, without _FILE; "
                "never the key itself"
            )
        return key

    def checked(self, name: str) -> Self:
        """Itself; raises ValueError, with the way out, for a section that says too little."""
        route = self.route(name)
        if name.partition("/")[0] == "offline":
            raise ValueError(f"{name}: 'offline' is the stand-in's name; take another")
        if route.provider == GOOGLE and (self.address or self.key):
            raise ValueError(
                f"{name}: the address of Gemini stands under [models], and its key is "
                f"{GOOGLE_KEYS[0]}; take address and key out"
            )
        if not route.provider and self.is_about_more_than_prices():
            raise ValueError(
                f"{name}: nothing says which model that is; give provider and model, for example "
                'provider = "openai", model = "gpt-5-mini"'
            )
        return self

    def is_about_more_than_prices(self) -> bool:
        """Whether it can be asked by its name, and not only be paid."""
        return bool(self.model_fields_set - {"prices"})

    def is_reached_its_own_way(self) -> bool:
        """Whether somebody said where, or with which key: such a model is meant to be live."""
        return bool(self.address or self.key)

    def route(self, name: str) -> ModelRoute:
        """How the model is reached that `name`, this section's, stands for."""
        said = self.model or name
        provider = self.provider or provider_of(said)
        bare = said.removeprefix(f"{provider}/")
        full = bare if provider == GOOGLE else f"{provider}/{bare}" if provider else said
        return ModelRoute(full, provider, self.address, self.key or self._usual_key(provider))

    def usual_temperature(self, name: str) -> float | None:
        """For a step that names none; None leaves it to the agent."""
        if self.temperature is not None:
            return self.temperature
        return GEMINI_DEFAULT if self.model and keeps_default(self.route(name).full_name) else None

    def _usual_key(self, provider: str) -> str:
        """None for an address of one's own: a key isn't sent to where nobody said it goes."""
        return "" if self.address else PROVIDER_KEYS.get(provider, "")


def plain_route(model: str) -> ModelRoute:
    """Of a model without a section."""
    provider = provider_of(model)
    return ModelRoute(model, provider, key=PROVIDER_KEYS.get(provider, ""))


def by_litellm(route: ModelRoute) -> bool:
    """Whether LiteLLM has to be there."""
    return route.provider not in {"", GOOGLE, "offline"}
