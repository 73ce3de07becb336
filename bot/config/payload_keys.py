"""The codecs of what Temporal keeps: always signed, encrypted when keys are configured."""

import base64
import binascii

from bot.config.errors import ConfigurationError
from bot.config.settings import Settings
from storage.errors import KeyMissing, MacKeysUnusable
from storage.payloads.codec import AesGcmCodec
from storage.payloads.mac_codec import MacCodec
from storage.payloads.mac_keys import FILE, MacKeyFile

DATABASE = "signoff.db"


def mac_keys(settings: Settings) -> MacKeyFile:
    """The installation's keys, made at the first start; raises ConfigurationError.

    An installation that worked before there were any goes on with what it has begun.
    """
    folder = settings.folder
    older = bool(settings.storage.database) or (folder / DATABASE).exists()
    try:
        return MacKeyFile.kept(folder / FILE, older=older)
    except MacKeysUnusable as error:
        raise ConfigurationError(str(error)) from None


def signing_codec(settings: Settings) -> MacCodec:
    """What every client and worker reads and writes with; raises ConfigurationError."""
    return MacCodec(mac_keys(settings), payload_codec(settings))


def payload_codec(settings: Settings) -> AesGcmCodec | None:
    """None without keys; raises ConfigurationError, which never holds a key."""
    lines = settings.secrets.payload_keys.get_secret_value().split()
    name = settings.storage.encrypt_with
    if not lines and not name:
        return None
    try:
        keys = dict(_key(line) for line in lines)
        return AesGcmCodec(keys, name, read_plain=settings.storage.read_plain)
    except KeyMissing:
        raise ConfigurationError(
            f"encrypt_with under [storage] is '{name}', and PAYLOAD_KEYS has no key of that name."
        ) from None
    except ValueError as error:
        raise ConfigurationError(f"PAYLOAD_KEYS cannot be used: {error}") from None


def _key(line: str) -> tuple[str, bytes]:
    name, _, text = line.partition("=")
    try:
        return name, base64.b64decode(text, altchars=b"-_", validate=True)
    except binascii.Error:
        raise ValueError(f"key '{name}' is not base64.") from None
