"""What is kept outside of Temporal: audit log, payloads, preferences, tokens, inboxes, journals.

Imports `workflows` and nothing else of ours. Start at `audit/log.py`.
"""
