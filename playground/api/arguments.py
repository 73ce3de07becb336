"""Arguments of a Web API call, merged from wherever a client put them."""

import json
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from playground.errors import SlackError, invalid_arguments
from playground.http.forms import BrokenFormError, read_form
from playground.http.wire import Json, MalformedJsonError, clean, clean_text, loads

LARGEST_BODY = 8 * 1024 * 1024
_FORM_FIELDS = 1_000
_TRUE = {"true", "1", "True", "yes"}


async def read_arguments(request: web.Request) -> Json:
    """Query, then body over it: JSON, form or multipart. An empty body is no error."""
    arguments: Json = {name: clean_text(value) for name, value in request.query.items()}
    if request.method != "POST":
        return arguments
    if request.content_type == "multipart/form-data":
        return arguments | await _multipart(request)
    body = await request.read()
    if not body.strip():
        return arguments
    if request.content_type == "application/json":
        return arguments | _json_object(body)
    if request.content_type in ("application/x-www-form-urlencoded", "application/octet-stream"):
        return arguments | _form(body)
    raise SlackError("invalid_post_type")


def _json_object(body: bytes) -> Json:
    try:
        value = loads(body)
    except MalformedJsonError as error:
        raise SlackError("invalid_json") from error
    if not isinstance(value, dict):
        raise SlackError("json_not_object")
    return value


def _form(body: bytes) -> Json:
    try:
        fields = parse_qsl(
            body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_FORM_FIELDS
        )
    except ValueError as error:
        raise SlackError("invalid_form_data") from error
    return {name: clean_text(value) for name, value in fields}


async def _multipart(request: web.Request) -> Json:
    try:
        parts = await read_form(request, LARGEST_BODY)
    except BrokenFormError as error:
        raise SlackError("invalid_form_data") from error
    return {part.name: clean_text(part.text) for part in parts}


class Arguments:
    """Arguments by type. Every client's spelling of a boolean, number or JSON is understood."""

    def __init__(self, values: Json) -> None:
        self.values = values

    def has(self, name: str) -> bool:
        """Whether the argument was given, even empty."""
        return self.values.get(name) is not None

    def text(self, name: str, default: str = "") -> str:
        """The argument as text."""
        value = self.values.get(name)
        if value is None:
            return default
        return value if isinstance(value, str) else json.dumps(value)

    def required(self, name: str) -> str:
        """The argument as text, refused when missing or empty."""
        value = self.text(name)
        if not value:
            raise invalid_arguments(f"missing required field: {name}")
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        """The argument as a boolean: true, "true", 1 and "1" are all yes."""
        value = self.values.get(name)
        if value is None:
            return default
        return value if isinstance(value, bool) else str(value) in _TRUE

    def number(self, name: str, default: int) -> int:
        """The argument as a whole number."""
        value = self.values.get(name)
        if value in (None, ""):
            return default
        try:
            return int(value)
        except (TypeError, ValueError, OverflowError) as error:
            raise invalid_arguments(f"must provide an integer [json-pointer:/{name}]") from error

    def structure(self, name: str, otherwise: str = "invalid_arguments") -> Any:
        """The argument as JSON, parsed when a client sent it as text; None when missing."""
        value = self.values.get(name)
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            return clean(value)
        try:
            return loads(value)
        except MalformedJsonError as error:
            raise SlackError(otherwise) from error

    def words(self, name: str) -> list[str]:
        """The argument as a list, whether it came as JSON or with commas."""
        value = self.values.get(name)
        if isinstance(value, str):
            value = self.structure(name) if value.startswith("[") else value.split(",")
        listed = value if isinstance(value, list) else [] if value is None else [value]
        return [str(item).strip() for item in listed if str(item).strip()]
