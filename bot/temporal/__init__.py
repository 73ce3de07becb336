"""The client, the worker and the plugin with which Temporal is reached.

Imports `bot.config`; imported by processes and approvals. Start at `client.py`.
"""
