"""The command line: what is typed after `signoff`.

Each command is a few lines in `cli.py`; the work is in the other modules here. May import all of
`bot`; only `bot.__main__` imports it. Start reading at `cli.py`.
"""
