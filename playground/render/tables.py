"""Tables and charts as HTML tables."""

from markupsafe import Markup

from playground.render.json import Json, number, record, records, string, values
from playground.render.mrkdwn import Directory
from playground.render.rich_text import rich_text
from playground.render.tag import tag

_ALIGNMENTS = ("left", "center", "right")


def table_html(block: Json, directory: Directory) -> Markup:
    """Render a table or data_table; the first row is its head."""
    settings = values(block.get("column_settings"))
    rows = [values(row) for row in values(block.get("rows"))]
    shown = [
        tag(
            "tr", *(_cell(cell, index, settings, name, directory) for index, cell in enumerate(row))
        )
        for row, name in zip(rows, ["th"] + ["td"] * len(rows), strict=False)
    ]
    caption = string(block.get("caption"))
    body = [tag("caption", caption)] if caption else []
    return _scrolling(tag("table", *body, *shown), caption or "Table")


def _scrolling(table: Markup, label: str) -> Markup:
    return tag("div", table, class_="table-scroll", role="region", aria_label=label, tabindex=0)


def _cell(
    value: object, index: int, settings: list[object], name: str, directory: Directory
) -> Markup:
    setting = record(settings[index]) if index < len(settings) else {}
    align = setting.get("align")
    classes = [f"align-{align}"] if align in _ALIGNMENTS else []
    classes += ["wrapped"] if setting.get("is_wrapped") is True else []
    return tag(
        name,
        _content(record(value), directory),
        class_=" ".join(classes) or None,
        scope="col" if name == "th" else None,
    )


def _content(cell: Json, directory: Directory) -> str:
    if cell.get("type") == "rich_text":
        return rich_text(cell, directory)
    if cell.get("type") == "raw_number":
        return string(cell.get("text")) or f"{number(cell.get('value')):g}"
    return string(cell.get("text"))


def chart_html(block: Json) -> Markup:
    """Render a chart as a table of its figures, each with a bar."""
    chart = record(block.get("chart"))
    title = string(block.get("title"))
    series = records(chart.get("series"))
    segments = records(chart.get("segments"))
    groups = [(string(entry.get("name")), records(entry.get("data"))) for entry in series]
    groups += [("", segments)] if segments else []
    most = max((number(point.get("value")) for _, points in groups for point in points), default=0)
    rows = [_point(name, point, most) for name, points in groups for point in points]
    return _scrolling(tag("table", tag("caption", title), *rows, class_="chart"), title or "Chart")


def _point(name: str, point: Json, most: float) -> Markup:
    value = number(point.get("value"))
    label = string(point.get("label"))
    return tag(
        "tr",
        tag("th", f"{name} · {label}" if name else label, scope="row"),
        tag("td", tag("meter", value=value, min=0, max=most if most > 0 else 1)),
        tag("td", f"{value:g}", class_="align-right"),
    )
