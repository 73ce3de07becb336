"""The rich_text block: sections, lists, quotes, preformatted text and what stands inside them."""

from playground.blocks.schema import anything, array, boolean, enum, integer, record, string, tagged

STYLE = record(
    {},
    dict.fromkeys(
        (
            "bold",
            "italic",
            "strike",
            "code",
            "underline",
            "highlight",
            "client_highlight",
            "unlink",
        ),
        boolean,
    ),
)

_STYLED = {"style": STYLE}

# The reference names the fields of the first nine; the others are met in stored messages.
_PARTS = {
    "text": record({"text": string(minimum=1)}, _STYLED),
    "link": record({"url": string(minimum=1)}, {"text": string(), "unsafe": boolean, **_STYLED}),
    "user": record({"user_id": string()}, _STYLED),
    "channel": record({"channel_id": string()}, _STYLED),
    "usergroup": record({"usergroup_id": string()}, _STYLED),
    "emoji": record(
        {"name": string()},
        {
            "unicode": string(),
            "skin_tone": integer(1, 6),
            "url": string(),
            "display_team_id": string(),
            "display_url": string(),
            **_STYLED,
        },
    ),
    "broadcast": record({"range": enum("here", "channel", "everyone")}, _STYLED),
    "date": record(
        {"timestamp": integer(), "format": string(minimum=1)},
        {"url": string(), "fallback": string(), **_STYLED},
    ),
    "color": record({"value": string()}, _STYLED),
    "team": record({"team_id": string()}, _STYLED),
    "attachment_mention": record({}, is_open=True),
    "canvas": record({}, is_open=True),
    "citation": record({}, is_open=True),
    "file": record({}, is_open=True),
    "list": record({}, is_open=True),
    "message": record({}, is_open=True),
    "salesforce_record": record({}, is_open=True),
    "workflowtoken": record({}, is_open=True),
}

_PART_LIST = array(tagged(_PARTS))
_BORDER = {"border": integer(0, 1)}
_SECTION = record({"elements": _PART_LIST})

_PARAGRAPHS = {
    "rich_text_section": _SECTION,
    "rich_text_preformatted": record(
        {"elements": _PART_LIST}, {"language": anything, "indent": integer(0), **_BORDER}
    ),
    "rich_text_quote": record({"elements": _PART_LIST}, {"indent": integer(0), **_BORDER}),
    "rich_text_list": record(
        {
            "elements": array(tagged({"rich_text_section": _SECTION})),
            "style": enum("bullet", "ordered"),
        },
        {"indent": integer(0), "offset": integer(0), **_BORDER},
    ),
}

RICH_TEXT_FIELDS = {"elements": array(tagged(_PARAGRAPHS))}
RICH_TEXT = tagged({"rich_text": record(RICH_TEXT_FIELDS, {"block_id": string(255)})})
