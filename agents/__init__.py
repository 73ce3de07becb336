"""Agents: how they are called, served, judged and kept from acting twice; and those we bring.

Imports `workflows` and nothing else of ours. Start at `runtime/activity.py` for a turn from the
workflow's side, at `turn/runner.py` for one from the agent's.
"""
