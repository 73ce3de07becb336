"""Collects a task's inputs: finds, fetches, checks and keeps them; every step sees the same.

A file must lie in one of the input folders, after links are followed. What a person can mend is
refused with a sentence; a network that fails is tried again.
"""

import mimetypes
import re
from pathlib import Path
from urllib.parse import urlsplit

import aiofiles
import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from temporalio import activity
from temporalio.exceptions import ApplicationError

from agents.errors import AgentError
from agents.tools.public_web import PublicWeb
from bot.errors import BadRequest
from storage.errors import DiskFull
from storage.payloads import PayloadFiles
from workflows.steps import CollectRequest, InputSteps, Refusal
from workflows.tasks import Source, SourceKind
from workflows.turns import InputFile

TYPES = {
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".json": "application/json",
    ".jsonl": "application/x-ndjson",
    ".ndjson": "application/x-ndjson",
    ".parquet": "application/vnd.apache.parquet",
    ".md": "text/markdown",
    ".txt": "text/plain",
}


class InputFolders:
    """Which files tasks may read. `root` is what relative names start from."""

    def __init__(self, root: Path, folders: tuple[Path, ...], max_bytes: int) -> None:
        self._root = root
        self._folders = folders
        self.max_bytes = max_bytes

    def locate(self, name: str) -> Path:
        """The file behind this name; raises BadRequest with a sentence."""
        path = self._resolve(name)
        if path is None:
            raise BadRequest(f"'{name}' lies outside the input folder ({self._names()}).")
        if not path.is_file():
            raise BadRequest(f"There is no file '{name}'{self._suggestions(path)}.")
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

    def files(self, most: int = 100) -> list[str]:
        """The names that can be typed, sorted."""
        found = [
            self._name(path)
            for folder in self._folders
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.suffix.lower() in TYPES and path.name != "README.md"
        ]
        return found[:most]

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
        return ", ".join(self._name(folder) for folder in self._folders)

    def _suggestions(self, path: Path) -> str:
        near = [name for name in self.files() if Path(name).stem[:4] == path.stem[:4]]
        shown = near or self.files(5)
        return f"; there is {', '.join(shown)}" if shown else f" in {self._names()}"


class InputActivities(InputSteps):
    """Runs in the worker."""

    def __init__(
        self, folders: InputFolders, payloads: PayloadFiles, web: PublicWeb, slack: AsyncWebClient
    ) -> None:
        self._folders = folders
        self._payloads = payloads
        self._web = web
        self._slack = slack

    @activity.defn(name="collect_inputs")
    async def collect_inputs(self, request: CollectRequest) -> tuple[InputFile, ...]:
        """Collect every source, in order."""
        try:
            return tuple([await self._collect(source) for source in request.sources])
        except BadRequest as error:
            raise _refused(str(error)) from error
        except DiskFull as error:
            raise _refused(f"No new task can be taken: {error}") from None
        except AgentError as error:
            if error.retryable and activity.info().attempt < 2:
                raise
            raise _refused(error.sentence) from error

    async def _collect(self, source: Source) -> InputFile:
        if source.kind is SourceKind.FILE:
            async with aiofiles.open(self._folders.locate(source.value), "rb") as file:
                return await self._keep(Path(source.value).name, await file.read(), source.value)
        if source.kind is SourceKind.TEXT:
            name = source.name or "text.md"
            return await self._keep(name, source.value.encode("utf-8", "replace"), "pasted text")
        if source.kind is SourceKind.URL:
            page = await self._web.fetch(source.value)
            return await self._keep(_url_name(page.url, page.media_type), page.content, page.url)
        return await self._from_slack(source)

    async def _keep(self, name: str, content: bytes, origin: str) -> InputFile:
        if not content.strip():
            raise BadRequest(f"'{name}' is empty: there is nothing to work on.")
        if len(content) > self._folders.max_bytes:
            raise BadRequest(
                f"'{name}' has more than {self._folders.max_bytes / 1e6:,.0f} MB: take a part."
            )
        return InputFile(
            name=name,
            media_type=TYPES.get(Path(name).suffix.lower(), "text/plain"),
            size=len(content),
            sha256=await self._payloads.put(content),
            origin=origin,
        )

    async def _from_slack(self, source: Source) -> InputFile:
        try:
            file = (await self._slack.files_info(file=source.value))["file"]
        except SlackApiError:
            raise BadRequest(
                f"The Slack file {source.value} cannot be read: share it in a channel I am in."
            ) from None
        if int(file.get("size") or 0) > self._folders.max_bytes:
            raise BadRequest(f"'{file['name']}' is too large: take a part of it.")
        headers = {"Authorization": f"Bearer {self._slack.token}"}
        limit = aiohttp.ClientTimeout(total=60)
        async with (
            aiohttp.ClientSession(headers=headers, timeout=limit) as session,
            session.get(file["url_private"]) as response,
        ):
            response.raise_for_status()
            content = b"".join([part async for part in response.content.iter_chunked(65_536)])
        return await self._keep(str(file["name"]), content, f"Slack file {source.value}")


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
