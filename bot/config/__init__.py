"""`signoff.toml` and the environment as checked models, and what is built of them.

Imports nothing else of `bot` but who may see what (`access/sight.py`); everybody imports it. Start
at `settings.py`; what each section holds is in `sections/`.
"""
