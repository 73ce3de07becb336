"""Claims with numbers in a text, held against the figures of tables."""

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from agents.samples.critique import ClaimVerdict
from agents.samples.tools.table_profile import TableProfile
from workflows.messages.base import Frozen

MOST_CLAIMS = 40
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
_NUMBER = re.compile(r"(?<![\w.])-?\d{1,3}(?:,\d{3})+(?:\.\d+)?|(?<![\w.])-?\d+(?:\.\d+)?")


class Claim(Frozen):
    """A sentence. `verdict` is valid, invalid, or unclear when no figure is near its words."""

    sentence: str
    verdict: str
    reason: str


def sentences(text: str) -> list[str]:
    """The sentences of a text that hold a number, without Markdown marks."""
    parts = (part.strip(" #*->\t") for part in _SENTENCE.split(text))
    return [part for part in parts if _NUMBER.search(part)][:MOST_CLAIMS]


def check(sentence: str, tables: Iterable[TableProfile]) -> Claim:
    """Compare the numbers of one sentence with the figures its words name."""
    known = [figure for table in tables for figure in figures(table)]
    numbers = [float(found.replace(",", "")) for found in _NUMBER.findall(sentence)]
    words = set(re.findall(r"[a-z]+", sentence.lower()))
    near = [figure for figure in known if figure.words <= words]
    if not near:
        return Claim(sentence=sentence, verdict="unclear", reason="no figure of the data is named")
    wrong = [number for number in numbers if not any(_same(number, f.value) for f in near)]
    if not wrong:
        names = ", ".join(sorted({f.name for f in near if any(_same(n, f.value) for n in numbers)}))
        return Claim(sentence=sentence, verdict="valid", reason=f"matches {names}")
    closest = min(near, key=lambda figure: (-len(figure.words), abs(figure.value - wrong[0])))
    reason = f"{wrong[0]:,.10g} is not {closest.name}, which is {closest.value:,.10g}"
    return Claim(sentence=sentence, verdict="invalid", reason=reason)


def claims_of(said: Any) -> list[str]:
    """The claims that a drafter states, as `{"claims": [...]}` or one in each sentence."""
    try:
        found = json.loads(said) if isinstance(said, str) else said
    except ValueError:
        return sentences(str(said))
    stated = found.get("claims") if isinstance(found, dict) else None
    return [str(text) for text in stated][:MOST_CLAIMS] if isinstance(stated, list) else []


def judged(
    claims: Iterable[str], verdicts: Iterable[ClaimVerdict], tables: Sequence[TableProfile]
) -> list[Claim]:
    """Each claim as the figures and a critic judge it: invalid as soon as one of them says so.

    What one of them leaves open, the other decides.
    """
    said = {_bare(one.claim): one for one in verdicts}
    texts = {_bare(text): text for text in claims}
    texts |= {bare: one.claim for bare, one in said.items() if bare not in texts}
    return [
        _worse(check(text, tables), said.get(bare))
        for bare, text in list(texts.items())[:MOST_CLAIMS]
    ]


def _worse(by_figures: Claim, by_critic: ClaimVerdict | None) -> Claim:
    if by_critic is None or by_figures.verdict == "invalid" or by_critic.verdict == "unclear":
        return by_figures
    if by_critic.verdict == "valid" and by_figures.verdict == "valid":
        return by_figures
    reason = f"the checker: {by_critic.reason or 'no reason given'}"
    return by_figures.model_copy(update={"verdict": by_critic.verdict, "reason": reason})


def _bare(text: str) -> str:
    return " ".join(text.casefold().split())


class Figure(Frozen):
    """A figure of the data; a sentence is about it when it has all of `words`."""

    name: str
    value: float
    words: frozenset[str]


def figures(table: TableProfile) -> list[Figure]:
    """Everything in a profile that a sentence may be about."""
    found = [_figure("rows", table.rows), _figure("columns", table.column_count)]
    for column in table.columns:
        name = re.sub(r"\([^)]*\)", "", column.name).strip()
        found.append(_figure(f"missing {name}", column.missing))
        found.append(_figure(f"different {name}", column.distinct))
        for part in column.by_unit if column.kind == "number" else ():
            known = f"{name} {part.unit}" if column.parts else name
            spread = {"lowest": part.low or None, "highest": part.high or None}
            means = {"average": part.mean, "mean": part.mean, "median": part.median}
            sums = {"total": part.total, "sum": part.total}
            for word, value in (spread | means | sums).items():
                found += [_figure(f"{word} {known}", float(value))] if value is not None else []
        found += [_figure(item.value, item.count) for item in column.top]
    return [figure for figure in found if figure.words]


def _figure(name: str, value: float) -> Figure:
    return Figure(name=name, value=value, words=frozenset(re.findall(r"[a-z]+", name.lower())))


def _same(said: float, known: float) -> bool:
    """Equal after rounding to the digits that were said."""
    digits = len(f"{said:g}".partition(".")[2])
    return abs(said - known) <= 0.5 * 10.0**-digits + 1e-9 or (
        abs(known) >= 1000 and abs(said - known) / abs(known) < 0.005
    )
