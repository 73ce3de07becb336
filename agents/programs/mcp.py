"""Approvals for agents that speak MCP: ask for one, ask a question, look how it stands.

Every tool gives an `ApprovalReport`. Waiting ends after `wait_seconds` at the latest with the
status `pending`: the approval goes on, and `approval_status` says how it ends. The same `key`
twice is one approval, so a call that broke off can be repeated.
"""

import asyncio
import contextlib
import hashlib
import secrets
from collections.abc import Iterator
from typing import Annotated, Any

from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import BaseModel, Field

from agents.http.signature import SigningKey, sign
from agents.programs.port import ApprovalDesk, ApprovalStanding, Asking, DeskError, State
from agents.programs.program import Program, Programs
from agents.programs.request import ApprovalDraft, UnfitDraft, draft_from, policy_of
from agents.programs.statement import statement
from agents.programs.task import sentence

LONGEST_WAIT = 600.0
USUAL_WAIT = 50.0
ABOUT = (
    "Ask people for an approval, or a question, in Slack. They may take minutes or days: when a "
    "tool answers 'pending', go on with other work and ask approval_status later. Never act on "
    "anything but 'approved'."
)

Wait = Annotated[float, Field(ge=0, le=LONGEST_WAIT, description="seconds to wait for people")]
_KEY = "the same key twice is one approval; without one, equal words join an approval that waits"
Key = Annotated[str, Field(max_length=200, description=_KEY)]
Approvers = Annotated[list[str] | None, Field(description="fewer people than the settings name")]
Timeout = Annotated[str | None, Field(description="such as 2h; shorter than the settings say")]


class ApprovalReport(BaseModel):
    """How an approval stands.

    `status` is pending, approved, rejected, changes_requested, expired, withdrawn or broken.
    `decision` is who decided what, and `jws` the same, signed; see the server's key set.
    `answer` are the comments of whoever decided.
    """

    approval_id: str
    status: str
    message: str
    answer: str = ""
    feedback: str = ""
    edited_result: dict[str, Any] | None = None
    decision: dict[str, Any] | None = None
    jws: str = ""


