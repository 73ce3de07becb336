"""The set-up: what is installed, and how."""
