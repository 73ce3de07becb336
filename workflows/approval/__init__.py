"""One approval as a workflow: it waits for people, counts their votes and reminds.

Deterministic: no clock, network or file but through activities. `workflow.py` is the whole story,
`state.py` what it knows. Imported by the worker only.
"""
