"""Forms: what opens in Slack, and how what was typed is read back."""
