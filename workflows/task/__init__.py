"""One task as a workflow: its steps, the agents' turns and tool calls, and its end.

Deterministic like the approval. `workflow.py` is the story, `step.py` one step of it.
Imported by the worker only.
"""
