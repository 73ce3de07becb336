"""Makes the documentation site: `make docs`. A warning is an error, and so is a remote asset.

1. The generated parts of the reference are written anew (`docs/generated.py`).
2. zensical makes build/docs/site out of a copy of the pages.
3. Beside each page's HTML comes its Markdown; `llms.txt` lists them all.
4. Whatever a page would load from another host is named, and nothing is left of the site.
"""

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, NamedTuple

from docs import generated

PAGES = Path(__file__).parent
BUILD = PAGES.parent / "build" / "docs"
SETTINGS = "zensical.toml"
_LOADED = {"src", "srcset", "poster", "data", "action"}
_LINKED = re.compile(r"\b(stylesheet|icon|preload|prefetch|preconnect|dns-prefetch|manifest)\b")
_REMOTE = re.compile(r"^\s*(https?:)?//", re.IGNORECASE)
_IN_CSS = re.compile(r"""(?:url\(\s*|@import\s+)["']?((?:https?:)?//[^"')\s]+)""", re.IGNORECASE)


class SiteError(Exception):
    """The site is not made; the text says why."""


class Page(NamedTuple):
    """A page of the site: its part, its path below `docs/`, its title and its first sentence."""

    part: str
    path: str
    title: str
    about: str

    @property
    def published(self) -> str:
        """Its path on the site: the page of a folder is that folder's index."""
        return self.path.replace("README.md", "index.md")


def main() -> None:
    """Problems are told in sentences."""
    generated.main()
    try:
        site = build(BUILD)
    except SiteError as error:
        sys.exit(str(error))
    print(f"{site / 'index.html'}: {len(contents())} pages")
    print(
        f"With search: {sys.executable} -m http.server -d {site} 8000, then http://localhost:8000"
    )


def build(folder: Path) -> Path:
    """Make the site below `folder`, which is emptied before; raises SiteError."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(PAGES, folder / "pages", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    (folder / "pages" / SETTINGS).rename(folder / SETTINGS)
    command = [sys.executable, "-m", "zensical", "build", "--strict", "--config-file", SETTINGS]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    said = f"{done.stdout}{done.stderr}".partition("Traceback")[0].strip()
    if done.returncode:
        raise SiteError(f"{said}\nThe site has warnings, and a warning is an error.")
    site = folder / "site"
    for page in contents():
        shutil.copy(PAGES / page.path, site / page.published)
    (site / "llms.txt").write_text(llms(contents()), encoding="utf-8")
    if found := sorted(set(remote_assets(site))):
        shutil.rmtree(site)
        raise SiteError("\n".join(["These would be loaded from elsewhere:", *found]))
    return site


def contents() -> list[Page]:
    """Every page, in the order of the navigation, the decisions last."""
    project = tomllib.loads((PAGES / SETTINGS).read_text(encoding="utf-8"))["project"]
    found = [
        _page(part, path)
        for entry in project["nav"]
        for part, inside in entry.items()
        for path in _paths(inside)
    ]
    decisions = sorted((PAGES / "adr").glob("[0-9]*.md"))
    return found + [_page("Decisions", f"adr/{path.name}") for path in decisions]


def _paths(inside: list[Any]) -> Iterator[str]:
    """Of a part and of the groups in it."""
    for entry in inside:
        if isinstance(entry, str):
            yield entry
        else:
            for group in entry.values():
                yield from _paths(group)


def _page(part: str, path: str) -> Page:
    lines = (PAGES / path).read_text(encoding="utf-8").splitlines()
    title = lines[0].removeprefix("# ")
    about = next((line for line in lines[1:] if line and line[0] not in "#<!|`"), "")
    return Page(part, path, title, re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", about))


def llms(pages: list[Page]) -> str:
    """What a language model reads first: each page's Markdown, with what it is about."""
    project = tomllib.loads((PAGES / SETTINGS).read_text(encoding="utf-8"))["project"]
    lines = [f"# {project['site_name']}", "", f"> {project['site_description']}"]
    part = ""
    for page in pages:
        if page.part != part:
            part = page.part
            lines += ["", f"## {part}", ""]
        lines.append(f"- [{page.title}]({page.published}): {page.about}")
    return "\n".join([*lines, ""])


def remote_assets(site: Path) -> Iterator[str]:
    """What the pages and styles would load from another host, each with its file."""
    for path in site.rglob("*"):
        if path.suffix == ".html":
            reader = _Reader()
            reader.feed(path.read_text(encoding="utf-8"))
            loads = reader.found
        elif path.suffix in {".css", ".svg"}:
            loads = _IN_CSS.findall(path.read_text(encoding="utf-8"))
        else:
            continue
        yield from (f"{path.relative_to(site)}: {address}" for address in loads)


class _Reader(HTMLParser):
    """Collects what a browser fetches by itself: not where a link leads."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said: Mapping[str, Any] = {name: value or "" for name, value in attrs}
        fetched = [value for name, value in said.items() if name in _LOADED]
        if tag == "link" and _LINKED.search(said.get("rel", "")):
            fetched.append(said.get("href", ""))
        self.found += [address for address in fetched if _REMOTE.match(address)]
        self.found += _IN_CSS.findall(said.get("style", ""))


if __name__ == "__main__":
    main()
