"""Web pages: health for supervisors, and the page that a mailed link opens.

Imported by `bot.processes`. Start at `server.py`.
"""
