"""Our own Slack sentences in plain words, for e-mail and web pages: mentions become names."""

import re
from collections.abc import Mapping

_MENTION = re.compile(r"<@([UW][A-Z0-9]+)>")
_DATE = re.compile(r"<!date\^\d+\^[^|>]*\|([^>]*)>")
_OTHER = re.compile(r"<[^|>]*\|([^>]*)>|<([^>]*)>")
_ESCAPES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))


def plain(mrkdwn: str, names: Mapping[str, str]) -> str:
    """The sentence without markup; unescaped, so a template has to escape it."""
    text = _MENTION.sub(lambda match: names.get(match[1]) or match[1], mrkdwn)
    text = _DATE.sub(r"\1", text)
    text = _OTHER.sub(lambda match: match[1] or match[2], text)
    text = text.replace("`", "").replace("*", "")
    for escaped, character in _ESCAPES:
        text = text.replace(escaped, character)
    return text
