"""The table and data_table blocks: rows, cells and column settings."""

from collections.abc import Iterator, Mapping
from typing import Any

from playground.blocks.rich_text import RICH_TEXT_FIELDS
from playground.blocks.schema import (
    Check,
    array,
    boolean,
    enum,
    fault,
    integer,
    nullable,
    number,
    record,
    string,
    tagged,
)

_CELLS: dict[str, Check] = {
    "raw_text": record({"text": string(minimum=1)}, is_open=True),
    "raw_number": record({"value": number}, {"text": string(minimum=1)}, is_open=True),
    "rich_text": record(RICH_TEXT_FIELDS, {"block_id": string(255)}),
}
_DATA_CELLS: dict[str, Check] = {
    **_CELLS,
    "action": record({}, is_open=True),
    "button": record({}, is_open=True),
}
_HEADING: dict[str, Check] = {
    name: check for name, check in _DATA_CELLS.items() if name != "rich_text"
}
_SETTINGS = record({}, {"align": enum("left", "center", "right"), "is_wrapped": boolean})


def _equal_rows(value: Mapping[str, Any], pointer: str) -> Iterator[str]:
    rows = value.get("rows")
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        return
    for index, row in enumerate(rows):
        if len(row) != len(rows[0]):
            yield fault(f"must have {len(rows[0])} items", f"{pointer}/rows/{index}")


def _data_row(value: object, pointer: str) -> Iterator[str]:
    cells = _HEADING if pointer.endswith("/rows/0") else _DATA_CELLS
    return array(tagged(cells), 20, 1)(value, pointer)


TABLE = record(
    {"rows": array(array(tagged(_CELLS), 20), 100, 1)},
    {"block_id": string(255), "column_settings": array(nullable(_SETTINGS), 20)},
)

DATA_TABLE = record(
    {"rows": array(_data_row, 201, 2), "caption": string()},
    {
        "block_id": string(255),
        "page_size": integer(1, 100),
        "row_header_column_index": integer(0),
    },
    rules=[_equal_rows],
    is_open=True,
)
