"""The documentation site: complete, also as Markdown, and nothing in it comes from elsewhere."""

import functools
import http.server
import importlib.util
import re
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Route, expect, sync_playwright

from docs import site
from tests.playground.page.test_stage import CHROMIUM, FLAGS

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("zensical") is None,
    reason="The site's generator is not installed: run 'make docs' once.",
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, in a folder of its own."""
    return site.build(tmp_path_factory.mktemp("docs"))


def test_every_page_is_in_the_navigation() -> None:
    """A page that nothing leads to is a page that nobody finds."""
    listed = {page.path for page in site.contents()}
    there = {str(path.relative_to(site.PAGES)) for path in site.PAGES.rglob("*.md")}
    assert listed == there


def test_every_page_is_there_as_html_and_as_markdown(made: Path) -> None:
    """Side by side, and llms.txt lists each with what it is about."""
    listed = (made / "llms.txt").read_text(encoding="utf-8")
    for page in site.contents():
        markdown = made / page.published
        assert markdown.read_bytes() == (site.PAGES / page.path).read_bytes()
        assert page.title in markdown.with_suffix(".html").read_text(encoding="utf-8")
        line = rf"^- \[{re.escape(page.title)}\]\({page.published}\): \S.{{20}}"
        assert re.search(line, listed, re.MULTILINE)
    assert len(re.findall(r"^- \[", listed, re.MULTILINE)) == len(site.contents())
    assert not list(made.rglob("*.py"))


def test_nothing_is_loaded_from_elsewhere(made: Path) -> None:
    """No font, no script, no style, no picture."""
    assert list(made.rglob("*.css"))
    assert list(site.remote_assets(made)) == []


@pytest.mark.parametrize(
    "line",
    [
        '<link rel="stylesheet" href="https://fonts.example/css?family=Roboto">',
        '<link href="//fonts.example" rel="preconnect">',
        '<script src="https://cdn.example/shim"></script>',
        '<img src="http://pictures.example/badge.svg" alt="">',
        '<p style="background: url(https://pictures.example/a.png)">a</p>',
        '<object data="https://pictures.example/a.svg"></object>',
    ],
)
def test_whatever_is_loaded_from_elsewhere_is_found(line: str, tmp_path: Path) -> None:
    """In a page; and a link to another site is no fault."""
    page = tmp_path / "index.html"
    page.write_text(f'<a href="https://elsewhere.example/">there</a>\n{line}\n', encoding="utf-8")
    (found,) = site.remote_assets(tmp_path)
    assert found.startswith("index.html: ")
    assert ".example" in found
    assert "elsewhere" not in found


def test_styles_are_looked_into(tmp_path: Path) -> None:
    """Fonts come from there."""
    style = tmp_path / "main.css"
    style.write_text('@import "https://fonts.example/a.css"; a { background: url(a.png) }')
    assert list(site.remote_assets(tmp_path)) == ["main.css: https://fonts.example/a.css"]


@pytest.mark.parametrize("target", ["nowhere.md", "reference/settings.md#nowhere"])
def test_a_warning_is_an_error(
    target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A broken link, and a heading that is not there."""
    copy = tmp_path / "docs"
    shutil.copytree(site.PAGES, copy)
    with (copy / "index.md").open("a", encoding="utf-8") as page:
        page.write(f"\n[there]({target})\n")
    monkeypatch.setattr(site, "PAGES", copy)
    with pytest.raises(site.SiteError, match=r"index\.md[\s\S]*a warning is an error"):
        site.build(tmp_path / "build")


@pytest.fixture
def address(made: Path) -> Iterator[str]:
    """The site on a server of this machine."""
    handler = functools.partial(_Quiet, directory=str(made))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    """Says nothing of each request."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is inherited
        """Nothing."""


@pytest.mark.skipif(not CHROMIUM.exists(), reason="Debian's chromium is not installed.")
def test_the_site_works_without_a_network(address: str) -> None:
    """Every page in a browser that reaches nothing but this machine; the search finds things."""
    elsewhere: list[str] = []

    def only_here(route: Route) -> None:
        if urlsplit(route.request.url).hostname == "127.0.0.1":
            route.continue_()
        else:
            elsewhere.append(route.request.url)
            route.abort()

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.route("**/*", only_here)
        for one in site.contents():
            page.goto(f"{address}/{one.published.removesuffix('.md')}.html")
            expect(page.locator("article h1")).to_have_text(re.compile(re.escape(one.title)))
        page.keyboard.press("Control+k")
        page.keyboard.type("quorum")
        expect(page.locator("body")).to_contain_text("How many different people have to approve")
        browser.close()
    assert elsewhere == []
    assert errors == []
