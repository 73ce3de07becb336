"""A mail's HTML, whatever it is, does no harm in its frame."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.render.mail import mail_html
from tests.playground.render.test_safety import HOSTILE, Reader

PIECES = [
    *("<div>", "</div>", "<p style='color:red'>", "</p>", "<table><tr><td>", "</table>", "<br/>"),
    *("<a href='https://a.example'>", "<a href=javascript:x>", "</a>", "<svg>", "</svg>"),
    *("<script>", "</script>", "<style>", "</style>", "<iframe src=x>", "<form action=x>"),
    *("<img src=x onerror=y alt='z'>", "<meta http-equiv=refresh content=0>", "<base href=x>"),
    *("<b style='background:url(x)'>", "<p style='\\75rl(x)'>", "<input autofocus onfocus=x>"),
]


@settings(max_examples=300)
@given(st.lists(st.sampled_from(PIECES + HOSTILE) | st.text(max_size=8), max_size=20))
def test_no_mail_does_harm(pieces: list[str]) -> None:
    """Elements are balanced, links safe, styles data."""
    reader = Reader()
    reader.feed(mail_html("".join(pieces)))
    reader.close()
    assert reader.harm + reader.open == []


@pytest.mark.parametrize(
    "style", ["background:url(https://a.example)", "x:\\75 rl(x)", "position:fixed", "@import 'x'"]
)
def test_a_style_that_loads_or_covers_is_dropped(style: str) -> None:
    """Only plain declarations are handed to the page."""
    assert mail_html(f'<p style="{style}">x</p>') == "<p>x</p>"
