"""What Signoff is installed with: lock files, and the programs behind `make install` and `lock`.

They need nothing but Python. This file alone has to make sense to an old one, too: it looks for a
newer one, and says in a sentence when there is none.
"""

import os
import shutil
import subprocess
import sys

OLDEST = (3, 11)
NAMES = ("python3.14", "python3.13", "python3.12", "python3.11")


def _newer():
    # type: () -> str
    """Another Python on the PATH that is new enough; empty when there is none."""
    for name in NAMES:
        found = shutil.which(name)
        # a version manager's shim may stand for a Python that is not there
        if found and subprocess.call([found, "-c", ""], stderr=subprocess.DEVNULL) == 0:
            return found
    return ""


if sys.version_info < OLDEST:
    _found = "" if "--this-python" in sys.argv else _newer()
    if _found:
        os.execv(_found, [_found, "-m", "requirements.environment", *sys.argv[1:]])  # noqa: S606 - no shell is wanted
    _version = ".".join(str(part) for part in sys.version_info[:3])
    sys.exit(
        f"Signoff needs Python 3.11 or newer, and {sys.executable} is {_version}. Install a newer "
        "one, or name it: make install PYTHON=/path/to/python3.12"
    )
