"""The approval card: its facts, its tool calls, its buttons.

Pure functions from a view to blocks. Start at `card.py`.
"""
