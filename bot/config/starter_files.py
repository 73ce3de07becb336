"""What a new folder starts with: settings, manifest and examples, as this release brings them."""

import shutil
from importlib.resources import files
from pathlib import Path

from bot.config.errors import ConfigurationError
from bot.config.settings import FILE

NAMES = (FILE, "manifest.yml", ".env.example", "examples")


def write(folder: Path) -> list[str]:
    """Put there what is not; gives its names. Raises ConfigurationError where it cannot."""
    source = Path(str(files("bot"))).parent  # a wheel holds them beside our packages, as a checkout
    wanted = [name for name in NAMES if not (folder / name).exists()]
    try:
        for name in wanted:
            copy = shutil.copytree if (source / name).is_dir() else shutil.copyfile
            copy(source / name, folder / name)
    except OSError as error:
        raise ConfigurationError(
            f"{folder} cannot be written ({error.strerror}): start in a folder of yours."
        ) from None
    return wanted
