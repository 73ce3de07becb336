"""The sections of `signoff.toml`, one file a subject.

The docstring behind a field is what `docs/reference/settings.md` says of it. Sections import
nothing of `bot` but one another. Start at `../settings.py`, which puts them together.
"""
