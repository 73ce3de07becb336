"""A turn as an A2A message, and its outcome as an A2A task.

The structured request and outcome travel as JSON in text parts: data parts would turn 1 into 1.0.
Input files are raw parts. An agent whose card does not name our JSON gets words and files only,
plain texts as words, and one that answers in plain text is understood as well.
"""

import hashlib
import json

from a2a.helpers.proto_helpers import new_raw_part, new_text_part
from a2a.types.a2a_pb2 import AgentCard, Artifact, Message, Part, Role, Task, TaskState
from pydantic import ValidationError

from agents.errors import AgentError, BadAnswer
from agents.journal.idempotency import key_of
from agents.turn.answer import clean, shorten
from agents.turn.brief import brief_of, file_names, spoken
from workflows.messages.base import Frozen
from workflows.messages.results import AgentResult, ToolRun
from workflows.messages.turns import InputFile, Progress, Question, TurnOutcome, TurnRequest
from workflows.task.cost import Cost

REQUEST_TYPE = "application/vnd.signoff.turn-request+json"
OUTCOME_TYPE = "application/vnd.signoff.turn-outcome+json"
FAILURE_TYPE = "application/vnd.signoff.turn-failure+json"
PROGRESS_TYPE = "application/vnd.signoff.progress+json"
OUTCOME_NAME = "outcome"
IDEMPOTENCY = "urn:signoff:idempotency-key:1"
"""In a message's metadata: the same for each message that asks for the same turn."""
_WORDS = frozenset({"text/plain", "text/markdown"})
INPUT_REQUIRED = (TaskState.TASK_STATE_INPUT_REQUIRED, TaskState.TASK_STATE_AUTH_REQUIRED)


class _Failure(Frozen):
    """How a failed turn of ours ended."""

    ran: tuple[ToolRun, ...] = ()
    cost: Cost = Cost()


def message_of(request: TurnRequest, files: list[bytes], *, structured: bool = True) -> Message:
    """The message to send. Its id is the request's key, so that the agent can tell a repeat.

    Without `structured` it does not hold the request as JSON of ours: see `takes_requests`.
    """
    conversation = _foreign_session(request.session)
    parts = [new_text_part(_words(request), media_type="text/plain")]
    if structured:
        parts.append(new_text_part(request.model_dump_json(), media_type=REQUEST_TYPE))
    for name, file, content in zip(file_names(request), request.inputs, files, strict=True):
        text = "" if structured else _as_words(file.media_type, content)
        if text:
            parts.append(Part(text=text, media_type=file.media_type, filename=name))
        else:
            parts.append(new_raw_part(content, media_type=file.media_type, filename=name))
    message = Message(
        role=Role.ROLE_USER,
        message_id=request.key,
        parts=parts,
        task_id=conversation.get("task"),
        context_id=conversation.get("context"),
    )
    message.metadata.update({IDEMPOTENCY: turn_key(request)})
    return message


def _as_words(media_type: str, content: bytes) -> str:
    """What somebody typed, for an agent that may take nothing but text; empty for other files."""
    try:
        return clean(content.decode()) if media_type in _WORDS else ""
    except UnicodeDecodeError:
        return ""


def takes_requests(card: AgentCard) -> bool:
    """Whether the agent says that it reads a turn as JSON; in others it would reach the model."""
    modes = {mode for skill in card.skills for mode in skill.input_modes}
    return REQUEST_TYPE in {*card.default_input_modes, *modes}


def turn_key(request: TurnRequest) -> str:
    """The idempotency key of a turn of somebody else's agent; 40 letters and digits."""
    return key_of(request.turn or request.key)


def request_of(message: Message, agent: str) -> tuple[TurnRequest, list[bytes]]:
    """The turn that a message asks of `agent`; raises ValueError with a sentence if it is none."""
    structured = [part.text for part in message.parts if part.media_type == REQUEST_TYPE]
    raw = [part for part in message.parts if part.HasField("raw")]
    if not structured:
        return _plain_request(message, agent, raw)
    try:
        request = TurnRequest.model_validate_json(structured[0])
    except ValidationError as error:
        raise ValueError("The turn request is not valid.") from error
    files = [part.raw for part in raw]
    if [hashlib.sha256(content).hexdigest() for content in files] != [
        file.sha256 for file in request.inputs
    ]:
        raise ValueError("The files do not match the checksums of the request.")
    return request.model_copy(update={"agent": agent, "key": message.message_id}), files


def outcome_parts(outcome: TurnOutcome) -> list[Part]:
    """The artifact of a finished turn: words for any client, JSON for ours."""
    words = outcome.result.full_text if outcome.result else _asked(outcome)
    return [
        new_text_part(words or " ", media_type="text/markdown"),
        new_text_part(outcome.model_dump_json(), media_type=OUTCOME_TYPE),
    ]


