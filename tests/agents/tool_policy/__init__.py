"""Tool policy."""
