"""Emoji by Slack's short names; a name nobody knows stays as it is written."""

from unicodedata import east_asian_width

from rich.emoji import Emoji

_OF_SLACK = {
    f"large_{color}_circle": f"{color}_circle" for color in ("green", "orange", "red", "yellow")
}


def emoji(name: str) -> str:
    """What stands for `:name:`, as an emoji also where it would be a symbol of text."""
    written = f":{name}:"
    found = Emoji.replace(f":{_OF_SLACK.get(name, name)}:")
    if found.startswith(":"):
        return written
    is_text = len(found) == 1 and east_asian_width(found) != "W"
    return f"{found}\ufe0f" if is_text else found
