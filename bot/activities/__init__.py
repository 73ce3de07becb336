"""Bodies of the workflows' activities that need Slack, mail or files.

Their names and types are in `workflows/activities.py`. Only `bot.processes` imports them.
Start at `prepare_approval.py`.
"""
