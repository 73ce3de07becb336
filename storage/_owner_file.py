"""Small files of secrets: whole or not there, durable, and for their owner only."""

import os
import tempfile
from pathlib import Path


class OpenToOthers(Exception):  # noqa: N818 - named by what is the case
    """Other users may read the file."""


def read_owned(path: Path) -> tuple[bytes, os.stat_result]:
    """What is in it, and as of when. Raises `OSError`, or `OpenToOthers`."""
    with path.open("rb") as file:
        stat = os.fstat(file.fileno())
        text = file.read()
    if stat.st_mode & 0o077:
        raise OpenToOthers
    return text, stat


def write_owned(path: Path, text: str, *, replace: bool) -> None:
    """Whole and durable, or not at all. Without `replace`, a file that is there stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-")  # mode 0600
    draft = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            draft.replace(path)
        else:
            path.hardlink_to(draft)
    except FileExistsError:
        return
    finally:
        draft.unlink(missing_ok=True)
