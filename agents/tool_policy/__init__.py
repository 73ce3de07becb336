"""Which tool calls an agent may make: allowed, denied, or shown to people first.

`plugin.py` goes into any ADK runner; `engine.py` reads the rules. Start at `plugin.py`.
"""
