"""Small files that were made to keep a reader busy."""

import pytest

from agents.errors import UnusableInput
from agents.inputs.check import refuse_apart


def spelled(number: int) -> bytes:
    """One of four thousand spellings of a key, in upper and lower case."""
    letters = enumerate("abcdefghijkl")
    return "".join(c.upper() if number >> at & 1 else c for at, c in letters).encode()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("letters.csv", b"a" * 100_000 + b",\xe9\n1,2\n"),
        ("titles.csv", b"<html>" + b"<title" * 50_000),
        ("digits.csv", b"a,b\n" + b"9" * 100_000 + b".9.,1\n"),
        ("headers.csv", b",".join([b"x"] * 90_000) + b"\n1\n"),
        ("cases.jsonl", b"\n".join(b'{"%s":1}' % spelled(number) for number in range(1_500))),
        ("keys.jsonl", b"\n".join(b'{"k%d":1}' % number for number in range(20_000))),
        ("separators.csv", b"a\x1c\x1d\x1e\x1f\nb\nc\n"),
    ],
)
def test_a_small_file_is_read_or_refused_soon(name: str, content: bytes) -> None:
    """What is read apart has 45 s; these took minutes, or ended in an error of Python's."""
    refused = ""
    try:
        refuse_apart(name, "text/csv" if name.endswith("csv") else "", content)
    except UnusableInput as error:
        refused = error.sentence
    assert "s to read" not in refused
