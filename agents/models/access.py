"""Live models or the offline one: decided once, by settings and keys, and said in a sentence."""

import importlib.util
from collections.abc import Iterable
from dataclasses import dataclass

from agents.models.named import ModelRoute, by_litellm
from agents.models.providers import GOOGLE, GOOGLE_KEYS, OFFLINE, provider_of
from agents.models.settings import ModelKeys, ModelSettings


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
        meant = [name for name in names if name in settings.named]
        usable = any(settings.named[name].is_reached_its_own_way() for name in meant) or any(
            not _no_key(settings, keys, name) for name in names
        )
        if settings.use == "offline":
            return cls(settings, keys, True, "Models: offline, because use under [models] says so.")
        if settings.use == "auto" and not usable:
            return cls(
                settings, keys, True, f"Models: offline, because {_why(settings, keys, names)}."
            )
        return cls(settings, keys, False, f"Models: {_by(settings, keys, names)}.")

    @classmethod
    def without_keys(cls, *, offline: bool) -> "ModelAccess":
        """Only the stand-in; or, for whoever names another model, none at all."""
        return cls(ModelSettings(), ModelKeys(), offline, "")

    def chosen(self, named: str, stand_in: str) -> str:
        """The model that answers when `named` is asked for; `stand_in` is the agent's offline one.

        Names that are nobody's are left to ADK, which knows more models than we do.
        """
        provider = self.settings.route(named).provider
        return stand_in if provider == OFFLINE or (self.offline and provider) else named

    def lacking(self, model: str) -> str:
        """What is missing to ask this model, as the end of a sentence; empty when nothing is."""
        route = self.settings.route(model)
        if missing := _no_key(self.settings, self.keys, model):
            return missing
        if by_litellm(route) and importlib.util.find_spec("litellm") is None:
            return "Install signoff[litellm] (make install EXTRAS=litellm in a checkout)"
        return ""


def _no_key(settings: ModelSettings, keys: ModelKeys, model: str) -> str:
    route = settings.route(model)
    if route.provider == GOOGLE and not keys.google() and not settings.vertex:
        return f"Set {GOOGLE_KEYS[0]}"
    return f"Set {route.key}" if _missing(route, keys) else ""


def _why(settings: ModelSettings, keys: ModelKeys, names: list[str]) -> str:
    if not keys.found:
        return f"no key is set ({GOOGLE_KEYS[0]}, or that of another provider)"
    said = ", ".join(sorted(keys.found))
    lacking = sorted({_no_key(settings, keys, name) for name in names} - {""})
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
    ways[:] = [f"{way}, at {settings.address}" if settings.address else way for way in ways]
    routes = sorted({settings.route(name) for name in names})
    ways += dict.fromkeys(
        _way(route) for route in routes if by_litellm(route) and not _missing(route, keys)
    )
    return " and ".join(ways) or "live, but with no key"


def _way(route: ModelRoute) -> str:
    at = f"{route.full_name} at {route.address}" if route.address else route.provider
    return f"{at} with the key {route.key}" if route.key else at


def _missing(route: ModelRoute, keys: ModelKeys) -> bool:
    return bool(route.key) and not keys.value(route.key)
