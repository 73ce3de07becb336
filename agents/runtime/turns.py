"""One turn of a local ADK agent: a request in, a result or questions out, the session as JSON.

ADK loses confirmations in places, so answers to different agents get runs of their own, and a turn
fails when a call that people decided on left no trace.
"""

import asyncio
import importlib
import json
import warnings
from collections.abc import Sequence
from typing import Any

import structlog
from google.adk.agents.run_config import RunConfig
from google.adk.apps.app import App, ResumabilityConfig
from google.adk.artifacts.in_memory_artifact_service import InMemoryArtifactService
from google.adk.events.event import Event
from google.adk.plugins.base_plugin import BasePlugin
from google.adk.runners import Runner
from google.adk.sessions.in_memory_session_service import InMemorySessionService
from google.adk.workflow import BaseNode
from google.genai import types

from agents.catalogue import LocalAgent
from agents.errors import AgentFailed, UnusableInput
from agents.inputs.check import refuse_unreadable
from agents.journal.book import TurnBook
from agents.journal.entries import read_entry
from agents.journal.held_turn import Held, journal_of, unheld
from agents.journal.journal import MemoryJournal, TurnJournal
from agents.journal.model_answers import ModelAnswers
from agents.journal.plugin import JournalPlugin
from agents.journal.repeatable import DeclaresTools
from agents.models.access import ModelAccess
from agents.models.cut_answers import Faults
from agents.models.errors import model_errors, model_failure
from agents.models.live import LiveModels
from agents.models.providers import OFFLINE, provider_of
from agents.models.spending import Spending
from agents.own_agent import own_agent, refuse_offline
from agents.runtime.confirmations import answer_messages, lost, pending
from agents.runtime.edited_arguments import Decisions
from agents.runtime.lossy_shapes import refuse_lossy
from agents.tool_policy.argument_types import ArgumentTypes
from agents.tool_policy.denied import denied_calls
from agents.tool_policy.plugin import SecurityPlugin
from agents.turn.answer import parse_answer
from agents.turn.brief import brief_of, file_names, spoken
from agents.turn.flawed_calls import refuse_flawed
from agents.turn.progress_plugin import ProgressPlugin
from agents.turn.readings import with_readings
from workflows.messages.results import AgentResult, AgentVersion, ToolRun
from workflows.messages.turns import TurnOutcome, TurnRequest
from workflows.task.cost import Cost

NO_LIMIT = 1_000_000
"""For ADK, which counts one attempt, and answers out of the journal: the budget counts all."""
SESSION_VERSION = 1
_log = structlog.get_logger(__name__)


