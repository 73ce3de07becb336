"""Ids and names of others in code spans."""

from notifications.views.format import code


def test_no_line_break_ends_a_span() -> None:
    """Slack ends it there, and what follows would link and style."""
    assert code("pay\nhttps://evil.example *now*\r\u2028x") == "`pay https://evil.example *now* x`"
