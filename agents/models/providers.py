"""Who answers as which model, by its name alone; and where each one's key is looked for."""

import re
from collections.abc import Mapping
from types import MappingProxyType

GOOGLE_KEYS = ("GOOGLE_API_KEY", "GEMINI_API_KEY")
PROVIDER_KEYS: Mapping[str, str] = MappingProxyType(
    {
        name: f"{name.upper()}_API_KEY"
        for name in ("openai", "anthropic", "mistral", "groq", "deepseek", "xai", "openrouter")
    }
)
"""Providers asked through LiteLLM, by the word before the slash of a model's name."""
KEYLESS = frozenset({"ollama", "ollama_chat"})
"""Providers asked through LiteLLM that run on one's own machine."""
GOOGLE = "google"
OFFLINE = "offline"
_GOOGLE = re.compile(r"gemini-.*|gemma-4.*|models/.*|projects/.*")


def provider_of(model: str) -> str:
    """Who answers as `model`: `google`, `offline`, a provider of LiteLLM; empty for others."""
    first, slash, _ = model.partition("/")
    if first == OFFLINE:
        return OFFLINE
    if _GOOGLE.fullmatch(model):
        return GOOGLE
    return first if slash and (first in PROVIDER_KEYS or first in KEYLESS) else ""
