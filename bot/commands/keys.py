"""`signoff keys`: the ring that says that a message is ours."""

from collections.abc import Iterator

from bot.config.payload_keys import mac_keys
from bot.config.settings import Settings
from storage.payloads.mac_keys import AT_ONCE, UNDER_WAY, MacKeyRing

MINUTE = "%Y-%m-%d %H:%M UTC"


def rotated(settings: Settings, *, stolen: bool) -> MacKeyRing:
    """With a new key; a stolen one counts for a minute more, another one for a day."""
    return mac_keys(settings).rotate(AT_ONCE if stolen else UNDER_WAY)


def lines(ring: MacKeyRing) -> Iterator[str]:
    """What there is to know of each key, never the key."""
    for key in ring.keys:
        retired = f"retired, counts until {key.until:{MINUTE}}" if key.until else "in use"
        yield f"{key.id}  {retired}"
    if ring.plain_until is not None:
        yield f"Messages without a key count until {ring.plain_until:{MINUTE}}."
