"""Live models or the offline one: decided once, by settings and keys, and said in a sentence."""

import importlib.util
import re
from collections.abc import Iterable
from dataclasses import dataclass

from agents.models.settings import GOOGLE_KEYS, PROVIDER_KEYS, ModelKeys, ModelSettings

_GOOGLE = re.compile(r"gemini-.*|gemma-4.*|models/.*|projects/.*")
_KEYLESS = frozenset({"ollama", "ollama_chat"})
GOOGLE = "google"
OFFLINE = "offline"


def provider_of(model: str) -> str:
    """Who answers as `model`: `google`, `offline`, a provider of LiteLLM; empty for others."""
    first, slash, _ = model.partition("/")
    if first == OFFLINE:
        return OFFLINE
    if _GOOGLE.fullmatch(model):
        return GOOGLE
    return first if slash and (first in PROVIDER_KEYS or first in _KEYLESS) else ""


@dataclass(frozen=True)
class ModelAccess:
    """What our agents' models are asked with. `offline`: the stand-in answers, whatever is named.

    `sentence` is what start and `doctor` say about that.
    """

    settings: ModelSettings
    keys: ModelKeys
    offline: bool
    sentence: str

    @classmethod
    def decided(
        cls, settings: ModelSettings, keys: ModelKeys, wanted: Iterable[str]
    ) -> "ModelAccess":
        """`wanted` are the names of the models that steps use."""
        names = sorted({name for name in wanted if provider_of(name) != OFFLINE})
        keyed = [name for name in names if not _no_key(settings, keys, name)]
        if settings.use == "offline":
            return cls(settings, keys, True, "Models: offline, because use under [models] says so.")
        if settings.use == "auto" and not keyed:
            return cls(settings, keys, True, f"Models: offline, because {_why(keys, names)}.")
        return cls(settings, keys, False, f"Models: {_by(settings, keys, names)}.")

    @classmethod
    def without_keys(cls, *, offline: bool) -> "ModelAccess":
        """Only the stand-in; or, for whoever names another model, none at all."""
        return cls(ModelSettings(), ModelKeys(), offline, "")

    def chosen(self, named: str, stand_in: str) -> str:
        """The model that answers when `named` is asked for; `stand_in` is the agent's offline one.

        Names that are nobody's are left to ADK, which knows more models than we do.
        """
        provider = provider_of(named)
        return stand_in if provider == OFFLINE or (self.offline and provider) else named

    def lacking(self, model: str) -> str:
        """What is missing to ask this model, as the end of a sentence; empty when nothing is."""
        return _lacking(self.settings, self.keys, model)


def _lacking(settings: ModelSettings, keys: ModelKeys, model: str) -> str:
    if missing := _no_key(settings, keys, model):
        return missing
    by_litellm = provider_of(model) in PROVIDER_KEYS or provider_of(model) in _KEYLESS
    if by_litellm and importlib.util.find_spec("litellm") is None:
        return "Install signoff[litellm] (make install EXTRAS=litellm in a checkout)"
    return ""


def _no_key(settings: ModelSettings, keys: ModelKeys, model: str) -> str:
    provider = provider_of(model)
    if provider == GOOGLE and not keys.google() and not settings.vertex:
        return f"Set {GOOGLE_KEYS[0]}"
    if provider in PROVIDER_KEYS and not keys.value(PROVIDER_KEYS[provider]):
        return f"Set {PROVIDER_KEYS[provider]}"
    return ""


def _why(keys: ModelKeys, names: list[str]) -> str:
    if not keys.found:
        return f"no key is set ({GOOGLE_KEYS[0]}, or that of another provider)"
    said = ", ".join(sorted(keys.found))
    lacking = sorted({_no_key(ModelSettings(), keys, name) for name in names} - {""})
    draft = f"; for {', '.join(names)}: {', '.join(lacking)}" if lacking else ""
    return f"{said} is set, but no step can use it{draft}"


def _by(settings: ModelSettings, keys: ModelKeys, names: list[str]) -> str:
    """By which ways the models are reached; the names of keys, never the keys."""
    ways = []
    if settings.vertex:
        place = f"project {settings.project or 'of the credentials'}"
        ways.append(f"Gemini through Vertex AI ({place}, {settings.location or 'global'})")
    elif keys.google():
        ways.append(f"Gemini with the key {keys.google()}")
    used = {provider_of(name) for name in names}
    ways += [
        f"{provider} with the key {variable}"
        for provider, variable in PROVIDER_KEYS.items()
        if provider in used and keys.value(variable)
    ]
    ways += sorted(used & _KEYLESS)
    at = f", at {settings.address}" if settings.address else ""
    return (" and ".join(ways) or "live, but with no key") + at
