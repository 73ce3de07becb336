"""The text of PDF and Word files."""

import io
import time
from collections.abc import Callable, Iterator

from agents.errors import UnusableInput
from agents.inputs.apart import apart
from agents.inputs.file_format import FileFormat
from agents.inputs.workbook import missing_extra, refuse_bomb

MOST_PAGES = 500
MOST_CHARACTERS = 2_000_000
SECONDS = 30.0


def office_text(name: str, kind: FileFormat, content: bytes) -> str:
    """What can be read in it, pages and tables in order; raises UnusableInput for none."""
    return apart(pdf_text if kind is FileFormat.PDF else word_text, name, content)


def pdf_text(name: str, content: bytes) -> str:
    """The same of a PDF, in this process."""
    return _text(name, content, _pdf, "A PDF")


def word_text(name: str, content: bytes) -> str:
    """The same of a Word file, in this process."""
    return _text(name, content, _word, "A Word file")


def _text(name: str, content: bytes, read: Callable[[str, bytes], str], what: str) -> str:
    refuse_bomb(name, content)
    try:
        text = read(name, content)
    except ImportError as error:
        raise UnusableInput(missing_extra(name, what)) from error
    except UnusableInput:
        raise
    except Exception as error:  # both libraries raise whatever a broken file makes of them
        raise UnusableInput(
            f"{name} cannot be read. Check that it opens without a password, or send its text."
        ) from error
    if not text.strip():
        raise UnusableInput(
            f"{name} holds no text, only pictures perhaps. Send a version with text in it."
        )
    return text[:MOST_CHARACTERS].replace("\0", "").encode("utf-8", "replace").decode()


def _pdf(name: str, content: bytes) -> str:
    from pypdf import PdfReader  # noqa: PLC0415 (an extra)

    reader = PdfReader(io.BytesIO(content))
    if reader.is_encrypted and not reader.decrypt(""):
        raise UnusableInput(f"{name} has a password. Save it without one, and send that.")
    count = len(reader.pages)
    if count > MOST_PAGES:
        raise UnusableInput(
            f"{name} has {count:,} pages, and at most {MOST_PAGES} are read. Send a part of it."
        )
    parts, until = [], time.monotonic() + SECONDS
    for number, page in enumerate(reader.pages, 1):
        parts.append(page.extract_text())
        if time.monotonic() > until:
            raise UnusableInput(
                f"{name} takes more than {SECONDS:.0f} s to read (page {number} of {count}). Send "
                "a part of it, or its text."
            )
    return "\n\n".join(parts)


def _word(_name: str, content: bytes) -> str:
    from docx import Document  # noqa: PLC0415 (an extra)
    from docx.table import Table  # noqa: PLC0415

    def lines() -> Iterator[str]:
        for item in Document(io.BytesIO(content)).iter_inner_content():
            if isinstance(item, Table):
                yield from (
                    " | ".join(cell.text.strip() for cell in row.cells) for row in item.rows
                )
            else:
                yield item.text

    return "\n".join(lines())
