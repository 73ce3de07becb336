"""`signoff.toml` and the environment as checked models, and what is built of them.

Imports nothing else of `bot`; everybody imports it. Start at `settings.py`.
"""
