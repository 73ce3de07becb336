"""How Slack is reached, and how its requests come in: Socket Mode, HTTP, the Web API, files.

What gets through is signed, fresh, well-formed and dispatched to Bolt; nothing here knows what an
approval is. Imports `bot.config`; imported by listeners and processes. Start at `dispatch.py`.
"""
