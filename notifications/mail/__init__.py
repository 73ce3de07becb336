"""Approvals by e-mail: letters, their templates, and how they are sent."""
