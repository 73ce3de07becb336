"""Approvals and tasks as the bot asks for them: queries, lists, deliveries to workflows.

The only way from a gesture to a workflow is `delivery.py`, which keeps what cannot be delivered.
Imported by listeners, pages and the command line. Start at `queries.py`.
"""
