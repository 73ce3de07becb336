"""Which temperature a model is asked with, where nobody configured one.

Gemini from generation 3 on is best left at its default of 1.0: lower ones may lead to loops and to
worse answers ("Temperature tuning" in
https://docs.cloud.google.com/vertex-ai/generative-ai/docs/start/gemini-3-prompting-guide, and
https://ai.google.dev/gemini-api/docs/gemini-3). `gemini-flash-latest` and `gemini-pro-latest` are
aliases of Google's newest (https://ai.google.dev/gemini-api/docs/models, "Latest"; when they moved:
https://ai.google.dev/gemini-api/docs/changelog).
"""

import re

GEMINI_DEFAULT = 1.0
_EARLIER = re.compile(r"gemini-[12](\.\d+)?-")
_GEMINI = re.compile(r"(models/|projects/.*/)?gemini-")


def usual_temperature(model: str, wanted: float | None) -> float | None:
    """What an agent would like, for a model that is the better for it; None is the model's own."""
    return None if keeps_default(model) else wanted


def keeps_default(model: str) -> bool:
    """Whether the model's makers advise to leave its temperature alone."""
    return _GEMINI.match(model) is not None and _EARLIER.search(model) is None
