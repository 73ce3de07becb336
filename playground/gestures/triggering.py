"""Trigger ids and response URLs of a gesture."""

from playground.gestures.triggers import ResponseTarget
from playground.testing.faults import Faults
from playground.workspace import Workspace


def trigger_id(workspace: Workspace, faults: Faults, user: str, view_id: str = "") -> str:
    """A trigger id of that person, born expired when that fault is in force."""
    expired = faults.strike("trigger", "expired_trigger") is not None
    return workspace.triggers.issue(user, view_id, expired=expired)


def response_url(workspace: Workspace, reply: ResponseTarget) -> str:
    """An address that takes answers to a gesture."""
    team, app = workspace.config.team.id, workspace.config.app.id
    return f"{workspace.url}/actions/{team}/{app}/{workspace.response_urls.issue(reply)}"
