"""The base of every message: frozen, and tolerant of fields a newer version added."""

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """A value. New fields always get a default, so that recorded histories keep replaying."""

    model_config = ConfigDict(frozen=True, extra="ignore")
