"""The demonstration of this folder: `signoff demo` notes that it runs, other commands find it."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import SecretStr, ValidationError
from rich.console import Console

from bot.config.errors import ConfigurationError, UnavailableError
from bot.config.sections.notices import MailSettings
from bot.config.settings import Settings
from bot.processes.file_locks import TEMPORAL, is_held
from workflows.messages.base import Frozen

if TYPE_CHECKING:
    from playground.server import Playground

FOLDER = "demo"
NOTE = "running.json"
DATABASE = "signoff.db"
_WHERE = {
    "temporal": {"address", "namespace", "task_queue", "ui_port"},
    "agent_server": {"host", "port"},
    "web": {"host", "port"},
    "approval_server": {"host", "port"},
}


class RunningDemo(Frozen):
    """How to reach it. Its tokens open nothing but the local workspace."""

    url: str
    api_url: str
    bot_token: str
    app_token: str
    mail_port: int
    servers: dict[str, dict[str, str | int]]


def apart(settings: Settings) -> Settings:
    """The same settings with a folder of the demonstration's own."""
    storage = settings.storage.model_copy(update={"folder": settings.storage.folder / FOLDER})
    return settings.model_copy(update={"storage": storage})


def pointed_at(settings: Settings, workspace: "Playground | RunningDemo") -> Settings:
    """What differs from a real workspace: base URL, tokens, and a mailbox of its own."""
    secrets = settings.secrets.model_copy(
        update={
            "slack_bot_token": SecretStr(workspace.bot_token),
            "slack_app_token": SecretStr(workspace.app_token),
        }
    )
    local = {"base_url": workspace.api_url, "local_files": workspace.api_url, "heartbeat": ""}
    slack = settings.slack.model_copy(update=local)
    server = {"host": "127.0.0.1", "port": workspace.mail_port, "security": "none"}
    mail = MailSettings(sender="signoff@acme.example", server=server)
    return settings.model_copy(update={"slack": slack, "secrets": secrets, "mail": mail})


def require_ended(demo: Settings) -> None:
    """Refuse a second one in the same folder, before it touches anything."""
    running = _running(demo.folder / NOTE)
    if running is not None:
        raise ConfigurationError(f"The demo already runs here, at {running.url}: stop it first.")
    if is_held(demo.folder / TEMPORAL):
        raise ConfigurationError("The demo is already starting or stopping here: try again soon.")


@contextlib.contextmanager
def noted(settings: Settings, workspace: "Playground") -> Iterator[None]:
    """Say where it is while the block lasts; the lock goes with the process, however it ends."""
    here = RunningDemo(
        url=workspace.page_url,
        api_url=workspace.api_url,
        bot_token=workspace.bot_token,
        app_token=workspace.app_token,
        mail_port=workspace.mail_port or 0,
        servers={
            name: getattr(settings, name).model_dump(include=keys) for name, keys in _WHERE.items()
        },
    )
    path = settings.folder / NOTE
    with open(path, "w", encoding="utf-8", opener=_private) as note:
        fcntl.flock(note, fcntl.LOCK_EX)
        note.write(here.model_dump_json())
        note.flush()
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def require_running(settings: Settings) -> None:
    """Raise UnavailableError where nothing could be asked: before a command loads what asks."""
    if is_ours(settings):
        return
    started = "'signoff up' or 'signoff demo'"
    own = " For a Temporal server of your own, set address under [temporal] in signoff.toml."
    if _is_all_there_is(settings, apart(settings)) or settings.folder.name == FOLDER:
        started, own = "'signoff demo'", ""
    raise UnavailableError(f"Signoff isn't running in this folder: start it with {started}.{own}")


def is_ours(settings: Settings) -> bool:
    """Whether this folder's own server runs, or the settings name one: whoever else listens at the
    usual port belongs to somebody else."""
    named = "address" in settings.temporal.model_fields_set
    return named or not settings.temporal.embedded or is_held(settings.folder / TEMPORAL)


def found(settings: Settings, say: Console, *, asks: bool = False) -> Settings:
    """The settings of what is here, and a line on `say` when that is the demonstration.

    A running demonstration comes first. One that has ended is looked into only where no real
    workspace was set up: its audit log is still there. Who `asks` needs something that runs, and
    gets UnavailableError where nothing does.
    """
    demo = apart(settings)
    running = _running(demo.folder / NOTE)
    if running is not None:
        say.print(f"Demo workspace, running at {running.url}", markup=False)
        return pointed_at(_at_its_servers(demo, running), running)
    if asks:
        require_running(settings)
    elif _is_all_there_is(settings, demo):
        say.print(
            "The demo isn't running here; 'signoff demo' starts it. This is what it kept.",
            markup=False,
        )
        return demo
    return settings


def _running(path: Path) -> RunningDemo | None:
    """What the note says, while whoever wrote it is alive."""
    try:
        if not is_held(path):
            return None
        return RunningDemo.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, ValidationError):
        return None


def _at_its_servers(settings: Settings, running: RunningDemo) -> Settings:
    """It may have been started with other ports than this command sees."""
    return settings.model_copy(
        update={
            name: getattr(settings, name).model_copy(update=running.servers.get(name, {}))
            for name in _WHERE
        }
    )


def _is_all_there_is(settings: Settings, demo: Settings) -> bool:
    has_token = settings.secrets.slack_bot_token.get_secret_value()
    is_elsewhere = settings.storage.database or (settings.folder / DATABASE).exists()
    return not has_token and not is_elsewhere and (demo.folder / DATABASE).exists()
