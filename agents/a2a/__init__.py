"""Agents over A2A: the client that calls them, the executor that serves ours.

Messages are authenticated, signed and, on request, encrypted. Imports `agents.http`; imported by
`agents.runtime`. Start at `client.py`, `executor.py`.
"""
