"""Collects a task's inputs: finds, fetches, checks and keeps them; every step sees the same.

A file must lie in one of the input folders, after links are followed. What a person can mend is
refused with a sentence; a network that fails is tried again.
"""

import asyncio
import contextlib
import mimetypes
import re
from collections.abc import AsyncGenerator, AsyncIterator
from difflib import get_close_matches
from pathlib import Path
from urllib.parse import urlsplit

import aiofiles
from slack_sdk.web.async_client import AsyncWebClient
from temporalio import activity
from temporalio.exceptions import ApplicationError

from agents.errors import AgentError
from agents.inputs.public_web import PublicWeb
from bot.activities.input_listing import FILE_TYPES, InputListing
from bot.config.errors import BadRequest, UnavailableError
from bot.config.extras import has_agents
from bot.slack.files import content, visible_file
from storage.errors import DiskFull
from storage.payloads.files import PayloadFiles
from workflows.activities import CollectRequest, InputActivities, Refusal
from workflows.messages.tasks import Source, SourceKind
from workflows.messages.turns import InputFile

TYPES = FILE_TYPES
PATIENT_ATTEMPTS = 2
_CHUNK = 65_536
_MEANT, _SOME = 2, 5
"""How many names one sentence holds: of files that may have been meant, else of any."""


class InputFolders:
    """Which files tasks may read. `root` is what relative names start from."""

    def __init__(self, root: Path, folders: tuple[Path, ...], max_bytes: int) -> None:
        self._root = root
        self._folders = folders
        self.max_bytes = max_bytes
        self.listing = InputListing(root, folders)

    def locate(self, name: str) -> Path:
        """The file behind this name; raises BadRequest with a sentence."""
        path = self._resolve(name)
        if path is None:
            raise BadRequest(f"'{name}' lies outside the input folder ({self._names()}).")
        if not path.is_file():
            raise BadRequest(f"There is no file '{name}'{self._suggestions(path)}")
        size = path.stat().st_size
        if size == 0:
            raise BadRequest(f"'{name}' is empty: there is nothing to work on.")
        if size > self.max_bytes:
            raise BadRequest(
                f"'{name}' has {size / 1e6:,.0f} MB and at most {self.max_bytes / 1e6:,.0f} MB are "
                "read: take a part of it, or raise max_bytes under [inputs]."
            )
        if path.suffix.lower() not in TYPES:
            raise BadRequest(f"'{name}': files of this kind are not read, only {', '.join(TYPES)}.")
        return path

    def has(self, name: str) -> bool:
        """Whether there is such a file that tasks may read."""
        path = self._resolve(name)
        return path is not None and path.is_file()

    def _resolve(self, name: str) -> Path | None:
        if "\x00" in name:
            return None
        paths = [(base / name).resolve() for base in (self._root, *self._folders)]
        if (found := next((path for path in paths if path.exists()), None)) is not None:
            return found if self._allowed(found) else None
        return next((path for path in paths if self._allowed(path)), None)

    def _allowed(self, path: Path) -> bool:
        return any(path.is_relative_to(folder) for folder in self._folders)

    def _name(self, path: Path) -> str:
        return str(path.relative_to(self._root) if path.is_relative_to(self._root) else path)

    def _names(self) -> str:
        return ", ".join(f"'{self._name(folder)}'" for folder in self._folders)

    def _suggestions(self, path: Path) -> str:
        known = self.listing.some(1_000)
        if not known:
            return f" in {self._names()}."
        near = get_close_matches(path.stem, {Path(name).stem for name in known}, n=_MEANT)
        meant = [f"'{name}'" for one in near for name in known if Path(name).stem == one][:_MEANT]
        if meant:
            return f". Did you mean {' or '.join(meant)}?"
        some = ", ".join(f"'{name}'" for name in known[:_SOME])
        return f". There is {some}."


