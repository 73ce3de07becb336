"""Fields for the arguments of tool calls: each in its own kind, filled in, and read back.

A field's name says which argument it is, of which kind, and (by a digest) what it came filled
with, so that reading a form needs nothing but the form.
"""

import json
import math
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from notifications.forms.inputs import MOST_CHARACTERS, entered, number_input, radio, text_input
from notifications.text.sanitize import clip, inert, mrkdwn, visible
from notifications.views.blocks import Block, context, section
from workflows.content.argument import argument
from workflows.content.argument_kind import Kind, kind_of
from workflows.content.json_value import TOO_LARGE, flaw
from workflows.content.money import amount_name, exact, plain
from workflows.content.rendering import title_of
from workflows.messages.content_hash import digest
from workflows.messages.results import ProposedCall

NAME = 255
SHORT = 80
DIGITS = 310
_EDITABLE = frozenset(Kind) - {Kind.NOTHING}
_JSON = frozenset({Kind.LIST, Kind.OBJECT})


class FieldName(BaseModel):
    """The block id of a field: `call` and `argument` it is about, and what it showed.

    `money` for an amount of money, which has to be more than nothing.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    call: str = Field(alias="c")
    argument: str = Field(alias="a")
    kind: Kind = Field(alias="k")
    shown: str = Field(alias="d", max_length=16)
    money: bool = Field(default=False, alias="m")

    def text(self) -> str:
        """The JSON that is the id."""
        return self.model_dump_json(by_alias=True, exclude_defaults=True)

    @classmethod
    def read(cls, name: str) -> "FieldName | None":
        """None for a field of another sort."""
        try:
            return cls.model_validate_json(name)
        except ValidationError:
            return None


class Typed(NamedTuple):
    """What came back: changed values by call and argument, and a sentence per wrong field."""

    arguments: dict[str, dict[str, Any]]
    errors: dict[str, str]


def argument_fields(calls: tuple[ProposedCall, ...], most: int) -> list[Block]:
    """A heading for each call and a field for each argument, in at most `most` blocks.

    What has no field, because there is no room or no fitting one, is said.
    """
    blocks: list[Block] = []
    total, there = sum(len(call.arguments) for call in calls), 0
    for number, call in enumerate(calls, 1):
        fields = [field for name in call.arguments if (field := _field(call, name)) is not None]
        room = most - 1 - len(blocks) - 1
        if not fields or room < 1:
            continue
        there += len(fields[:room])
        title = mrkdwn(clip(title_of(number, call), 140, visible).shown)
        blocks += [section(f"*{title}*"), *fields[:room]]
    if there < total:
        blocks.append(
            context(
                f"✂️ {there} of {total} arguments can be changed here; the others are too long, "
                "empty, or too many for one form. They stay as they are, and run so."
            )
        )
    return blocks


def typed(view: Block) -> Typed:
    """Every argument that was changed, in its kind."""
    arguments: dict[str, dict[str, Any]] = {}
    errors: dict[str, str] = {}
    for name in view["state"]["values"]:
        field = FieldName.read(name)
        if field is None:
            continue
        text = entered(view, name)
        try:
            value = _value(field.kind, text)
        except ValueError as error:
            errors[name] = str(error)
            continue
        if _print(field.kind, value) == field.shown:
            continue
        if field.money and value <= 0:
            errors[name] = "Enter an amount above 0, or reject it instead."
        else:
            arguments.setdefault(field.call, {})[field.argument] = value
    return Typed(arguments, errors)


def _field(call: ProposedCall, name: str) -> Block | None:
    """None where no field can hold the value as it is."""
    value = call.arguments[name]
    kind = kind_of(value)
    if kind not in _EDITABLE:
        return None
    initial = _initial(kind, value)
    money = name == amount_name(call.arguments)
    if money and kind is Kind.NUMBER:
        initial = plain(exact(value)).replace(",", ""), value
    field = FieldName(
        call=call.id, argument=name, kind=kind, shown=_print(kind, initial[1]), money=money
    )
    block, label = field.text(), clip(argument(call, name).name, 140, inert).shown
    text = initial[0]
    if len(block) > NAME or not clip(text, MOST_CHARACTERS).whole:
        return None
    match kind:
        case Kind.TRUTH:
            return radio(block, label, [("yes", "true"), ("no", "false")], initial=text)
        case Kind.WHOLE | Kind.NUMBER:
            return number_input(block, label, decimals=kind is Kind.NUMBER, initial=text)
        case Kind.LIST | Kind.OBJECT:
            hint = f"JSON: {kind.value}"
            return text_input(block, label, multiline=True, initial=text, hint=hint)
    multiline = "\n" in text or len(text) > SHORT
    return text_input(block, label, multiline=multiline, optional=not text.strip(), initial=text)


def _initial(kind: Kind, value: Any) -> tuple[str, Any]:
    """What stands in the field, and what is read from it when nobody touches it."""
    if kind is Kind.TRUTH:
        return ("true" if value else "false"), value
    if kind in {Kind.WHOLE, Kind.NUMBER}:
        return f"{exact(value):f}", value
    if kind in _JSON:
        text = json.dumps(value, ensure_ascii=False, indent=1)
        return (text if visible(text) == text else json.dumps(value, indent=1)), value
    text = visible(value)
    return text, text


def _value(kind: Kind, text: str) -> Any:
    """What was typed, as a value. Raises ValueError, a sentence for beside the field."""
    value = _read(kind, text)
    if found := flaw(value):
        raise ValueError(f"This cannot be used: {found}.")
    return value


def _read(kind: Kind, text: str) -> Any:
    match kind:
        case Kind.TRUTH:
            return text == "true"
        case Kind.WHOLE:
            return _whole(text)
        case Kind.NUMBER:
            return _number(text)
        case Kind.LIST | Kind.OBJECT:
            return _json(kind, text)
    return text


def _whole(text: str) -> int:
    number = _decimal(text)
    if number != number.to_integral_value():
        raise ValueError("Enter a whole number.")
    return int(number)


def _number(text: str) -> float:
    """Never another number than was typed, which a float of too many digits would be."""
    number = _decimal(text)
    value = float(number)
    if exact(value) != number:
        raise ValueError("This has more digits than can be kept; enter a shorter number.")
    return value


def _decimal(text: str) -> Decimal:
    number = _figure(text)
    if number.is_finite() and abs(number.adjusted()) > 300:
        raise ValueError(f"This cannot be used: {TOO_LARGE}.")
    if not number.is_finite():
        raise ValueError("Enter a number, for example 1890.50.")
    return number


def _figure(text: str) -> Decimal:
    try:
        return Decimal(text.strip())
    except InvalidOperation:
        return Decimal("nan")


def _json(kind: Kind, text: str) -> Any:
    try:
        value = json.loads(
            text, parse_constant=_refuse, parse_float=_json_number, parse_int=_json_whole
        )
    except (json.JSONDecodeError, RecursionError):
        raise ValueError(f"This is no JSON; enter {kind.value} as JSON.") from None
    if kind_of(value) is not kind:
        raise ValueError(f"This has to be {kind.value}, as JSON.")
    return value


def _json_number(text: str) -> float:
    """1e400 would be read as infinity, and run as null."""
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"This cannot be used: {TOO_LARGE}.")
    if Decimal(repr(value)) != _figure(text):
        raise ValueError("A number in it has more digits than can be kept; enter a shorter one.")
    return value


def _json_whole(text: str) -> int:
    if len(text) > DIGITS:
        raise ValueError(f"This cannot be used: {TOO_LARGE}.")
    return int(text)


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is no JSON; enter a number.")


def _print(kind: Kind, value: Any) -> str:
    """The same for a value that only went through a form and back."""
    if kind is Kind.TEXT:
        value = "\n".join(line.rstrip() for line in value.strip().splitlines())
    return digest(json.dumps(value, sort_keys=True))[:12]
