"""Alembic's folder: `env.py` runs the scripts in `versions/`; see `storage/database.py`."""
