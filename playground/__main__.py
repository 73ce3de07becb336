"""`slack-playground`, or `python -m playground`: the workspace by itself."""

import argparse
import asyncio
import contextlib
import errno
import logging
import signal
import sys
import tomllib
from pathlib import Path

from pydantic import ValidationError

from playground import __version__
from playground.config import PlaygroundConfig, load_config
from playground.manifest import load_manifest
from playground.server import Playground

DEFAULT_PORT = 7070


def main(arguments: list[str] | None = None) -> int:
    """Run until interrupted; a start that fails is one sentence and exit code 1."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        playground = Playground(
            config_of(options),
            state=options.state,
            port=options.port,
            fresh=options.fresh,
            mail_port=options.mail_port,
        )
        asyncio.run(_serve(playground))
    except (OSError, ValidationError, tomllib.TOMLDecodeError, ValueError) as error:
        sys.stderr.write(f"The playground could not start: {_sentence(error, options)}\n")
        return 1
    return 0


def config_of(options: argparse.Namespace) -> PlaygroundConfig:
    """The configuration the options ask for.

    Unless the file says otherwise, rate limits are on, and the app has its manifest's name.
    """
    config = load_config(options.config) if options.config else PlaygroundConfig()
    changes: dict[str, object] = {}
    if "rate_limits" not in config.model_fields_set:
        changes["rate_limits"] = True
    if options.manifest:
        changes["manifest"] = options.manifest
    if not {"name", "bot_name"} & config.app.model_fields_set:
        name = load_manifest(options.manifest or config.manifest).name or "Bot"
        names = {"name": name, "bot_name": name.lower().replace(" ", "_")}
        changes["app"] = config.app.model_copy(update=names)
    return config.model_copy(update=changes)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="slack-playground",
        description="A Slack-compatible workspace on this machine, for any Slack bot.",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    parser.add_argument("--config", type=Path, help="a TOML file with people, channels and tokens")
    parser.add_argument(
        "--state",
        type=Path,
        default=Path(".slack-playground/workspace.sqlite"),
        help="where the workspace is kept (default: %(default)s)",
    )
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="default: %(default)s")
    parser.add_argument("--mail-port", type=int, help="also run a mail server there (0: any port)")
    parser.add_argument("--fresh", action="store_true", help="start with an empty workspace")
    parser.add_argument("--manifest", type=Path, help="the app's manifest.yml")
    return parser


async def _serve(playground: Playground) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(name, stop.set)
    async with playground:
        for label, value in addresses(playground):
            sys.stdout.write(f"{label:<16} {value}\n")
        sys.stdout.flush()
        await stop.wait()


def addresses(playground: Playground) -> list[tuple[str, str]]:
    """What a person and a bot need to know, a line each."""
    lines = [
        ("Page", playground.page_url),
        ("Slack API", playground.api_url),
        ("Bot token", playground.bot_token),
        ("App token", playground.app_token),
        ("Signing secret", playground.signing_secret),
        ("Control API", f"{playground.url}/_local/"),
        ("Control token", playground.local_token),
    ]
    if playground.mail_port is not None:
        lines.append(("Mail (SMTP)", f"127.0.0.1:{playground.mail_port}"))
    return lines


def _sentence(error: Exception, options: argparse.Namespace) -> str:
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return f"port {options.port} is in use; choose another with --port."
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        return f"{options.config}: {place}: {first['msg']}."
    if isinstance(error, tomllib.TOMLDecodeError):
        return f"{options.config} is not TOML: {error}."
    return f"{error}."


if __name__ == "__main__":
    sys.exit(main())
