"""Which tools may be run again: by the operator's word, else by their own, else none."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from google.adk.tools.base_tool import BaseTool
from google.adk.tools.exit_loop_tool import exit_loop
from google.adk.tools.function_tool import FunctionTool
from google.adk.tools.load_artifacts_tool import LoadArtifactsTool
from google.adk.tools.transfer_to_agent_tool import TransferToAgentTool

from agents.journal.repeatable import Repeat, idempotent, reads, repeat_of
from agents.samples.tools.payments import PaymentTools
from agents.samples.tools.runbook import RunbookTools
from agents.tool_policy.rules import RuleEngine


def act() -> None:
    """Act."""


@reads
def look() -> None:
    """Look."""


@idempotent
def put() -> None:
    """Put."""


def told(**metadata: Any) -> BaseTool:
    tool = FunctionTool(act)
    tool.custom_metadata = metadata
    return tool


def of_mcp(**hints: Any) -> BaseTool:
    tool = FunctionTool(act)
    vars(tool)["raw_mcp_tool"] = SimpleNamespace(annotations=SimpleNamespace(**hints))
    return tool


@pytest.mark.parametrize(
    ("tool", "expected"),
    [
        (FunctionTool(act), Repeat.ONCE),
        (FunctionTool(look), Repeat.READS),
        (FunctionTool(put), Repeat.IDEMPOTENT),
        (told(idempotent=True), Repeat.IDEMPOTENT),
        (told(idempotent="yes"), Repeat.ONCE),
        (told(read_only=True), Repeat.READS),
        (of_mcp(idempotentHint=True), Repeat.IDEMPOTENT),
        (of_mcp(idempotent_hint=True), Repeat.IDEMPOTENT),
        (of_mcp(readOnlyHint=True), Repeat.READS),
        (of_mcp(read_only_hint=None, idempotent_hint=None), Repeat.ONCE),
        (FunctionTool(exit_loop), Repeat.READS),
        (LoadArtifactsTool(), Repeat.READS),
        (TransferToAgentTool(agent_names=["a"]), Repeat.READS),
        (FunctionTool(PaymentTools().read_payments), Repeat.READS),
        (FunctionTool(PaymentTools().order_payment), Repeat.IDEMPOTENT),
        (FunctionTool(RunbookTools().restart_service), Repeat.ONCE),
        (FunctionTool(RunbookTools().service_status), Repeat.READS),
    ],
)
def test_what_a_tool_says_of_itself(tool: BaseTool, expected: Repeat) -> None:
    """In each of the ways there are."""
    assert repeat_of(tool) is expected


def test_the_policy_file_has_the_last_word(tmp_path: Path) -> None:
    """And the most careful of its own words counts."""
    file = tmp_path / "policy.toml"
    file.write_text('idempotent = ["a*", "p*"]\nreads = ["a*"]\nonce = ["look"]\n', "utf-8")
    engine = RuleEngine.read(file)
    found = [repeat_of(FunctionTool(tool), [engine]) for tool in (act, look, put)]
    assert found == [Repeat.IDEMPOTENT, Repeat.ONCE, Repeat.IDEMPOTENT]
    assert engine.declared("other") is None
