"""Who people are in Slack, and whether they count: looked up, remembered for a short time.

Start at `membership.py`.
"""
