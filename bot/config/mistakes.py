"""What is wrong with `signoff.toml` and its variables, one sentence each, with the way out."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_settings import SettingsError

from workflows.content.wrong_value import first_problem

_TWICE = re.compile(r"Cannot declare \((?P<names>.*?),?\) twice")
_LINE = re.compile(r" \((?:at line (?P<line>\d+), column \d+|at end of document)\)$")
_UNQUOTED = ("Expected newline or end of document after a statement", "Invalid value")


def wrong_setting(
    path: Path, error: ValidationError, written: Mapping[str, Any], model: type[BaseModel]
) -> str:
    """A value or key that the settings do not take."""
    place = error.errors(include_url=False)[0]["loc"]
    section = f" {place[0]}" if len(place) > 1 else ""
    hint = f"'signoff settings{section}' lists the keys"
    return _ended(f"{path}: {first_problem(error, written=written, model=model, hint=hint)}")


def wrong_variable(error: SettingsError, environment: Mapping[str, str]) -> str:
    """A `SIGNOFF_...` variable whose value is no JSON where a list or a table is needed."""
    text = getattr(error.__cause__, "doc", None)
    named = [name for name in environment if name.upper().startswith("SIGNOFF_")]
    name = next((name for name in named if environment[name] == text), "A variable SIGNOFF_...")
    return f'{name} cannot be read: write a list or a table as JSON, such as \'["one", "two"]\'.'


def unreadable(path: Path, error: Exception, text: str = "") -> str:
    """A file that is no TOML, or no file."""
    if isinstance(error, OSError):
        return f"{path} cannot be read: {error.strerror}. --config names another file."
    if not isinstance(error, tomllib.TOMLDecodeError):
        return f"{path} cannot be read: it has to be text in UTF-8."
    lines, found = text.splitlines(), _LINE.search(str(error))
    number = int(found["line"]) if found and found["line"] else len(lines)
    line = lines[number - 1].strip() if 0 < number <= len(lines) else ""
    return f"{path}, line {number}: {_said(_LINE.sub('', str(error)), line, lines)}"


def _said(reason: str, line: str, lines: list[str]) -> str:
    key, _, value = (part.strip() for part in line.partition("="))
    if twice := _TWICE.search(reason):
        table = ".".join(re.findall(r"'([^']*)'", twice["names"]))
        first = next((n for n, one in enumerate(lines, 1) if f"[{table}]" in one), 0)
        return f"[{table}] is there already, in line {first}: put these lines below it."
    if reason == "Cannot overwrite a value":
        return f"{key.strip('[]')} has a value already: keep the one that is meant."
    if reason in _UNQUOTED and value and value[0] not in "\"'[{":
        return f'put the value in quotes, {key} = "{value}".'
    return f"'{line}' is no TOML: {reason[:1].lower()}{reason[1:]}."


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith(("?", ".")) else f"{sentence}."
