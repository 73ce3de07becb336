"""Which workspace a command works on, and what it says where there is none."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr
from rich.console import Console

from bot.config.errors import UnavailableError
from bot.config.sections.temporal import TemporalSettings
from bot.config.settings import Settings, load
from bot.processes.running_demo import apart, found, noted
from playground.server import Playground
from tests.bot.commands.test_cli import SMALL, signoff

ROOT = Path(__file__).parents[3]
TEXT = SMALL.format(port=7233)


def settings_in(folder: Path, token: str = "") -> Settings:
    """The settings of a folder in which a demonstration once ran."""
    (folder / "signoff.toml").write_text(TEXT, encoding="utf-8")
    settings = load(folder / "signoff.toml")
    demo = folder / ".signoff/demo"
    demo.mkdir(parents=True, exist_ok=True)
    (demo / "signoff.db").touch()
    secrets = settings.secrets.model_copy(update={"slack_bot_token": SecretStr(token)})
    return settings.model_copy(update={"secrets": secrets})


def look(settings: Settings) -> tuple[Settings, str]:
    said = io.StringIO()
    return found(settings, Console(file=said, soft_wrap=True)), said.getvalue()


async def test_a_running_demo_is_found_with_the_ports_it_has(tmp_path: Path) -> None:
    """Even beside a real workspace: it is what runs. Afterwards it is gone."""
    settings = settings_in(tmp_path, "xoxb-real")
    temporal = settings.temporal.model_copy(update={"address": "127.0.0.1:17233"})
    async with Playground(mail_port=0) as workspace:
        with noted(apart(settings).model_copy(update={"temporal": temporal}), workspace):
            here, said = look(settings)
            assert here.temporal.address == "127.0.0.1:17233"
            assert here.slack.base_url == workspace.api_url
            assert here.secrets.slack_bot_token.get_secret_value() == workspace.bot_token
            assert here.folder == tmp_path.resolve() / ".signoff/demo"
            assert workspace.url in said
            note = here.folder / "running.json"
            assert note.stat().st_mode & 0o077 == 0
    assert look(settings) == (settings, "")


def test_a_real_workspace_is_not_mistaken_for_an_old_demo(tmp_path: Path) -> None:
    """It has a token, or a database of its own."""
    assert look(settings_in(tmp_path, "xoxb-real"))[1] == ""
    (tmp_path / ".signoff/signoff.db").touch()
    settings = settings_in(tmp_path)
    assert look(settings) == (settings, "")


def test_what_an_ended_demo_kept_can_be_looked_at(tmp_path: Path) -> None:
    """With the sentence that says how to start it."""
    here, said = look(settings_in(tmp_path))
    assert here.folder == tmp_path.resolve() / ".signoff/demo"
    assert said.startswith("The demo isn't running here; 'signoff demo' starts it.")


@pytest.mark.parametrize("is_kept", [True, False])
def test_asking_where_nothing_runs_is_one_sentence(tmp_path: Path, *, is_kept: bool) -> None:
    """Not first that something was kept, and then that nothing answers."""
    settings = settings_in(tmp_path, "" if is_kept else "xoxb-real")
    usual = TemporalSettings.model_construct(set(), embedded=True)
    settings = settings.model_copy(update={"temporal": usual})
    said = io.StringIO()
    with pytest.raises(UnavailableError) as caught:
        found(settings, Console(file=said), asks=True)
    assert said.getvalue() == ""
    way_out = "'signoff demo'." if is_kept else "'signoff up' or"
    sentence = f"Signoff isn't running in this folder: start it with {way_out}"
    assert str(caught.value).startswith(sentence)


def test_where_nothing_runs_nothing_is_loaded_to_ask_with(tmp_path: Path) -> None:
    """So the sentence comes at once, also on a busy machine."""
    rest = SMALL.partition("[policy]")
    (tmp_path / "signoff.toml").write_text("".join(rest[1:]).format(), encoding="utf-8")
    code = (
        "import sys; from bot.commands.cli import app\n"
        "try: app(['list'])\n"
        "except Exception as error: print(type(error).__name__)\n"
        "print(*{'slack_bolt', 'playground', 'bot.commands.ask'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "UnavailableError\n\n", done.stderr


def test_a_broken_note_is_no_demo(tmp_path: Path) -> None:
    """Nobody holds it, or it says nothing."""
    settings = settings_in(tmp_path, "xoxb-real")
    (tmp_path / ".signoff/demo/running.json").write_text("{", encoding="utf-8")
    assert look(settings) == (settings, "")


def test_no_audit_log_is_a_sentence_and_no_new_file(tmp_path: Path) -> None:
    """Neither 'no such table' nor an empty database that looks like one."""
    for words in (["verify"], ["export"], ["verify", "--json"]):
        done = signoff(tmp_path, "audit", *words)
        assert done.returncode == 4
        assert "There is no audit log in" in done.stderr
        assert "'signoff demo'" in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1
    assert not list(tmp_path.rglob("*.db"))
