"""Checks of a text that a program can make, and the repairs a program can do."""

import re
from collections.abc import Callable
from dataclasses import dataclass

LONGEST_SENTENCE = 25
_FILLERS = re.compile(
    r"\s*\b(very|really|basically|actually|just|quite|in order(?= to\b))\b", re.IGNORECASE
)
_LIST_OR_HEADING = re.compile(r"^\s*(#|[-*+] |\d+\. |>|\|)")
_SPLITS = (", and ", ", but ", "; ", ", which ", " because ")


@dataclass(frozen=True)
class Check:
    """`problem` says what is wrong, or nothing; `repair` mends what it can without a writer."""

    name: str
    problem: Callable[[str], str]
    repair: Callable[[str], str]


def problems(text: str) -> list[str]:
    """What is wrong with the text, one sentence per check that fails."""
    found = (check.problem(text) for check in CHECKS)
    return [problem for problem in found if problem]


def repair_one(text: str) -> str:
    """Mend the first failing check that can be mended; the same text when none can."""
    for check in CHECKS:
        if check.problem(text):
            repaired = check.repair(text)
            if repaired != text:
                return repaired
    return text


def _spaces(text: str) -> str:
    count = len(re.findall(r"\S {2,}\S|[ \t]+$", text, re.MULTILINE))
    return f"{count} places have needless spaces." if count else ""


def _mend_spaces(text: str) -> str:
    lines = (re.sub(r"(?<=\S) {2,}(?=\S)", " ", line.rstrip()) for line in text.split("\n"))
    return "\n".join(lines)


def _fillers(text: str) -> str:
    found = sorted({word.strip().lower() for word in _FILLERS.findall(text)})
    return f"Filler words: {', '.join(found)}." if found else ""


def _mend_fillers(text: str) -> str:
    return re.sub(r"(?m)^ (?=\S)", "", _FILLERS.sub("", text))


def _repeats(text: str) -> str:
    found = re.findall(r"\b([A-Za-z]+) \1\b", text)
    return f"Repeated words: {', '.join(sorted(set(found)))}." if found else ""


def _mend_repeats(text: str) -> str:
    return re.sub(r"\b([A-Za-z]+)( \1\b)+", r"\1", text)


def _long(text: str) -> str:
    count = sum(1 for sentence in _sentences(text) if len(sentence.split()) > LONGEST_SENTENCE)
    return f"{count} sentences have more than {LONGEST_SENTENCE} words." if count else ""


def _mend_long(text: str) -> str:
    for sentence in _sentences(text):
        if len(sentence.split()) > LONGEST_SENTENCE:
            text = text.replace(sentence, _split(sentence))
    return text


def _split(sentence: str) -> str:
    """Two sentences, cut at the joint nearest to the middle; the same one without a joint."""
    joints = [
        (abs(match.start() - len(sentence) / 2), match.start(), joint)
        for joint in _SPLITS[:3]
        for match in re.finditer(re.escape(joint), sentence)
    ]
    if not joints:
        return sentence
    _, at, joint = min(joints)
    word = {", but ": "But "}.get(joint, "")
    rest = sentence[at + len(joint) :]
    return f"{sentence[:at]}. {word or ''}{rest if word else rest[:1].upper() + rest[1:]}"


def _open(text: str) -> str:
    count = len(re.findall(r"\b(TODO|FIXME|TBD|XXX)\b", text))
    return f"{count} marks such as TODO are left; only a writer can settle them." if count else ""


def _sentences(text: str) -> list[str]:
    prose = [line for line in text.split("\n") if not _LIST_OR_HEADING.match(line)]
    return [part for line in prose for part in re.split(r"(?<=[.!?])\s+", line) if part.strip()]


CHECKS = (
    Check("spaces", _spaces, _mend_spaces),
    Check("repeats", _repeats, _mend_repeats),
    Check("fillers", _fillers, _mend_fillers),
    Check("long sentences", _long, _mend_long),
    Check("open marks", _open, lambda text: text),
)
