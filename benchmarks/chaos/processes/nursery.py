"""A process that has imported the product once, and forks its parts: `python -m ...nursery`.

Importing takes seconds and computing, being forked a tenth of one; a worker that lives two seconds
needs that. A line of JSON on standard input asks for a child, lines on standard output say which
process it became and how each ended. Runs the product, so it belongs to it like `product.py`.
"""

import contextlib
import ctypes
import gc
import json
import os
import select
import signal
import sys
from typing import Any

from benchmarks.chaos.processes import product
from bot.commands import cli
from bot.processes import bootstrap

LOOK_SECONDS = 0.02
READY = "The nursery is open."
_PR_SET_PDEATHSIG = 1
_IMPORTED = (bootstrap,)


def main() -> None:
    """Until standard input closes."""
    gc.freeze()
    _say(ready=READY)
    waiting = b""
    while True:
        _tell_ends()
        readable, _, _ = select.select([0], [], [], LOOK_SECONDS)
        if not readable:
            continue
        data = os.read(0, 65_536)
        if not data:
            return
        *lines, waiting = (waiting + data).split(b"\n")
        for line in lines:
            request = json.loads(line)
            _say(request=request["request"], pid=_born(request))


def _born(request: dict[str, Any]) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        _settle_in(request)
        code = _live(request["module"], request["arguments"])
    except BaseException:  # noqa: BLE001 - the child must not go on as its parent
        sys.excepthook(*sys.exc_info())
    finally:
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _settle_in(request: dict[str, Any]) -> None:
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    null = os.open(os.devnull, os.O_RDONLY)
    log = os.open(request["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.dup2(null, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.environ.update(request["environment"])


def _live(module: str, arguments: list[str]) -> int:
    """Be `python -m module arguments`; how that ended."""
    sys.argv = [module, *arguments]
    try:
        if module == "bot":
            cli.main()
        else:
            product.main()
    except SystemExit as ended:
        if ended.code is None or isinstance(ended.code, int):
            return ended.code or 0
        print(ended.code, file=sys.stderr)
        return 1
    return 0


def _tell_ends() -> None:
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            _say(ended=pid, code=os.waitstatus_to_exitcode(status))


def _say(**what: Any) -> None:
    os.write(1, json.dumps(what).encode() + b"\n")


if __name__ == "__main__":
    main()
