"""What a turn has done is written down before it is used, so that an act runs once.

An ADK plugin keeps model answers and tool results; see docs/adr/0015. Imported by `agents.turn`.
Start at `plugin.py`.
"""
