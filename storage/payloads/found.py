"""The payloads inside of Temporal's messages."""

from collections.abc import Iterator

from google.protobuf.message import Message
from temporalio.api.common.v1 import Payload


def payloads_in(message: Message) -> Iterator[Payload]:
    """Every payload in a message, however deep."""
    if isinstance(message, Payload):
        yield message
        return
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        if field.message_type.GetOptions().map_entry:
            children = list(value.values())
        else:
            children = list(value) if field.is_repeated else [value]
        for child in children:
            if isinstance(child, Message):
                yield from payloads_in(child)
