"""Somebody who does what a page says: writes its files, types its commands, decides in Slack."""

import asyncio
import contextlib
import json
import os
import re
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "how-to" / "agents"
OURS = Path(sys.executable).parent
GRACE = "U0GRACE001"
PATIENCE = 150.0
TRIES = 30


def blocks(page: str, language: str) -> list[tuple[str, str]]:
    """The fenced blocks of this language: title and content."""
    text = (PAGES / f"{page}.md").read_text(encoding="utf-8")
    return re.findall(
        rf'^```{language}(?: title="([^"]*)")?\n(.*?)^```', text, re.DOTALL | re.MULTILINE
    )


def python_for(page: str, package: str) -> Path | None:
    """A Python that has this distribution: the one of the tests, or one of `SIGNOFF_HOW_TO`.

    That names a folder of virtual environments, one for each page, by its name.
    """
    from importlib import metadata  # noqa: PLC0415

    with contextlib.suppress(metadata.PackageNotFoundError):
        metadata.version(package)
        return Path(sys.executable)
    other = Path(os.environ.get("SIGNOFF_HOW_TO", "/nowhere")) / page / "bin" / "python"
    return other if other.exists() else None


class Card(NamedTuple):
    """An approval: its id, and what `signoff show` says."""

    name: str
    text: str


@dataclass
class Reader:
    """`ports` stand for those of the pages, which may be taken here; `variables` are exported."""

    folder: Path
    ports: Mapping[str, int]
    variables: dict[str, str] = field(default_factory=dict)
    decided: set[str] = field(default_factory=set)

    def settings(self, *pages: str) -> str:
        """What the pages put into `signoff.toml`."""
        return self._here("".join(block for page in pages for _, block in blocks(page, "toml")))

    def write(self, *pages: str) -> None:
        """The files that the pages show."""
        for page in pages:
            for language in ("python", "json"):
                for title, block in blocks(page, language):
                    file = self.folder / title
                    file.parent.mkdir(parents=True, exist_ok=True)
                    file.write_text(self._here(block), encoding="utf-8")

    def commands(self, page: str) -> list[str]:
        """The lines to type, without those that start Signoff, which runs for all pages."""
        lines = [line for _, block in blocks(page, "sh") for line in block.splitlines()]
        return [
            self._here(line) for line in lines if line not in {"signoff demo", "signoff doctor"}
        ]

    async def types(self, line: str, python: Path = Path(sys.executable)) -> str:
        """Run a line to its end; what it says. Fails when it does."""
        async with self.running(line, python) as process:
            out, error = await asyncio.wait_for(process.communicate(), PATIENCE)
        assert process.returncode == 0, f"{line}: {out.decode()} {error.decode()[-3000:]}"
        return out.decode()

    @contextlib.asynccontextmanager
    async def running(
        self, line: str, python: Path = Path(sys.executable)
    ) -> AsyncIterator[asyncio.subprocess.Process]:
        """A line that goes on, until the block ends."""
        path = os.pathsep.join([str(python.parent), str(OURS), "/usr/bin", "/bin"])
        process = await asyncio.create_subprocess_shell(
            f"exec {line}",
            cwd=self.folder,
            env={"PATH": path, "HOME": str(self.folder), **self.variables},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.terminate()
                await process.communicate()

    async def card(self, asking: asyncio.Task[str] | None = None) -> Card:
        """The one approval that waits, once it is there; `asking` must not end before."""
        listed = ""
        for _ in range(TRIES):
            if asking is not None and asking.done():
                raise AssertionError(f"it asked nobody: {asking.result()}")
            listed = await self.types("signoff list --json")
            waiting = {one["id"] for one in json.loads(listed)["approvals"]} - self.decided
            if waiting:
                (name,) = waiting
                return Card(name, await self.types(f"signoff show {name}"))
            await asyncio.sleep(1)
        task = json.loads(listed)["tasks"][:1]
        shown = [await self.types(f"signoff show {one['id']}") for one in task]
        raise AssertionError(f"nothing waits for people: {listed} {shown}")

    async def task(self, said: str, status: str) -> None:
        """The task that `signoff start` said it started is in this state at last."""
        shown, (_, _, rest) = "", said.partition("Task ")
        for _ in range(TRIES):
            shown = await self.types(f"signoff show {rest.split()[0]} --json")
            if json.loads(shown)["status"] == status:
                return
            await asyncio.sleep(1)
        raise AssertionError(f"it is not {status}: {shown}")

    async def decides(self, card: Card, verdict: str) -> None:
        """As Grace."""
        (digest,) = re.findall(r"Digest: (\w+)", card.text)
        await self.types(
            f"signoff decide {card.name} {verdict} --as {GRACE} --digest {digest} --comment Read."
        )
        self.decided.add(card.name)

    def _here(self, text: str) -> str:
        for port, free in self.ports.items():
            text = text.replace(port, str(free))
        return text
