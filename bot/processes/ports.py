"""The ports a start needs: all that are taken in one sentence, or free ones in their place."""

import contextlib
import socket
from typing import NamedTuple

from bot.config.errors import ConfigurationError
from bot.config.sections.temporal import TemporalSettings
from bot.config.settings import Settings


class Port(NamedTuple):
    """What listens there, and the setting that says so."""

    number: int
    what: str
    section: str
    key: str = "port"
    host: str = "127.0.0.1"

    @property
    def setting(self) -> str:
        """As the sentence names it."""
        return f"{self.key} under [{self.section}]"


def needed(settings: Settings) -> list[Port]:
    """Those of `signoff up`."""
    agents, web = settings.agent_server, settings.web
    ports = [
        Port(agents.port, "the agents", "agent_server", host=agents.host),
        Port(web.port, "health and decision pages", "web", host=web.host),
    ]
    if web.monitoring_port:
        monitoring = Port(
            web.monitoring_port, "monitoring", "web", "monitoring_port", host=web.monitoring_host
        )
        ports.append(monitoring)
    if settings.temporal.embedded:
        ports += of_temporal(settings.temporal)
    if settings.programs:
        server = settings.approval_server
        ports.append(Port(server.port, "approvals", "approval_server", host=server.host))
    return ports


def of_temporal(settings: TemporalSettings) -> list[Port]:
    """Those of the embedded server."""
    ports = [Port(number(settings), "Temporal", "temporal", "address")]
    if settings.ui_port:
        ports.append(Port(settings.ui_port, "Temporal's web page", "temporal", "ui_port"))
    return ports


def number(settings: TemporalSettings) -> int:
    """The port of its address."""
    return int(settings.address.rpartition(":")[2])


def require_free(*ports: Port) -> None:
    """Refuse to start where something else listens; one sentence for all of it."""
    taken = [port for port in ports if is_taken(port)]
    if not taken:
        return
    said = ", ".join(f"{port.number} for {port.what} ({port.setting})" for port in taken)
    many = len(taken) > 1
    raise ConfigurationError(
        f"{'Ports are' if many else 'A port is'} in use: {said}. Stop what listens there, or set "
        f"{'others' if many else 'another one'} in signoff.toml."
    )


def moved(settings: Settings) -> tuple[Settings, list[str]]:
    """The demonstration's settings with a free port for each that is taken, and what to say."""
    page = Port(settings.playground.port, "the local Slack workspace", "playground")
    taken = [port for port in (page, *needed(settings)) if is_taken(port)]
    said = []
    for port, number in zip(taken, _free(len(taken)), strict=True):
        value = f"127.0.0.1:{number}" if port.key == "address" else number
        section = getattr(settings, port.section).model_copy(update={port.key: value})
        settings = settings.model_copy(update={port.section: section})
        said.append(f"Port {port.number} is in use: {port.what} at {number} instead.")
    return settings, said


def is_taken(port: Port) -> bool:
    """Whether something listens there; 0 is any free one."""
    with socket.socket(socket.AF_INET6 if ":" in port.host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((port.host, port.number))
        except OSError:
            return True
    return False


def _free(count: int) -> list[int]:
    """Different ones: all are held until the last is known."""
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