class ApprovalTools:
    """The three tools. `alone` is the program where there is one only (stdio)."""

    def __init__(
        self,
        desk: ApprovalDesk,
        programs: Programs,
        key: SigningKey,
        alone: Program | None = None,
    ) -> None:
        self._desk = desk
        self._programs = programs
        self._key = key
        self._alone = alone

    async def request_approval(
        self,
        ctx: Context[Any, Any],
        title: str,
        summary: str,
        findings: list[str] | None = None,
        full_text: str = "",
        context: str = "",
        approvers: Approvers = None,
        risk: str | None = None,
        timeout: Timeout = None,  # noqa: ASYNC109 - the people's time, not this call's
        key: Key = "",
        revises: Annotated[str, Field(description="approval_id that got changes_requested")] = "",
        wait_seconds: Wait = USUAL_WAIT,
    ) -> ApprovalReport:
        """Ask people in Slack to approve something; act on it only when the status is approved."""
        fields = {
            "title": title,
            "summary": summary,
            "findings": findings or (),
            "full_text": full_text,
            "context": context,
            "approvers": approvers or (),
            "risk": risk,
            "timeout": timeout,
        }
        return await self._ask(ctx, fields, key, revises, wait_seconds)

    async def ask_human(
        self,
        ctx: Context[Any, Any],
        question: str,
        context: str = "",
        approvers: Approvers = None,
        timeout: Timeout = None,  # noqa: ASYNC109 - the people's time, not this call's
        key: Key = "",
        wait_seconds: Wait = USUAL_WAIT,
    ) -> ApprovalReport:
        """Ask people in Slack a question; `answer` is what they write beside their decision."""
        fields = {
            "title": "A question",
            "summary": question,
            "context": context,
            "approvers": approvers or (),
            "timeout": timeout,
            "answer_in_words": True,
        }
        return await self._ask(ctx, fields, key, "", wait_seconds)

    async def approval_status(
        self, ctx: Context[Any, Any], approval_id: str, wait_seconds: Wait = 0
    ) -> ApprovalReport:
        """How an approval stands now, or within `wait_seconds`."""
        program = self._program(ctx)
        with _told():
            return await self._report(approval_id, program, wait_seconds)

    async def _ask(
        self,
        ctx: Context[Any, Any],
        fields: dict[str, Any],
        key: str,
        revises: str,
        seconds: float,
    ) -> ApprovalReport:
        program = self._program(ctx)
        with _told():
            draft = draft_from(fields)
            policy_of(draft, program)
            asking = _asking(draft, program, key, revises)
            known = "" if key or revises else await self._desk.twin(asking)
            if not known:
                await self._desk.ask(asking)
            return await self._report(known or asking.id, program, seconds)

    async def _report(self, approval: str, program: Program, seconds: float) -> ApprovalReport:
        standing = await self._looked(approval, program)
        if standing.state is State.PENDING and seconds:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._desk.settled(approval)
            standing = await self._looked(approval, program)
        return self._told(standing, program)

    async def _looked(self, approval: str, program: Program) -> ApprovalStanding:
        standing = await self._desk.look(approval, program.name)
        if standing is None:
            raise ToolError("There is no such approval.")
        return standing

    def _told(self, standing: ApprovalStanding, program: Program) -> ApprovalReport:
        if standing.settlement is None:
            waiting = "People are being asked; ask approval_status later."
            return ApprovalReport(
                approval_id=standing.id,
                status=standing.state.value,
                message=standing.problem or waiting,
            )
        said = statement(standing, program.name, standing.settlement.revision)
        return ApprovalReport(
            approval_id=standing.id,
            status=standing.settlement.outcome.value,
            message=sentence(standing),
            answer="\n".join(said["comments"]),
            feedback=standing.feedback,
            edited_result=said.get("edited_result"),
            decision=said,
            jws=sign(said, self._key),
        )

    def _program(self, ctx: Context[Any, Any]) -> Program:
        """Whoever sent this very request, whatever session it came in."""
        if self._alone is not None:
            return self._alone
        request = ctx.request_context.request
        if request is None:
            raise ToolError("This transport does not say who asks.")
        return self._programs.named(request.user.display_name)


def mcp_server(tools: ApprovalTools) -> MCPServer[Any]:
    """The server; the caller chooses the transport."""
    server: MCPServer[Any] = MCPServer("signoff", instructions=ABOUT, log_level="WARNING")
    for tool in (tools.request_approval, tools.ask_human, tools.approval_status):
        server.add_tool(tool, structured_output=True)
    return server


async def serve_stdio(tools: ApprovalTools) -> None:
    """Serve the one program at the other end of standard input and output, until it leaves.

    `tools` needs its program named (`alone`), and nothing else may print to standard output.
    """
    await mcp_server(tools).run_stdio_async()


def _asking(draft: ApprovalDraft, program: Program, key: str, revises: str) -> Asking:
    """The id comes from the key; a revision's from what it revises, so there is one of each."""
    if revises:
        base, _, number = revises.rpartition(".v")
        revision = int(number) + 1 if number.isdecimal() and len(number) < 4 else 0
        if not base or not revision:
            raise UnfitDraft("revises: this is no approval's id.")
    else:
        seed = f"{program.name}\n{key or secrets.token_hex(16)}"
        base, revision = f"x-{hashlib.sha256(seed.encode()).hexdigest()[:16]}.approve", 1
    return Asking(
        id=f"{base}.v{revision}",
        program=program,
        draft=draft,
        revision=revision,
        previous=revises,
        via="mcp",
    )


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Our errors as the tool's, each a sentence for the agent."""
    try:
        yield
    except (UnfitDraft, DeskError) as error:
        raise ToolError(str(error)) from None