class Turn:
    """One turn of `about`; `request.model` is the model it runs on.

    `journal` knows what earlier attempts of the turn did: this one goes on behind it.
    """

    def __init__(
        self,
        about: LocalAgent,
        request: TurnRequest,
        files: Sequence[bytes],
        plugins: Sequence[BasePlugin] = (),
        journal: TurnJournal | None = None,
        *,
        models: ModelAccess | None = None,
    ) -> None:
        self._about = about
        self._turn = journal_of(request)
        self._request, self._held = unheld(request)
        self._files = files
        self._plugins = list(plugins)
        self._journal = journal or MemoryJournal()
        self._kept: JournalPlugin | None = None
        self._access = models
        self._live = LiveModels(models) if models is not None else None
        self._prices = models.settings.price if models is not None else None
        self._restored: list[Event] = []
        self._sessions = InMemorySessionService()
        self._artifacts = InMemoryArtifactService()
        self._user = request.requester or "someone"
        self._session_id = request.task_id or "task"

    async def run(self) -> TurnOutcome:
        """See `TurnRunner.run`; whatever it raises, `ran` knows what was done."""
        saved = _loaded(self._request.session)
        kept = self._kept = await self._opened(saved.get("settled", []))
        if kept.book.questions():
            return self._asking(kept)
        outcome = await self._run(kept, saved)
        return outcome.model_copy(update={"ran": self.ran(), "cost": self.cost()})

    @property
    def name(self) -> str:
        """Of the agent."""
        return self._about.name

    def ran(self) -> tuple[ToolRun, ...]:
        """The calls of tools that this turn made, in all its attempts."""
        return self._kept.book.runs() if self._kept else ()

    def cost(self) -> Cost:
        """What its models cost."""
        return self._kept.spending.cost() if self._kept else Cost()

    async def _opened(self, settled: list[str]) -> JournalPlugin:
        """The journal of this attempt, with what those before it left in it."""
        attempt, written = await self._journal.open(self._turn)
        entries = [read_entry(text) for text in written]
        book = TurnBook(
            self._turn, entries, ran=self._request.ran, settled=settled, said=self._held.said
        )
        spending = Spending(self._request, entries, self._prices)
        kept = JournalPlugin(
            self._turn, attempt, self._journal, book, ModelAnswers(entries), spending
        )
        for entry in book.refused():
            await kept.keep(entry)
        return kept

    def _asking(self, kept: JournalPlugin) -> TurnOutcome:
        """People have to say what is to become of calls that were cut off."""
        outcome = self._held_back().outcome(kept.book.questions())
        said = {"ran": self.ran(), "version": self._version(kept), "cost": self.cost()}
        return outcome.model_copy(update=said)

    def _version(self, kept: JournalPlugin) -> AgentVersion:
        """With the version of the model that answered last, where it says which that is."""
        asked = self._request.model
        declared = self._about.version_running(asked)
        answered = kept.spending.cost().turn.models
        if not answered or provider_of(asked) == OFFLINE:
            return declared
        return declared.model_copy(update={"model_version": answered[-1], "asked_model": asked})

    def _held_back(self) -> Held:
        return self._held

    async def _run(self, kept: JournalPlugin, saved: dict[str, Any]) -> TurnOutcome:
        await self._place_files()
        await self._restore(saved)
        try:
            async with self._runner(kept) as runner:
                for message in self._messages():
                    await self._run_once(runner, message, kept)
            outcome = await self._outcome(kept)
        except Exception:
            if kept.book.questions():
                _log.exception("turn_cut_off", agent=self._about.name)
                return self._asking(kept)
            await kept.take_back()
            raise
        finally:
            if self._live is not None:
                await self._live.aclose()
        for entry in kept.book.given_up():
            await kept.keep(entry)
        return outcome

    async def _place_files(self) -> None:
        inputs = self._request.inputs
        if len(self._files) != len(inputs):
            raise UnusableInput("The files of this turn are incomplete. Start the task again.")
        named = [
            (name, file.media_type, content)
            for name, file, content in zip(
                file_names(self._request), inputs, self._files, strict=True
            )
        ]
        await asyncio.to_thread(refuse_unreadable, named)
        for name, media_type, content in named:
            mime = media_type or "application/octet-stream"
            part = types.Part.from_bytes(data=content, mime_type=mime)
            await self._artifacts.save_artifact(
                app_name=self._about.name,
                user_id=self._user,
                session_id=self._session_id,
                filename=name,
                artifact=part,
            )

    async def _restore(self, saved: dict[str, Any]) -> None:
        """Lay the events of the earlier turns into a new in-memory session."""
        session = await self._sessions.create_session(
            app_name=self._about.name,
            user_id=self._user,
            session_id=self._session_id,
            state=saved.get("state", {}),
        )
        self._restored = [Event.model_validate(event) for event in saved.get("events", [])]
        for event in self._restored:
            await self._sessions.append_event(session, event)

    def _runner(self, kept: JournalPlugin) -> Runner:
        source = self._source()
        policies = [*self._plugins, *getattr(source, "plugins", list)()]
        kept.declarations = _declarations(policies)
        app = App(
            name=self._about.name,
            root_agent=self._built(source),
            plugins=[ArgumentTypes(), kept, Decisions(), *policies, ProgressPlugin()],
            resumability_config=_resumable(),
        )
        return Runner(app=app, session_service=self._sessions, artifact_service=self._artifacts)

    def _source(self) -> Any:
        """What has `build` and perhaps `plugins`."""
        if self._about.module:
            try:
                return own_agent(self._about)
            except ValueError as error:
                raise AgentFailed(f"{self._about.name}: {error}", retryable=False) from error
        return importlib.import_module(f"agents.samples.{self._about.name}.agent")

    def _built(self, source: Any) -> BaseNode:
        root: BaseNode = source.build(self._request.model, self._request.temperature)
        refuse_lossy(self._about.name, root)
        if self._live is not None and self._access is not None:
            if self._about.module:
                refuse_offline(self._about.name, root, self._access)
            self._live.equip(root, self._about.name)
        return root

    def _messages(self) -> list[types.Content]:
        if self._request.session:
            return answer_messages(self._request.answers, self._restored)
        text = spoken(brief_of(self._request))
        return [types.Content(role="user", parts=[types.Part(text=text)])]

    async def _run_once(self, runner: Runner, message: types.Content, kept: JournalPlugin) -> None:
        config = RunConfig(max_llm_calls=NO_LIMIT)
        events = runner.run_async(
            user_id=self._user,
            session_id=self._session_id,
            new_message=message,
            run_config=config,
        )
        faults = Faults()
        try:
            async for event in events:
                faults.note(event)
        except model_errors() as error:
            raise self._model_error(error) from error
        fault = faults.failure(self._about.name, self._request.model)
        if (failure := kept.spending.failure() or fault) is not None:
            raise failure

    def _model_error(self, error: Exception) -> Exception:
        """A sentence where there is one; what is below it is not for people."""
        failure = model_failure(self._about.name, self._request.model, error)
        if failure is not None:
            _log.warning("model_error", agent=self._about.name, reason=failure.sentence)
        return failure or error

    async def _outcome(self, kept: JournalPlugin) -> TurnOutcome:
        session = await self._sessions.get_session(
            app_name=self._about.name, user_id=self._user, session_id=self._session_id
        )
        events = session.events if session else []
        for answer in self._request.answers:
            if lost(answer, events):
                raise AgentFailed(
                    f"{self._about.name} lost a decision on the way. Run the step again.",
                    retryable=False,
                )
        version = self._version(kept)
        questions = pending(events)
        refuse_flawed(questions, self._about.name)
        if questions:
            state = session.state if session else {}
            said = _saved(events, state, kept.book.settled())
            return TurnOutcome(
                questions=questions, session=said, version=version, denied=denied_calls(events)
            )
        model, own = self._request.model, bool(self._about.module)
        answered = parse_answer(_said(events), model, self._about.name, any_form=own)
        result = answered.model_copy(
            update={
                "model": version.model_version,
                "findings": with_readings(events, answered.findings),
            }
        )
        result = self._with_feedback(result)
        return TurnOutcome(result=result, version=version, denied=denied_calls(events))

    def _with_feedback(self, result: AgentResult) -> AgentResult:
        """Feedback is never passed over in silence."""
        feedback = self._request.feedback
        if feedback is None or not result.offline or "## What changed" in result.full_text:
            return result
        quoted = " ".join(feedback.text.split())[:500]
        note = f"## What changed\n\nNothing: offline, this agent cannot act on “{quoted}”."
        return result.model_copy(update={"full_text": f"{result.full_text}\n\n{note}"})


