"""Reading texts."""

from agents.samples.tools.document import PART_CHARACTERS, read


def test_markdown_gives_its_headings() -> None:
    """Headings come without their marks; code is text like any other."""
    found = read("plan.md", b"# Plan\n\nText\n\n## Budget\n\nMore")
    assert found.headings == ("Plan", "Budget")
    assert (found.words, found.next_offset) == (6, -1)


def test_json_gives_its_keys() -> None:
    """With the kind of each value."""
    found = read("a.json", b'{"name": "x", "items": [1, 2], "inner": {"a": 1}, "gone": null}')
    assert found.keys == (
        "name: text",
        "items: list of 2",
        "inner: object with 1 keys",
        "gone: null",
    )


def test_a_long_text_is_read_in_parts() -> None:
    """The parts together are the text."""
    text = "".join(f"line {at}\n" for at in range(5000))
    parts, offset = [], 0
    while offset >= 0:
        part = read("long.txt", text.encode(), offset=offset)
        parts.append(part.text)
        offset = part.next_offset
    assert "".join(parts) == text
    assert max(map(len, parts)) == PART_CHARACTERS
