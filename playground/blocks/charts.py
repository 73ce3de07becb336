"""The data_visualization block: pie, bar, area and line charts."""

from playground.blocks.schema import Check, array, number, record, string, tagged

_POINT = record({"label": string(20), "value": number}, is_open=True)
_SERIES = record({"name": string(20), "data": array(_POINT, 20, 1)}, is_open=True)
_AXES = record({"series": array(_SERIES, 6, 1)}, {"axis_config": record({}, is_open=True)})

_CHARTS: dict[str, Check] = {
    "pie": record({"segments": array(_POINT, 6, 1)}, is_open=True),
    "bar": _AXES,
    "area": _AXES,
    "line": _AXES,
}

CHART = record(
    {"title": string(), "chart": tagged(_CHARTS)},
    {"block_id": string(255)},
    is_open=True,
)