def _resumable() -> ResumabilityConfig:
    """Without it, a sequence forgets the steps after a confirmation; ADK warns about it."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"\[EXPERIMENTAL\]", UserWarning)
        return ResumabilityConfig(is_resumable=True)


def _loaded(session: str) -> dict[str, Any]:
    if not session:
        return {}
    saved: dict[str, Any] = json.loads(session)
    if saved.get("v") != SESSION_VERSION:
        raise AgentFailed("The saved session is of another version. Run the step again.")
    return saved


def _saved(events: list[Event], state: dict[str, Any], settled: list[str]) -> str:
    dumped = [event.model_dump(mode="json", by_alias=True, exclude_none=True) for event in events]
    kept = {"v": SESSION_VERSION, "state": state, "events": dumped, "settled": settled}
    return json.dumps(kept)


def _declarations(plugins: Sequence[BasePlugin]) -> tuple[DeclaresTools, ...]:
    """What the policies say of tools that say nothing of themselves."""
    found = (plugin.declares for plugin in plugins if isinstance(plugin, SecurityPlugin))
    return tuple(declares for declares in found if declares is not None)


def _said(events: list[Event]) -> str:
    """The last text any agent said, or the output of the last node."""
    for event in reversed(events):
        if event.author == "user":
            break
        text = "".join(
            part.text
            for part in (event.content.parts if event.content else None) or []
            if part.text and not part.thought
        )
        if text.strip():
            return text
        if event.output is not None:
            return event.output if isinstance(event.output, str) else json.dumps(event.output)
    return ""
