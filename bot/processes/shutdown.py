"""How a process of ours ends."""

import contextlib
import logging
import os
import sys
from typing import Never


def leave(code: int) -> Never:
    """End at once, with everything closed and written.

    A thread of the Temporal SDK that calls into an interpreter which is being taken down aborts the
    process (sdk-python #300), so it is not taken down.
    """
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)
