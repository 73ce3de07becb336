"""What is published: wheels that are built, installed into empty environments, and run there."""

import json
import re
import signal
import subprocess
import time
import urllib.request
import zipfile
from pathlib import Path

import pytest

from tests.conftest import free_port
from tests.distribution.installed import OPENAI_AGENTS, ROOT, Installed, build, clean, uv

FOLDERS = ("agents", "bot", "examples", "notifications", "playground", "storage", "workflows")
FILES = ("signoff.toml", "manifest.yml", ".env.example")
NOT_SHIPPED = {
    *("playground/LICENSE", "playground/README.md", "playground/pyproject.toml"),
    "workflows/ruff.toml",
}
PORTS = ("PLAYGROUND__PORT", "AGENT_SERVER__PORT", "WEB__PORT", "TEMPORAL__UI_PORT")
MINE = "raise SystemExit('the agents of this folder are no package of Signoff')\n"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The application."""
    return build(ROOT, tmp_path_factory.mktemp("signoff"))


@pytest.fixture(scope="module")
def playground_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The local workspace by itself."""
    return build(ROOT / "playground", tmp_path_factory.mktemp("playground"))


def shipped(*folders: str) -> set[str]:
    """What is to be in a wheel, by its path in the repository."""
    paths = [path for name in folders for path in (ROOT / name, *(ROOT / name).rglob("*"))]
    names = {str(path.relative_to(ROOT)) for path in paths if path.is_file()} - NOT_SHIPPED
    return {
        name for name in names if not re.search(r"__pycache__|/\.|^agents/samples/\w+/tests/", name)
    }


def held(wheel: Path, below: str) -> set[str]:
    """The files of a wheel below one of its folders."""
    with zipfile.ZipFile(wheel) as opened:
        names = opened.namelist()
    return {name.removeprefix(below) for name in names if name.startswith(below)}


def test_the_application_has_one_name(wheel: Path) -> None:
    """Below it everything lies as in the repository, and nothing is forgotten."""
    tops = {name.split("/")[0] for name in held(wheel, "")}
    assert tops == {"signoff", next(top for top in tops if top.endswith(".dist-info"))}
    assert held(wheel, "signoff/_app/") == shipped(*FOLDERS, *FILES)
    assert "signoff/py.typed" in held(wheel, "")


def test_the_playground_is_whole(playground_wheel: Path) -> None:
    """With its page, and without anything of Signoff."""
    found = {name for name in held(playground_wheel, "") if ".dist-info/" not in name}
    assert found == shipped("playground")
    assert {"playground/page/index.html", "playground/page/app.js"} <= found


def test_the_core_is_enough_to_begin(wheel: Path, tmp_path: Path) -> None:
    """Without any extra, in an empty folder: clean answers, and what to install for more."""
    core = Installed.make(tmp_path / "venv", wheel, "core.txt")
    here = tmp_path / "here"
    here.mkdir()
    assert re.fullmatch(r"signoff \d+\.\d+\.\d+\n", core.run(here, "signoff", "--version").stdout)
    for command, says in (("doctor", "'signoff init'"), ("demo", "install signoff[demo]")):
        refused = core.run(here, "signoff", command)
        assert refused.returncode == 2
        assert says in refused.stderr
        assert refused.stderr.count("\n") == 1
    assert not list(here.iterdir())
    assert core.run(here, "signoff", "init").returncode == 0
    assert {path.name for path in here.iterdir()} == {*FILES, "examples"}
    examined = core.run(here, "signoff", "doctor")
    assert (examined.returncode, examined.stderr) == (1, "")
    assert "once signoff[agents] is installed" in examined.stdout
    assert [line for line in examined.stdout.splitlines() if line[0] == "✗"] == [
        "✗ SLACK_BOT_TOKEN is missing: put it into .env (.env.example says where it comes from), or try 'signoff demo'."
    ]


