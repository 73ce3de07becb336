"""Reminders: ladders, business hours, holidays, and what goes out together.

Start at `scheduler.py`.
"""
