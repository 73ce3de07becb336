"""What watches the product itself: Slack's connection, the agents, stored payloads, metrics, logs.

Imported by processes. Start at `slack_watchdog.py`.
"""
