"""Approvals for programs of other people, over A2A, REST and MCP.

Needs the extra `mcp`. Imported by `bot.processes` only. Start at `server.py`.
"""
