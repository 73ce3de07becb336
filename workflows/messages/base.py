"""The base of every message: frozen, and tolerant of fields a newer version added."""

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, SerializerFunctionWrapHandler, model_serializer


class Frozen(BaseModel):
    """A value. New fields always get a default, so that recorded histories keep replaying."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Grown(Frozen):
    """A value that digests are made over: a field of `LATER` with its default is not written.

    So a card that was shown by the release before still carries the right digest.
    """

    LATER: ClassVar[frozenset[str]] = frozenset()

    @model_serializer(mode="wrap")
    def _as_before(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        written: dict[str, Any] = serialize(self)
        for name in self.LATER:
            field = type(self).model_fields[name]
            if name in written and getattr(self, name) == field.get_default():
                del written[name]
        return written
