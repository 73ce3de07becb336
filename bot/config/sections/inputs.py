"""`[inputs]`: what tasks may read."""

from datetime import timedelta
from pathlib import Path

from pydantic import Field

from bot.config.sections.base import Section
from workflows.messages.durations import Duration


class InputSettings(Section):
    """What tasks may read: only files inside `folders` (relative to the settings file)."""

    folders: tuple[Path, ...] = (Path("examples"),)
    """The only folders tasks may read files from."""
    max_bytes: int = Field(default=20_000_000, gt=0)
    """The limit for each input, in bytes: what is longer is read no further."""
    url_timeout: Duration = timedelta(seconds=30)
    """For inputs from the web."""
