"""What Slack's own client checks before it submits a modal."""

import re

from playground.gestures.elements import value_field
from playground.http.wire import Json

REQUIRED = "Please complete this required field."
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_URL = re.compile(r"https?://\S+")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


def missing_inputs(blocks: list[Json], values: Json) -> dict[str, str]:
    """A sentence per input block that is not (rightly) filled in, by block id."""
    errors: dict[str, str] = {}
    for block in blocks:
        if block.get("type") != "input":
            continue
        element = block["element"]
        state = values.get(block["block_id"], {}).get(element["action_id"], {})
        value = state.get(value_field(element))
        problem = _problem(element, value, bool(block.get("optional")))
        if problem:
            errors[block["block_id"]] = problem
    return errors


def _problem(element: Json, value: object, is_optional: bool) -> str:
    if value in (None, "", []):
        return "" if is_optional else REQUIRED
    if isinstance(value, str):
        return _text_problem(element, value)
    return ""


def _text_problem(element: Json, text: str) -> str:
    kind = element["type"]
    if kind == "email_text_input" and not _EMAIL.fullmatch(text):
        return "Please enter a valid email address."
    if kind == "url_text_input" and not _URL.fullmatch(text):
        return "Please enter a valid URL."
    if kind == "number_input":
        return _number_problem(element, text)
    if kind == "plain_text_input":
        return _length_problem(element, text)
    return ""


def _number_problem(element: Json, text: str) -> str:
    if not _NUMBER.fullmatch(text):
        return "Please enter a number."
    if "." in text and not element.get("is_decimal_allowed"):
        return "Please enter a whole number."
    low, high = element.get("min_value"), element.get("max_value")
    if low is not None and float(text) < float(low):
        return f"Please enter a number of at least {low}."
    if high is not None and float(text) > float(high):
        return f"Please enter a number of at most {high}."
    return ""


def _length_problem(element: Json, text: str) -> str:
    low, high = element.get("min_length", 0), element.get("max_length", 3_000)
    if len(text) < low:
        return f"Please use at least {low} characters."
    if len(text) > high:
        return f"Please use at most {high} characters."
    return ""
