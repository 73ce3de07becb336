"""One turn of an agent: its brief, the run in ADK, and the answer.

Imported by `agents.runtime` and `agents.a2a`. Start at `runner.py`.
"""
