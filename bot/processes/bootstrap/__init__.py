"""The composition root: builds each process out of its parts. Everything else gets what it needs.

Each service is an async context manager: when its block begins it is ready, when the block ends it
has stopped. `signoff up` and the tests stack them; the single commands run one. Start at `_bot.py`.
"""

from bot.processes.bootstrap._bot import bot
from bot.processes.bootstrap._command_line import desk, prepare
from bot.processes.bootstrap._parts import (
    audit_log,
    connect,
    input_folders,
    payload_files,
    signing_keys,
)
from bot.processes.bootstrap._scheduler import scheduler
from bot.processes.bootstrap._worker import worker

__all__ = [
    "audit_log",
    "bot",
    "connect",
    "desk",
    "input_folders",
    "payload_files",
    "prepare",
    "scheduler",
    "signing_keys",
    "worker",
]