def test_the_demo_runs_beside_other_agents(wheel: Path, tmp_path: Path) -> None:
    """openai-agents in the environment, and somebody's own `agents` where it is started."""
    whole = Installed.make(tmp_path / "venv", wheel, "run.txt")
    whole.add(OPENAI_AGENTS)
    here = tmp_path / "here"
    (here / "agents").mkdir(parents=True)
    (here / "agents" / "__init__.py").write_text(MINE, encoding="utf-8")
    ports = {f"SIGNOFF_{name}": str(free_port()) for name in PORTS}
    ports["SIGNOFF_TEMPORAL__ADDRESS"] = f"127.0.0.1:{free_port()}"
    with whole.start(here, "signoff", "demo", **ports) as demo:
        try:
            said = lines(demo, "Ctrl-C")
            started = whole.run(
                *(here, "signoff", "start", "review", "examples/penguins.csv"),
                *("--channel", "C0GENERAL1", "--requester", "U0ADA00001"),
            )
            task = re.search(r"Task (t-\w+) is running", started.stdout)
            assert task, started.stderr
            assert "Digest: " in shown(whole, here, f"{task[1]}.analysis.v1")
            examined = whole.run(here, "signoff", "doctor")
        finally:
            demo.send_signal(signal.SIGINT)
            rest = demo.communicate(timeout=60)[0]
    assert "New here, and yours to change: signoff.toml, manifest.yml" in said
    assert (examined.returncode, rest, demo.returncode) == (0, "Stopping ...\n", 0), examined.stdout
    theirs = "from importlib.util import find_spec; print(find_spec('agents').origin)"
    assert "site-packages/agents" in whole.run(tmp_path, "python", "-c", theirs).stdout


def test_the_playground_serves_any_bot(playground_wheel: Path, tmp_path: Path) -> None:
    """By itself: its command, its page, its Web API."""
    alone = Installed.make(tmp_path / "venv", playground_wheel, "playground.txt")
    version = alone.run(tmp_path, "slack-playground", "--version").stdout
    assert re.fullmatch(r"slack-playground \d+\.\d+\.\d+\n", version)
    with alone.start(tmp_path, "slack-playground", "--port", "0") as process:
        try:
            said = lines(process, "Control token")
            api, token = (
                re.search(rf"^{name} +(\S+)$", said, re.MULTILINE)[1]  # type: ignore[index]
                for name in ("Slack API", "Bot token")
            )
            request = urllib.request.Request(f"{api}auth.test", method="POST")
            request.add_header("Authorization", f"Bearer {token}")
            with urllib.request.urlopen(request) as answer:
                known = json.load(answer)
            with urllib.request.urlopen(api.replace("/api/", "/page/app.js")) as script:
                assert script.status == 200
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=30)
    assert (known["ok"], known["user"], process.returncode) == (True, "bot", 0)
    assert (tmp_path / ".slack-playground" / "workspace.sqlite").exists()


def test_uv_installs_it_as_a_tool(wheel: Path, tmp_path: Path) -> None:
    """With its extra for a first look, resolved within the lock."""
    lock = ROOT / "requirements" / "run.txt"
    folders = {"UV_TOOL_DIR": str(tmp_path / "tools"), "UV_TOOL_BIN_DIR": str(tmp_path / "bin")}
    uv("tool", "install", "--constraints", lock, f"{wheel}[demo]", **folders)
    version = subprocess.run(
        [tmp_path / "bin" / "signoff", "--version"],
        cwd=tmp_path,
        env=clean({}),
        capture_output=True,
        text=True,
        check=True,
    )
    assert version.stdout.startswith("signoff ")


def lines(process: subprocess.Popen[str], last: str) -> str:
    """What a program says up to this line."""
    said = ""
    for line in process.stdout or ():
        said += line
        if last in line:
            return said
    raise AssertionError(f"it ended with {process.wait(30)} after saying: {said}")


def shown(whole: Installed, folder: Path, approval: str) -> str:
    """What `show` says once the approval waits."""
    for _ in range(20):
        if (done := whole.run(folder, "signoff", "show", approval)).returncode == 0:
            return done.stdout
        time.sleep(1)
    raise AssertionError(done.stderr)
