"""The function tools of the agents. Every answer is a dict; a failure is `{"error": sentence}`.

In the product, files are ADK artifacts of the running session and nothing else can be opened.
On ADK's own command line, `folder` opens the files below the current directory as well.
"""

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import structlog
from google.adk.tools.tool_context import ToolContext
from google.genai import types

from agents.errors import AgentError, UnusableInput
from agents.inputs.hints import Hints
from agents.inputs.public_web import PublicWeb
from agents.inputs.table import Table, open_table
from agents.journal.repeatable import reads
from agents.samples.tools.document import read
from agents.samples.tools.outlier import outliers
from agents.samples.tools.segment import segments
from agents.samples.tools.table_profile import TableProfile, profile
from agents.turn.brief import MARK, heard, hints_of
from workflows.messages.base import Frozen

MOST_BYTES = 20_000_000
_log = structlog.get_logger(__name__)
_URL = re.compile(r"https?://[^\s\"'<>\\)\]]+")
_Made = TypeVar("_Made", bound=Frozen)


class InputTools:
    """Tools over the input files of one turn."""

    def __init__(self, folder: Path | None = None, web: PublicWeb | None = None) -> None:
        self._folder = folder
        self._web = web or PublicWeb()

    @reads
    async def profile_table(self, file: str, tool_context: ToolContext) -> dict[str, Any]:
        """Profile a table: CSV, TSV, JSON, JSON Lines, Parquet, or an Excel or ODS workbook.

        Returns how the file was read (read_as, notes), rows, columns with type, missing values,
        range, mean, quantiles and top values, correlations between numeric columns, and trends
        over the date column.

        Args:
            file: the name of the input file.
        """
        return await self._on_table(file, tool_context, profile)

    @reads
    async def find_outliers(self, file: str, tool_context: ToolContext) -> dict[str, Any]:
        """Find numeric values far outside the rest of their column (three interquartile ranges).

        Args:
            file: the name of the input file.
        """
        return await self._on_table(file, tool_context, _outliers)

    @reads
    async def compare_segments(
        self, file: str, by: str, measure: str, tool_context: ToolContext
    ) -> dict[str, Any]:
        """Compare a numeric column between the values of another column.

        Args:
            file: the name of the input file.
            by: the column that splits the rows.
            measure: the numeric column that is averaged.
        """
        return await self._on_table(file, tool_context, lambda table: _segments(table, by, measure))

    @reads
    async def read_document(
        self, file: str, tool_context: ToolContext, offset: int = 0
    ) -> dict[str, Any]:
        """Read a text, Markdown, JSON, PDF or Word file, 20,000 characters at a time.

        Args:
            file: the name of the input file.
            offset: where to start; use next_offset of the previous part.
        """
        try:
            content, media_type = await self.load(file, tool_context)
            found = await asyncio.to_thread(read, file, content, media_type, offset)
        except Exception as error:  # noqa: BLE001 - the edge: models get a sentence, whatever it is
            return _failed(file, error)
        return found.model_dump()

    @reads
    async def fetch_url(self, url: str, tool_context: ToolContext) -> dict[str, Any]:
        """Fetch a public web address that the requester named, and keep it as an input file.

        Args:
            url: the address, exactly as the requester wrote it.
        """
        try:
            _refuse_unnamed(url, tool_context)
            page = await self._web.fetch(url)
        except AgentError as error:
            return {"error": error.sentence}
        name = _file_name(page.url)
        part = types.Part.from_bytes(data=page.content, mime_type=page.media_type)
        await tool_context.save_artifact(name, part)
        return {"file": name, "media_type": page.media_type, "size": len(page.content)}

    async def _on_table(
        self, file: str, tool_context: ToolContext, make: Callable[[Table], _Made]
    ) -> dict[str, Any]:
        try:
            content, media_type = await self.load(file, tool_context)
            hints = asked_hints(tool_context)
            made = await asyncio.to_thread(_with_table, file, content, media_type, hints, make)
        except Exception as error:  # noqa: BLE001 - the edge: models get a sentence, whatever it is
            return _failed(file, error)
        return made.model_dump(exclude_none=True)

    async def load(self, file: str, tool_context: ToolContext) -> tuple[bytes, str]:
        """Content and media type of an input file; raises UnusableInput when there is none."""
        part = await tool_context.load_artifact(file)
        if part is not None and part.inline_data is not None:
            return part.inline_data.data or b"", part.inline_data.mime_type or ""
        if self._folder is not None:
            return await asyncio.to_thread(_from_folder, self._folder, file), ""
        raise UnusableInput(f"There is no input file called {file}.")


