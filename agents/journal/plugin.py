"""An ADK plugin that keeps what models say and tools do, and never runs a finished call again.

A call is kept as begun before its tool runs, and as ended before its model hears of it. In a later
attempt of the turn what has ended is answered from the journal. What was begun and did not end is
run again where its tool says that it may be; everything else is for people to decide.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import structlog
from google.adk.agents.callback_context import CallbackContext
from google.adk.models.llm_request import LlmRequest
from google.adk.models.llm_response import LlmResponse
from google.adk.plugins.base_plugin import BasePlugin
from google.adk.tools.base_tool import BaseTool
from google.adk.tools.tool_context import ToolContext

from agents.errors import AgentFailed
from agents.journal.book import Called, CallRecord, TurnBook, not_known
from agents.journal.entries import MOST_BYTES, Ended, Entry, Unsaid, Withdrawn, written
from agents.journal.idempotency import key_of, keyed
from agents.journal.journal import TurnJournal
from agents.journal.model_answers import ModelAnswers, entry_of, name_calls, question_of
from agents.journal.repeatable import DeclaresTools, Repeat, repeat_of
from agents.journal.tool_effects import asks, effects_of, repeat_effects, response_of
from agents.models.cut_answers import mark_cut
from agents.models.spending import Spending
from workflows.messages.results import RunStatus

NAME = "signoff_journal"
STOPPED = "STOPPED"
_WRAPPED = "_signoff_run_async"
_Run = Callable[..., Awaitable[Any]]
_log = structlog.get_logger(__name__)


class NotBegun(Exception):  # noqa: N818 - it says what did not happen
    """Raised by whoever runs a tool elsewhere: it never got as far as the tool."""


class NotKnown(Exception):  # noqa: N818 - as above
    """A call was cut off before, and only people can say whether it is to be run again."""


class JournalPlugin(BasePlugin):
    """The journal of one attempt of a turn. It has to be the first plugin of its runner."""

    def __init__(
        self,
        turn: str,
        attempt: int,
        journal: TurnJournal,
        book: TurnBook,
        answers: ModelAnswers,
        spending: Spending,
    ) -> None:
        super().__init__(name=NAME)
        self._turn = turn
        self._attempt = attempt
        self._journal = journal
        self._asked: dict[int, tuple[str, int, bool]] = {}
        self._claims: dict[str, CallRecord] = {}
        self.declarations: tuple[DeclaresTools, ...] = ()
        self.book = book
        self.answers = answers
        self.spending = spending
        self.model_failed = False

    # Models.

    async def before_model_callback(
        self, *, callback_context: CallbackContext, llm_request: LlmRequest
    ) -> LlmResponse | None:
        """ADK's hook: what was answered before is answered again."""
        question = question_of(callback_context.agent_name, llm_request)
        number, answer = self.answers.ask(question)
        place = id(callback_context.actions)
        self._asked.pop(place, None)
        if answer is None:
            if not self.spending.begin(place):
                return LlmResponse(error_code=STOPPED)
            self._asked[place] = question, number, False
        return answer

    async def after_model_callback(
        self, *, callback_context: CallbackContext, llm_response: LlmResponse
    ) -> None:
        """ADK's hook: keep the answer before anything comes of it; one that comes in one piece."""
        mark_cut(llm_response)
        place = id(callback_context.actions)
        if llm_response.partial or place not in self._asked:
            return
        if (paid := self.spending.end(place, llm_response)) is not None:
            await self.keep(paid)
        if self.spending.failure() is not None:
            llm_response.error_code, llm_response.content = STOPPED, None
        question, number, said = self._asked[place]
        self._asked[place] = question, number, True
        name_calls(llm_response)
        entry = entry_of(question, number, llm_response)
        if said:
            await self.keep(Unsaid(of=question, number=number))
        elif entry is not None:
            await self.keep(entry)

    async def on_model_error_callback(
        self, *, callback_context: CallbackContext, llm_request: LlmRequest, error: Exception
    ) -> None:
        """ADK's hook: what was said before is not to blame."""
        if error.__cause__ is None:  # ADK raises it anew, and its context would be lost
            error.__cause__ = error.__context__
        self.model_failed = True
        if (paid := self.spending.end(id(callback_context.actions), None)) is not None:
            await self.keep(paid)

    async def take_back(self) -> None:
        """The newest answer of a model led nowhere: in the next attempt it is asked again."""
        if not self.model_failed and (entry := self.answers.last()) is not None:
            await self.keep(entry)

    # Tools.

    async def before_tool_callback(
        self, *, tool: BaseTool, tool_args: dict[str, Any], tool_context: ToolContext
    ) -> dict[str, Any] | None:
        """ADK's hook: an answer from the journal, or nothing; then the tool's own run is kept."""
        confirmation = tool_context.tool_confirmation
        approved = confirmation is not None and confirmation.confirmed
        repeat = repeat_of(tool, self.declarations)
        if (confirmation is not None and not approved) or (repeat is Repeat.READS and not approved):
            return None
        call = Called(
            tool=tool.name,
            arguments=dict(tool_args),
            call_id=tool_context.function_call_id or "",
            agent=tool_context.agent_name,
            approved=approved,
            repeat=Repeat.IDEMPOTENT if repeat is Repeat.READS else repeat,
        )
        return await self._answered(self.book.claim(call), call, tool, tool_context)

    async def _answered(
        self, record: CallRecord, call: Called, tool: BaseTool, context: ToolContext
    ) -> dict[str, Any] | None:
        if record.status is not None:
            await repeat_effects(record.effects, context)
            told: dict[str, Any] = record.heard(record.response)
            return told
        if not record.runs and not call.approved and self._is_in_doubt(call):
            context.request_confirmation(hint=not_known(call.tool))
            context.actions.skip_summarization = True
            return {"status": "People are asked to decide on this call. Wait for their answer."}
        self._claims[call.call_id] = record
        _wrap(tool)
        return None

    def _is_in_doubt(self, call: Called) -> bool:
        return call.repeat is Repeat.ONCE and self.book.doubtful(call)

    async def run(self, run: _Run, tool: BaseTool, args: Any, context: ToolContext) -> Any:
        """Run the tool between two entries of the journal."""
        record = self._claims.pop(context.function_call_id or "", None)
        if record is None:
            return await run(args=args, tool_context=context)
        key = record.key
        if record.edited is not None:
            key, args = key_of(self._turn, key, str(record.runs)), record.edited
        await self._begin(record, dict(args))
        try:
            with keyed(key):
                result = await run(args=args, tool_context=context)
        except NotBegun:
            await self.keep(Withdrawn(key=record.key))
            raise
        except Exception as error:  # it does not say that nothing was done
            _log.warning("tool_broke", tool=tool.name, key=key, error=type(error).__name__)
            record.broke = True
            raise
        await self._end(record, tool, result, context)
        return record.heard(result)

    async def _begin(self, record: CallRecord, args: dict[str, Any]) -> None:
        call = record.call
        if args != call.arguments and call.proposed is None:
            record.call = replace(call, arguments=args, proposed=call.arguments)
        cut_off = record.runs and record.call.repeat is Repeat.ONCE
        if cut_off and any(q.id == record.question_id for q in self.book.questions()):
            raise NotKnown
        if not await self.keep(record.begun(), first=True):
            raise AgentFailed("Another attempt of this turn has begun. This one stops.")

    async def _end(
        self, record: CallRecord, tool: BaseTool, result: Any, context: ToolContext
    ) -> None:
        if asks(context):
            await self.keep(Withdrawn(key=record.key))
            return
        response = response_of(result)
        ended = Ended(
            key=record.key,
            status=_status(tool, response),
            response=response,
            effects=await effects_of(context),
        )
        if len(written(ended)) > MOST_BYTES:
            note = {"note": "It ran. Its answer is too long to be kept."}
            ended = ended.model_copy(update={"response": note, "effects": {}})
        await self.keep(ended)

    async def keep(self, entry: Entry, *, first: bool = False) -> bool:
        """Into the journal, and into what is known of it here; see `TurnJournal.add`."""
        kept = await self._journal.add(self._turn, self._attempt, written(entry), first=first)
        if kept:
            self.book.note(entry)
            self.answers.note(entry)
        return kept


def _wrap(tool: BaseTool) -> None:
    """ADK has no hook between its last gate and the tool: a confirmation may come after plugins."""
    if _WRAPPED in vars(tool):
        return
    run: _Run = tool.run_async

    async def run_async(*, args: dict[str, Any], tool_context: ToolContext) -> Any:
        manager = tool_context.get_invocation_context().plugin_manager
        plugin = manager.get_plugin(NAME)
        if isinstance(plugin, JournalPlugin):
            return await plugin.run(run, tool, args, tool_context)
        return await run(args=args, tool_context=tool_context)

    vars(tool)[_WRAPPED] = run
    vars(tool)["run_async"] = run_async


def _status(tool: BaseTool, response: dict[str, Any]) -> RunStatus:
    """An MCP call that broke is told as an error, which does not say that nothing was done."""
    if not response.get("error"):
        return RunStatus.DONE
    broke = str(response["error"]).startswith(
        ("Unexpected error during MCP tool execution", "MCP tool execution failed")
    )
    remote = hasattr(tool, "raw_mcp_tool") and broke
    return RunStatus.UNKNOWN if remote else RunStatus.FAILED
