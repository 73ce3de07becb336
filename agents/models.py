"""Which model an agent runs on when nobody says: only ADK's own command line asks."""

import os

from agents.catalogue import LocalAgent
from agents.offline import register

_KEYS = ("GOOGLE_API_KEY", "GEMINI_API_KEY", "GOOGLE_GENAI_USE_VERTEXAI")


def command_line_model(agent: LocalAgent) -> str:
    """Gemini when the environment has a key for it, else the offline model.

    The product never asks here: it passes the model with each request.
    """
    register()
    return agent.model if any(os.environ.get(key) for key in _KEYS) else agent.offline_model
