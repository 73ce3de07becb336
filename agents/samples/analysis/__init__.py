"""For ADK's command line, which looks for `agent.root_agent` in here."""

from . import agent as agent
