"""Sentences of ours as mrkdwn: file names and what is quoted are code."""

import pytest

from notifications.views.format import files, told
from tests.notifications.slack_reader import live_words

URL = "https://evil.example/a.csv"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("No payments found in complaint.txt.", "No payments found in `complaint.txt`."),
        ("'notes' isn't here; you can't.", "`notes` isn't here; you can't."),
        ("'a <b>.md' is empty: 3 > 2", "`a &lt;b&gt;.md` is empty: 3 &gt; 2"),
        ("'it`s.txt' and *bold*", "`it\u2019s.txt` and \uff0abold\uff0a"),
        ("see evil.example and <@U0ADA00001>", "see evil[.]example and &lt; [at]U0ADA00001&gt;"),
    ],
)
def test_names_in_a_sentence_are_code(text: str, expected: str) -> None:
    """As they are written, and nothing else is alive."""
    assert told(text) == expected


def test_what_a_task_was_given_is_code() -> None:
    """A few, whole; an address links to nothing; the rest is counted."""
    assert files(["a.csv", "two\nlines.md"]) == "`a.csv`, `two lines.md`"
    assert files([URL]) == f"`{URL}`"
    assert files([f"{n}.csv" for n in range(8)]).endswith("`4.csv` and 3 more")
    assert list(live_words(told(f"{URL} cannot be read").replace("`a.csv`", ""))) == []
