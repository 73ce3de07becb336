"""Reads a random table back and says how that went: right, said to be a guess, refused or wrong."""

import math
from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from agents.errors import UnusableInput
from agents.inputs.table import open_table
from tests.agents.inputs.dialects import Case


class Verdict(StrEnum):
    """How a file was read."""

    RIGHT = "right"
    GUESS_SAID = "guess said"
    REFUSED = "refused"
    WRONG = "silently wrong"


def judged(case: Case) -> tuple[Verdict, str]:
    """With what is different, for the log."""
    try:
        with open_table("t.csv", case.content) as table:
            names = tuple(name for name, _ in table.columns())
            rows = table.query("SELECT * FROM data")
            said = set(table.unclear)
            text = " ".join(table.notes)
            guessed = "(guessed)" in table.read_as
    except UnusableInput as error:
        return Verdict.REFUSED, error.sentence
    wrong = differences(case, names, rows)
    if not wrong:
        return Verdict.RIGHT, ""
    told = guessed or all(name and (name in said or f"{name} " in text) for name, _ in wrong)
    return (Verdict.GUESS_SAID if told else Verdict.WRONG), str(wrong[:3])


def differences(
    case: Case, names: Sequence[str], rows: Sequence[Sequence[Any]]
) -> list[tuple[str, str]]:
    """Column and what is wrong with it; an empty name for the whole table."""
    wanted = tuple(" ".join(name.split()) for name in case.names)
    if tuple(names[: len(wanted)]) != wanted or len(rows) != len(case.rows):
        return [("", f"{names} with {len(rows)} rows, not {wanted} with {len(case.rows)}")]
    found: list[tuple[str, str]] = []
    for at, name in enumerate(wanted):
        for got, row in zip(rows, case.rows, strict=True):
            if not same(got[at], row[at]):
                found.append((name, f"{name}: {got[at]!r}, not {row[at]!r}"))
                break
    return found


def same(got: Any, wanted: Any) -> bool:
    """The same value, whatever its type is called."""
    if wanted is None or got is None:
        return got is wanted
    if isinstance(wanted, bool) or isinstance(got, bool):
        return got is wanted
    if isinstance(wanted, date):
        return (got.date() if isinstance(got, datetime) else got) == wanted
    if isinstance(wanted, str):
        return isinstance(got, str) and got.replace("\r", "\n") == wanted
    if isinstance(got, str):
        return False
    return math.isclose(float(got), float(wanted), rel_tol=1e-12, abs_tol=1e-9)
