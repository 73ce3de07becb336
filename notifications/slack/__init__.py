"""Messages to Slack: posted once, at Slack's pace, found again after a crash.

Start at `delivery.py`.
"""
