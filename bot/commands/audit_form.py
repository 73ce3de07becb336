"""What the audit log can be written out as."""

from enum import StrEnum


class Form(StrEnum):
    """`jsonl` is every row, for archives and `storage/audit/verify.py`; `evalset` is for ADK."""

    JSONL = "jsonl"
    EVALSET = "evalset"
