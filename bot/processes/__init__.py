"""How each process of Signoff starts, finds the others and ends.

`bootstrap/` builds bot, worker and scheduler; `up.py` runs all of them, `demo.py` with a local
workspace. May import all of `bot`; only `bot.commands` imports it. Start at `bootstrap/`.
"""
