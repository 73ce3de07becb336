"""The actions of a runbook. Nothing is connected: each says what it would have done."""

import re
from typing import Any

from google.adk.tools.tool_context import ToolContext

from agents.errors import AgentError, UnusableInput
from agents.inputs.decoding import decode
from agents.journal.repeatable import idempotent, reads
from agents.samples.tools.input_files import InputTools
from workflows.messages.base import Frozen

MOST_ACTIONS = 30
_SERVICE = r"(?P<service>[a-z][\w-]*)"
_WHERE = r"(?:\s+(?:in|on)\s+(?P<environment>[a-z][\w-]*))?"
_ACTIONS = {
    "service_status": rf"(?:check|status of|look at)\s+{_SERVICE}{_WHERE}",
    "restart_service": rf"restart\s+{_SERVICE}{_WHERE}",
    "scale_service": rf"scale\s+{_SERVICE}\s+to\s+(?P<replicas>\d{{1,6}}){_WHERE}",
    "delete_backups": rf"delete\s+backups\s+of\s+{_SERVICE}"
    rf"\s+older\s+than\s+(?P<older_than_days>\d{{1,5}})\s+days{_WHERE}",
}
_MARKS = re.compile(r"^\s*(?:[-*+]|\d+[.)])?\s*(?:\[[ x]\]\s*)?", re.IGNORECASE)
_NUMBERS = frozenset({"replicas", "older_than_days"})


class RunbookAction(Frozen):
    """One line of a runbook that was understood."""

    tool: str
    arguments: dict[str, Any]
    line: str


class RunbookTools(InputTools):
    """The input tools, and the actions."""

    @reads
    async def read_runbook(self, file: str, tool_context: ToolContext) -> dict[str, Any]:
        """Read the actions a runbook asks for, line by line.

        Args:
            file: the name of the input file.
        """
        try:
            content, _ = await self.load(file, tool_context)
            actions, others = actions_in(file, decode(file, content).text)
        except AgentError as error:
            return {"error": error.sentence}
        return {
            "file": file,
            "actions": [action.model_dump() for action in actions],
            "not_understood": others,
        }

    @reads
    async def service_status(self, service: str, environment: str = "production") -> dict[str, Any]:
        """Look at a service. Changes nothing.

        Args:
            service: which one.
            environment: production, staging or test.
        """
        return _simulated(f"looked at {service} in {environment}")

    async def restart_service(
        self, service: str, environment: str = "production"
    ) -> dict[str, Any]:
        """Restart a service.

        Args:
            service: which one.
            environment: production, staging or test.
        """
        return _simulated(f"restarted {service} in {environment}")

    @idempotent
    async def scale_service(
        self, service: str, replicas: int, environment: str = "production"
    ) -> dict[str, Any]:
        """Run a service with this many replicas.

        Args:
            service: which one.
            replicas: how many.
            environment: production, staging or test.
        """
        return _simulated(f"scaled {service} to {replicas} in {environment}")

    @idempotent
    async def delete_backups(
        self, service: str, older_than_days: int, environment: str = "production"
    ) -> dict[str, Any]:
        """Delete the old backups of a service. Cannot be undone.

        Args:
            service: whose.
            older_than_days: backups older than this go.
            environment: production, staging or test.
        """
        return _simulated(
            f"deleted backups of {service} older than {older_than_days} days in {environment}"
        )


def actions_in(file: str, text: str) -> tuple[list[RunbookAction], list[str]]:
    """The actions, and the list items that were not understood; raises UnusableInput for none."""
    actions: list[RunbookAction] = []
    others: list[str] = []
    for line in text.splitlines():
        found = _action(line)
        if found is not None:
            actions.append(found)
        elif re.match(r"\s*(?:[-*+]|\d+[.)])\s", line):
            others.append(line.strip()[:200])
    if not actions:
        raise UnusableInput(
            f'{file} holds no action. Write lines such as "restart billing in staging".'
        )
    if len(actions) > MOST_ACTIONS:
        raise UnusableInput(f"{file} holds {len(actions)} actions. Send {MOST_ACTIONS} at most.")
    return actions, others


def _action(line: str) -> RunbookAction | None:
    words = _MARKS.sub("", line).strip().rstrip(".").lower()
    for tool, pattern in _ACTIONS.items():
        match = re.fullmatch(pattern, words)
        if match is not None:
            given = {name: value for name, value in match.groupdict().items() if value}
            arguments: dict[str, Any] = {"environment": "production", **given}
            arguments |= {name: int(arguments[name]) for name in _NUMBERS & set(arguments)}
            return RunbookAction(tool=tool, arguments=arguments, line=line.strip())
    return None


def _simulated(what: str) -> dict[str, Any]:
    return {"done": what, "note": "simulated: no fleet is connected"}
