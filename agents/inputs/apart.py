"""Files that a library unpacks are read in a process of its own, with so much memory and time.

A few hundred bytes can ask for gigabytes; what runs out of either ends that process and no other.
"""

import json
import pickle
import resource
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from typing import TypeVar

from agents.environment import child_environment
from agents.errors import UnusableInput

SECONDS = 45.0
MOST_MEMORY = 2_000_000_000
"""Bytes of address space."""
_CHILD = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from agents.inputs.apart import main; main(*sys.argv[2:])"
)
T = TypeVar("T")


def apart(read: Callable[..., T], name: str, content: bytes, *more: str) -> T:
    """What `read`, a function of a module, makes of the file and of `more`; raises UnusableInput as
    it does.
    """
    command = (sys.executable, "-c", _CHILD, json.dumps(sys.path), read.__module__, read.__name__)
    try:
        done = subprocess.run(  # noqa: S603 - ourselves
            [*command, name, *more],
            input=content,
            capture_output=True,
            timeout=SECONDS,
            env=child_environment(),
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _too_much(name) from None
    if done.returncode != 0:
        raise _too_much(name)
    answer: T | UnusableInput = pickle.loads(done.stdout)  # noqa: S301 - of our own process
    if isinstance(answer, UnusableInput):
        raise answer
    return answer


def main(module: str, function: str, name: str, *more: str) -> None:
    """Read what comes by standard input, and answer by standard output."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    read = getattr(import_module(module), function)
    try:
        answer = read(name, sys.stdin.buffer.read(), *more)
    except UnusableInput as error:
        answer = UnusableInput(error.sentence)
    sys.stdout.buffer.write(pickle.dumps(answer))


def _too_much(name: str) -> UnusableInput:
    return UnusableInput(
        f"{name} takes more than {MOST_MEMORY / 1e9:.0f} GB of memory or {SECONDS:.0f} s to "
        "read. Save the part that matters as CSV or text, and send that."
    )
