"""A model's request, as the offline writers read it: the brief, and what the tools returned."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from agents.inputs.file_format import FileFormat, format_of
from agents.journal.book import RAN_WITH
from agents.turn.brief import Brief, BriefFile, heard, so_far

if TYPE_CHECKING:
    from google.adk.models.llm_request import LlmRequest
    from google.genai import types

MOST_CALLS = 100
_FILE = re.compile(r"[\w./-]+\.(?:csv|tsv|tab|json|jsonl|ndjson|parquet|pq|md|markdown|txt)\b")
_URL = re.compile(r"https?://[^\s\"'<>\\)\]]+")


@dataclass(frozen=True)
class Call:
    """One call of a tool."""

    tool: str
    arguments: dict[str, Any]


@dataclass(frozen=True)
class Returned:
    """What a call came back with."""

    call: Call
    response: dict[str, Any]

    @property
    def arguments(self) -> dict[str, Any]:
        """What it ran with: as people edited it, else as it was asked for."""
        edited = self.response.get(RAN_WITH)
        return dict(edited) if isinstance(edited, dict) else self.call.arguments

    @property
    def error(self) -> str:
        """The tool's own sentence when it failed, else empty."""
        return str(self.response.get("error", ""))


@dataclass(frozen=True)
class Say:
    """The writer is done: this is the answer, JSON or prose."""

    text: str


ModelAnswer = tuple[Call, ...] | Say


@dataclass(frozen=True)
class Conversation:
    """`said` is the last thing a person wrote; `returned` every tool result, in order."""

    brief: Brief
    said: str
    returned: tuple[Returned, ...]
    tools: frozenset[str]
    addresses: tuple[str, ...] = ()
    heard: tuple[str, ...] = ()

    def so_far(self) -> Any:
        """What an earlier member of the same agent handed on, if anything."""
        found = (so_far(text) for text in reversed(self.heard))
        return next((item for item in found if item is not None), None)

    def results(self, tool: str) -> list[Returned]:
        """What this tool returned without an error."""
        return [item for item in self.returned if item.call.tool == tool and not item.error]

    def errors(self) -> list[str]:
        """The sentences of the tools that failed, each once."""
        return list(dict.fromkeys(item.error for item in self.returned if item.error))

    def called(self, call: Call) -> bool:
        """Whether this very call was made."""
        return any(item.call == call for item in self.returned)

    def missing(self, *calls: Call) -> tuple[Call, ...]:
        """Those of the calls that were not made yet and whose tool there is."""
        wanted: list[Call] = []
        if len(self.returned) >= MOST_CALLS:
            return ()
        for call in calls:
            if call.tool in self.tools and not self.called(call) and call not in wanted:
                wanted.append(call)
        return tuple(wanted)

    def owed(self, *calls: Call) -> tuple[Call, ...]:
        """As `missing`, for calls that act: who asks for one twice gets it twice."""
        left = [item.call for item in self.returned]
        wanted: list[Call] = []
        for call in calls:
            if call in left:
                left.remove(call)
            elif call.tool in self.tools:
                wanted.append(call)
        return tuple(wanted[: max(0, MOST_CALLS - len(self.returned))])


def conversation_of(request: LlmRequest) -> Conversation:
    """Read a model request."""
    texts = [text for content in request.contents for text in _texts(content)]
    spoken = next((text for text in texts if heard(text)), texts[-1] if texts else "")
    brief = heard(spoken)
    words = spoken.partition("\nRequest (JSON):")[0]
    typed = [] if brief else [url.rstrip(".,;:!?") for url in _URL.findall(words)]
    return Conversation(
        brief=brief or Brief(files=_named_files(_URL.sub(" ", words))),
        said=texts[-1] if texts else "",
        returned=tuple(_returned(request.contents)),
        tools=frozenset(request.tools_dict) | _declared(request),
        addresses=tuple(dict.fromkeys(typed)),
        heard=tuple(texts),
    )


def kind_of_file(file: BriefFile) -> FileFormat:
    """The format by name and media type."""
    return format_of(file.name, file.media_type)


def _declared(request: LlmRequest) -> frozenset[str]:
    """The tools as a model's API is told of them: all there is where the request has travelled."""
    tools = request.config.tools or []
    declared = [getattr(tool, "function_declarations", None) or [] for tool in tools]
    return frozenset(function.name for some in declared for function in some if function.name)


def _texts(content: types.Content) -> list[str]:
    return [part.text for part in content.parts or [] if part.text and not part.thought]


def _named_files(text: str) -> tuple[BriefFile, ...]:
    return tuple(BriefFile(name=name) for name in dict.fromkeys(_FILE.findall(text)))


def _returned(contents: list[types.Content]) -> list[Returned]:
    """Pair responses with calls by id, or, where ADK has stripped its own ids, by order."""
    waiting: list[tuple[str, Call]] = []
    found: list[Returned] = []
    for part in (part for content in contents for part in content.parts or []):
        if part.function_call is not None:
            call = Call(part.function_call.name or "", dict(part.function_call.args or {}))
            waiting.append((part.function_call.id or "", call))
        if part.function_response is not None:
            answer = part.function_response
            call = _pair(waiting, answer.id or "", answer.name or "")
            found.append(Returned(call, dict(answer.response or {})))
    return found


def _pair(waiting: list[tuple[str, Call]], call_id: str, tool: str) -> Call:
    for at, (known, call) in enumerate(waiting):
        if (known == call_id and call_id) or (not known and call.tool == tool):
            return waiting.pop(at)[1]
    return Call(tool, {})
