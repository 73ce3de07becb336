"""Where agents run: in an activity of the worker, behind our server, or in a workflow of their own.

Imports every other part of `agents`; imported by `bot.processes`. Start at `activity.py`.
"""
