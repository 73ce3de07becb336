"""The workflows and their rules: what waits, who may decide, what a decision does.

Imports nothing of ours, and nothing that would make a replay differ (`ruff.toml` bans it).
`rules.py` is pure; `approval/` and `task/` are the two workflows; `messages/` is what travels;
`activities.py` names what they need done. Start at `rules.py`.
"""
