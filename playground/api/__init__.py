"""Slack's Web API, one family of methods per module."""