class OutlierList(Frozen):
    """What find_outliers returns."""

    file: str
    columns: tuple[dict[str, Any], ...]


def _outliers(table: Table) -> OutlierList:
    found: TableProfile = profile(table)
    measures = [column for column in found.columns if column.is_comparable]
    listed = outliers(table, measures)
    return OutlierList(file=table.name, columns=tuple(item.model_dump() for item in listed))


def _segments(table: Table, by: str, measure: str) -> Frozen:
    there = {name for name, _ in table.columns()}
    for column in (by, measure):
        if column not in there:
            raise UnusableInput(f"{table.name} has no column called {column}.")
    mixed = profile(table).column(measure)
    if mixed is not None and mixed.parts:
        raise UnusableInput(
            f"{measure} is in several units ({', '.join(part.unit for part in mixed.parts)}), so "
            "its averages cannot be compared: profile_table has them for each unit."
        )
    found = segments(table, by, measure)
    if found is None:
        raise UnusableInput(f"{table.name}: {by} has fewer than two values with {measure}.")
    return found


def asked_hints(tool_context: ToolContext) -> Hints:
    """How people want files to be read, from the brief of the running turn."""
    said = tool_context.user_content
    texts = (part.text or "" for part in (said.parts if said else None) or [])
    brief = next((found for text in texts if (found := heard(text)) is not None), None)
    return hints_of(brief) if brief else Hints()


def _failed(file: str, error: Exception) -> dict[str, Any]:
    """A sentence in every case; what is below it is for the log."""
    if isinstance(error, AgentError):
        return {"error": error.sentence}
    _log.error("tool_broke", kind=type(error).__name__, exc_info=error)
    return {"error": f"{file}: this cannot be worked out. Ask for something else."}


def _with_table(
    file: str, content: bytes, media_type: str, hints: Hints, make: Callable[[Table], _Made]
) -> _Made:
    with open_table(file, content, media_type, hints) as table:
        return make(table)


def _from_folder(folder: Path, file: str) -> bytes:
    root = folder.resolve()
    path = (root / file).resolve()
    if not path.is_relative_to(root) or not path.is_file():
        raise UnusableInput(f"There is no input file called {file} below {root.name}/.")
    if path.stat().st_size > MOST_BYTES:
        raise UnusableInput(f"{file} is larger than {MOST_BYTES // 1_000_000} MB. Send an extract.")
    return path.read_bytes()


def _refuse_unnamed(url: str, tool_context: ToolContext) -> None:
    """Only addresses a person typed: text inside a file must not make an agent call out.

    In the product nobody types to an agent; addresses were fetched when the task was started.
    """
    content = tool_context.user_content
    text = "\n".join(part.text or "" for part in (content.parts if content else None) or [])
    typed = [] if MARK in text else _URL.findall(text)
    if url not in {found.rstrip(".,;:!?") for found in typed}:
        raise UnusableInput(f"{url} was not named by the requester, so it is not fetched.")


def _file_name(url: str) -> str:
    tail = url.partition("?")[0].rstrip("/").rpartition("/")[2]
    return re.sub(r"[^\w.-]+", "_", tail)[:80] or "page"
