"""What the workspace holds, in one SQLite file, one kind of thing per module."""
