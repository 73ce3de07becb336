"""What every section of `signoff.toml` is: frozen, and closed to keys nobody knows."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A part of the settings; a key nobody knows is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True)
