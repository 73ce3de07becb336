"""Starts Signoff: its packages go before others of the same names, such as `agents`."""

import runpy
import sys
from pathlib import Path

HERE = Path(__file__).parent
INSTALLED = HERE / "_app"
"""Where a wheel keeps our packages; in a checkout they lie beside this one."""


def main() -> None:
    """`python -m bot`, which is `signoff`."""
    sys.path.insert(0, str(INSTALLED if INSTALLED.is_dir() else HERE.parent))
    runpy.run_module("bot", run_name="__main__")


if __name__ == "__main__":
    main()