def failure_parts(error: AgentError) -> list[Part]:
    """What ran before it failed, for clients of ours; they may have to be encrypted."""
    if not error.ran and error.cost == Cost():
        return []
    said = _Failure(ran=error.ran, cost=error.cost).model_dump_json()
    return [new_text_part(said, media_type=FAILURE_TYPE)]


def progress_parts(progress: Progress) -> list[Part]:
    """What a working agent says: words for any client, JSON for ours."""
    return [
        new_text_part(progress.words() or "working", media_type="text/plain"),
        new_text_part(progress.model_dump_json(), media_type=PROGRESS_TYPE),
    ]


def progress_of(parts: list[Part]) -> Progress | None:
    """What an agent of ours says that it does; nothing for words of others."""
    told = [part.text for part in parts if part.media_type == PROGRESS_TYPE]
    try:
        return Progress.model_validate_json(told[-1]) if told else None
    except ValidationError:
        return None


def until_failure(task: Task) -> tuple[tuple[ToolRun, ...], Cost]:
    """What ran and what models cost before the task failed, where it says so."""
    parts = task.status.message.parts
    told = [part.text for part in parts if part.media_type == FAILURE_TYPE]
    try:
        found = _Failure.model_validate_json(told[-1]) if told else _Failure()
    except ValidationError:
        found = _Failure()
    return found.ran, found.cost


def outcome_of(task: Task, agent: str) -> TurnOutcome:
    """The outcome of a finished or asking task; raises BadAnswer when there is none in it."""
    parts = [part for artifact in task.artifacts for part in artifact.parts]
    structured = [part.text for part in parts if part.media_type == OUTCOME_TYPE]
    if structured:
        try:
            outcome = TurnOutcome.model_validate_json(structured[-1])
        except ValidationError as error:
            raise BadAnswer(f"The answer of {agent} is not in the agreed form.") from error
        if (outcome.result is None) == (not outcome.questions):
            raise BadAnswer(f"The answer of {agent} holds neither a result nor a question.")
        return outcome
    return _plain_outcome(task, agent)


def outcome_of_message(message: Message, agent: str) -> TurnOutcome:
    """The outcome of an agent that answers with a message instead of a task."""
    task = Task(artifacts=[Artifact(artifact_id="message", parts=message.parts)])
    task.status.state = TaskState.TASK_STATE_COMPLETED
    return outcome_of(task, agent)


def status_text(task: Task) -> str:
    """What the agent says about its state, cut for a sentence."""
    words = " ".join(
        part.text
        for part in task.status.message.parts
        if part.HasField("text") and part.media_type != FAILURE_TYPE
    )
    return shorten(clean(words), 300)


def _words(request: TurnRequest) -> str:
    if request.answers:
        verdicts = ("approved" if answer.confirmed else "rejected" for answer in request.answers)
        comments = (answer.comment for answer in request.answers)
        return clean("\n".join(f"{v}: {c}" for v, c in zip(verdicts, comments, strict=True)))
    return spoken(brief_of(request))


def _plain_request(
    message: Message, agent: str, raw: list[Part]
) -> tuple[TurnRequest, list[bytes]]:
    """A client that only sends words and files."""
    words = "\n".join(part.text for part in message.parts if part.HasField("text"))
    named = [(part.filename or "file", part.media_type, part.raw) for part in raw]
    if words.strip():
        named.append(("message.txt", "text/plain", clean(words).encode()))
    inputs = tuple(
        InputFile(
            name=name,
            media_type=media_type,
            size=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
        )
        for name, media_type, content in named
    )
    request = TurnRequest(
        key=message.message_id,
        agent=agent,
        task_id=message.context_id or "a2a",
        workflow_id="",
        step=agent,
        inputs=inputs,
    )
    return request, [content for _, _, content in named]


def _plain_outcome(task: Task, agent: str) -> TurnOutcome:
    """An agent that answers in words: the text is the result, or the question."""
    if task.status.state in INPUT_REQUIRED:
        session = json.dumps({"a2a": {"task": task.id, "context": task.context_id}})
        hint = status_text(task) or f"{agent} asks for an input without saying which."
        return TurnOutcome(questions=(Question(id=f"a2a:{task.id}", hint=hint),), session=session)
    parts = [part for artifact in task.artifacts for part in artifact.parts]
    text = "\n\n".join(part.text for part in parts if part.HasField("text"))
    text = clean(text or status_text(task))
    if not text.strip():
        raise BadAnswer(f"{agent} finished without an answer.")
    return TurnOutcome(result=AgentResult(summary=shorten(text), full_text=text, model=agent))


def _foreign_session(session: str) -> dict[str, str]:
    """The A2A task to go on with, when the session is one of `_plain_outcome`."""
    if not session.startswith('{"a2a"'):
        return {}
    conversation: dict[str, str] = json.loads(session)["a2a"]
    return conversation


def _asked(outcome: TurnOutcome) -> str:
    return "\n".join(question.hint or question.tool for question in outcome.questions)
