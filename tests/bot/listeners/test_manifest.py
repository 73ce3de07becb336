"""The manifest and the listeners agree: what Slack offers is answered, what is answered is offered."""

import re
from pathlib import Path
from typing import Any

import yaml

from notifications.cards.buttons import ActionId

ROOT = Path(__file__).parents[3]
REGISTERED = (ROOT / "bot/listeners/__init__.py").read_text(encoding="utf-8")
MANIFEST: dict[str, Any] = yaml.safe_load((ROOT / "manifest.yml").read_text(encoding="utf-8"))


def test_every_command_and_event_has_a_listener_and_the_other_way_round() -> None:
    """Nothing is offered that nobody answers."""
    offered = {one["command"] for one in MANIFEST["features"]["slash_commands"]}
    assert offered == set(re.findall(r'app\.command\("([^"]+)"\)', REGISTERED))
    subscribed = MANIFEST["settings"]["event_subscriptions"]["bot_events"]
    events = {name.partition(".")[0] for name in subscribed}
    assert events == set(re.findall(r'app\.event\("([^"]+)"\)', REGISTERED))


def test_every_shortcut_has_a_listener() -> None:
    """By callback id."""
    offered = {one["callback_id"] for one in MANIFEST["features"]["shortcuts"]}
    named = re.findall(r"app\.shortcut\(ActionId\.(\w+)\)", REGISTERED)
    assert offered == {ActionId[name].value for name in named}


def test_every_button_and_form_has_a_listener() -> None:
    """Except the view that only shows."""
    named = set(re.findall(r"ActionId\.(\w+)", REGISTERED))
    assert {action.name for action in ActionId} - named == {"READ_MODAL"}
