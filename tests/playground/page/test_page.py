"""The page's addresses: its HTML, its files, its previews, and who may have them."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from playground import page

TOKEN = 'local"<token>'
PAGE_KEY = "page-key"
FOLDER = Path(page.__file__).parent
AUTHORIZED = {"Authorization": f"Bearer {TOKEN}"}
Client = TestClient[web.Request, web.Application]


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    """An application with nothing but the page."""
    app = web.Application()
    page.register(app, TOKEN, PAGE_KEY)
    async with TestClient(TestServer(app)) as client:
        client.session.headers["Cookie"] = f"playground-{client.port}={PAGE_KEY}"
        yield client


async def test_the_page_carries_the_token_and_a_strict_policy(client: Client) -> None:
    """Escaped in a meta tag; scripts and styles come from the page's own files alone."""
    answer = await client.get("/")
    text = await answer.text()
    assert answer.content_type == "text/html"
    assert 'content="local&#34;&lt;token&gt;"' in text
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "nonce" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize("key", ["", "?key=", "?key=other", "?key=pag%C3%A9"])
async def test_without_its_key_nobody_gets_the_page(key: str) -> None:
    """Everybody on this machine reaches it; whoever opened it with the key once has a cookie."""
    app = web.Application()
    page.register(app, TOKEN, PAGE_KEY)
    async with TestClient(TestServer(app)) as stranger:
        for path in ("/", "/archives/C1/p1", "/files/U1/F1/x.md"):
            answer = await stranger.get(path + key)
            assert answer.status == 403
            assert "token" not in await answer.text()
        opened = await stranger.get("/archives/C1/p1?thread_ts=1.2&key=page-key")
        assert (opened.status, str(opened.url.relative())) == (200, "/archives/C1/p1?thread_ts=1.2")
        assert (await stranger.get("/")).status == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "10.0.0.1", "[bad"])
async def test_a_foreign_host_name_gets_no_token(client: Client, host: str) -> None:
    """A site that makes its name point at this machine does not get the page."""
    answer = await client.get("/", headers={"Host": host})
    assert answer.status in (400, 403)
    assert "token" not in await answer.text()


@pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1", "[::1]:99"])
async def test_this_machine_gets_the_page(client: Client, host: str) -> None:
    """Under each of its loopback names."""
    opened = await client.get("/?key=page-key", headers={"Host": host}, allow_redirects=False)
    assert opened.status == 303


async def test_every_file_that_the_page_names_is_served(client: Client) -> None:
    """Links of the HTML and imports of the scripts, each with its type."""
    html = await (await client.get("/")).text()
    named = set(re.findall(r'(?:href|src)="(/page/[^"]+)"', html))
    for script in FOLDER.glob("*.js"):
        imports = re.findall(r'from "\./([\w-]+\.js)"', script.read_text(encoding="utf-8"))
        named |= {f"/page/{name}" for name in imports}
    assert len(named) > 20
    for path in sorted(named):
        answer = await client.get(path)
        assert answer.status == 200, path
        assert answer.content_type in ("text/javascript", "text/css", "image/svg+xml")


@pytest.mark.parametrize("name", ["nothing.js", "..%2fpage.py", "index.html", "%00", "a%2fb"])
async def test_no_other_file_is_served(client: Client, name: str) -> None:
    """Neither what is beside the folder nor the template with its gap."""
    assert (await client.get(f"/page/{name}")).status == 404


async def test_markdown_previews_need_the_token(client: Client) -> None:
    """And are rendered without raw HTML."""
    refused = await client.post("/page/markdown", data="# x")
    assert refused.status == 401
    answer = await client.post("/page/markdown", data="# x\n<b>", headers=AUTHORIZED)
    assert (await answer.json())["html"] == "<h1>x</h1>\n<p>&lt;b&gt;</p>\n"


async def test_previews_have_an_end(client: Client) -> None:
    """A longer text is refused with a sentence."""
    fitting = b"x" * page.LONGEST_PREVIEW
    assert (await client.post("/page/markdown", data=fitting, headers=AUTHORIZED)).status == 200
    answer = await client.post("/page/markdown", data=fitting + b"x", headers=AUTHORIZED)
    assert answer.status == 413
    assert (await answer.json())["error"] == "too_large"


async def test_mails_are_made_harmless(client: Client) -> None:
    """Styles become data, links open elsewhere, scripts and loads go."""
    source = (
        "<style>x</style><p style='color:red' onclick=x>a<script>b</script></p>"
        "<a href='javascript:x'>c</a><a href='https://a.example'>d</a><img src=x alt=e>"
    )
    answer = await client.post("/page/mail", data=source, headers=AUTHORIZED)
    assert (await answer.json())["html"] == (
        '<p data-style="color:red">a</p><a>c</a>'
        '<a href="https://a.example" target="_blank" rel="noopener noreferrer">d</a>e'
    )


def test_the_page_loads_nothing_from_elsewhere_and_runs_nothing_inline() -> None:
    """No address of another host, no inline script, style or handler in its files."""
    for path in filter(Path.is_file, FOLDER.iterdir()):
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"(src|href|url\(|import|fetch\()[\s\"'=(]*https?:", text), path.name
        assert not re.search(r"\b(eval|Function)\(|document\.write|insertAdjacentHTML", text)
    html = (FOLDER / "index.html").read_text(encoding="utf-8")
    assert not re.search(r"<style|\son\w+=|style=|<script(?![^>]*src=)", html)


def test_markup_becomes_nodes_in_one_place_only() -> None:
    """`innerHTML` is set once, for what the server rendered."""
    places = [
        path.name for path in FOLDER.glob("*.js") if "innerHTML" in path.read_text(encoding="utf-8")
    ]
    assert places == ["dom.js"]


def test_scripts_are_short() -> None:
    """No file of the page is longer than 300 lines of script."""
    for path in FOLDER.glob("*.js"):
        assert len(path.read_text(encoding="utf-8").splitlines()) < 300, path.name
