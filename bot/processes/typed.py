"""How the command `signoff` is typed here: by its name where a shell finds it, else by its path."""

import os
import shutil
import sys
from pathlib import Path


def typed() -> str:
    """`signoff`, or for example `.venv/bin/signoff` where only that is there."""
    ours = Path(sys.executable).with_name("signoff")
    found = shutil.which("signoff")
    if not ours.exists() or (found and Path(found).samefile(ours)):
        return "signoff"
    near = os.path.relpath(ours)
    return str(ours) if near.startswith("..") else near