class InputCollector(InputActivities):
    """Runs in the worker."""

    def __init__(
        self,
        folders: InputFolders,
        payloads: PayloadFiles,
        web: PublicWeb,
        slack: AsyncWebClient,
        local_files: str = "",
    ) -> None:
        self._folders = folders
        self._payloads = payloads
        self._web = web
        self._slack = slack
        self._local_files = local_files

    @activity.defn(name="collect_inputs")
    async def collect_inputs(self, request: CollectRequest) -> tuple[InputFile, ...]:
        """Collect every source, in order."""
        try:
            found = [await self._collect(source, request.requester) for source in request.sources]
            for file in found:
                await self._refuse_unreadable(file)
        except BadRequest as error:
            raise _refused(str(error)) from error
        except DiskFull as error:
            raise _refused(f"No new task can be taken: {error}") from None
        except UnavailableError as error:
            if activity.info().attempt < PATIENT_ATTEMPTS:
                raise ApplicationError(str(error), type=Refusal.INPUT) from None
            raise _refused(str(error)) from None
        except AgentError as error:
            if error.retryable and activity.info().attempt < PATIENT_ATTEMPTS:
                raise
            raise _refused(error.sentence) from error
        return tuple(found)

    async def _collect(self, source: Source, requester: str) -> InputFile:
        if source.kind is SourceKind.FILE:
            path = await asyncio.to_thread(self._folders.locate, source.value)
            return await self._keep(path.name, _read(path), source.value)
        if source.kind is SourceKind.TEXT:
            name, text = source.name or "text.md", source.value.encode("utf-8", "replace")
            return await self._keep(name, _whole(text), "pasted text")
        if source.kind is SourceKind.URL:
            page = await self._web.fetch(source.value)
            name = _url_name(page.url, page.media_type)
            return await self._keep(name, _whole(page.content), page.url)
        file = await visible_file(self._slack, source.value, requester)
        if int(file.get("size") or 0) > self._folders.max_bytes:
            raise self._too_large(str(file["name"]))
        origin = f"Slack file {source.value}"
        pieces = content(self._slack, file, self._local_files)
        return await self._keep(str(file["name"]), pieces, origin)

    async def _refuse_unreadable(self, file: InputFile) -> None:
        """What no agent of ours could read is no task; of other kinds each agent judges itself."""
        if not has_agents():
            return
        from agents.inputs.check import refuse_apart  # noqa: PLC0415 (an extra)

        content = await self._payloads.get(file.sha256)
        await asyncio.to_thread(refuse_apart, file.name, file.media_type, content)

    async def _keep(self, name: str, pieces: AsyncIterator[bytes], origin: str) -> InputFile:
        """Straight to disk, and no further than the limit."""
        async with contextlib.aclosing(self._checked(name, pieces)) as checked:
            kept = await self._payloads.put_pieces(checked)
        return InputFile(
            name=name,
            media_type=TYPES.get(Path(name).suffix.lower(), "text/plain"),
            size=kept.size,
            sha256=kept.sha256,
            origin=origin,
        )

    async def _checked(self, name: str, pieces: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
        """What comes in; an end without anything, and one piece too many, are refused."""
        size, blank = 0, True
        try:
            async for piece in pieces:
                size += len(piece)
                blank = blank and not piece.strip()
                if size > self._folders.max_bytes:
                    raise self._too_large(name)
                yield piece
        finally:
            if isinstance(pieces, AsyncGenerator):
                await pieces.aclose()
        if blank:
            raise BadRequest(f"'{name}' is empty: there is nothing to work on.")

    def _too_large(self, name: str) -> BadRequest:
        most = self._folders.max_bytes / 1e6
        return BadRequest(
            f"'{name}' has more than {most:,.0f} MB: take a part of it, or raise max_bytes under "
            "[inputs]."
        )


async def _read(path: Path) -> AsyncIterator[bytes]:
    async with aiofiles.open(path, "rb") as file:
        while piece := await file.read(_CHUNK):
            yield piece


async def _whole(content: bytes) -> AsyncIterator[bytes]:
    yield content


def _refused(sentence: str) -> ApplicationError:
    return ApplicationError(sentence, type=Refusal.INPUT, non_retryable=True)


def _url_name(url: str, media_type: str) -> str:
    """A file name for what an URL gave: the last part of its path, with a fitting ending."""
    last = re.sub(r"[^\w.-]+", "_", urlsplit(url).path.rstrip("/").rpartition("/")[2]) or "page"
    if Path(last).suffix.lower() in TYPES:
        return last
    kind = media_type.partition(";")[0].strip()
    ending = next((end for end, known in TYPES.items() if known == kind), None)
    return last + (ending or mimetypes.guess_extension(kind) or ".txt")
