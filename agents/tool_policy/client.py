"""People who decide on an agent's tool calls, asked through a running Signoff (A2A).

people = SignoffPeople("https://signoff.example:8333", token)
answers = await people.decide("a key of this request", "what it is about", questions)
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx
import structlog
from a2a.client import Client, ClientConfig, ClientFactory
from a2a.types.a2a_pb2 import (
    AgentCapabilities,
    AgentCard,
    AgentInterface,
    Artifact,
    Message,
    Part,
    Role,
    SendMessageRequest,
    StreamResponse,
    Task,
    TaskState,
)
from a2a.utils.constants import PROTOCOL_VERSION_1_0, VERSION_HEADER, TransportProtocol
from a2a.utils.errors import A2AError, InternalError
from pydantic import ValidationError

from agents.a2a.auth import KEYS_PATH
from agents.http.signature import BadSignature, KeySetJson, verify
from agents.programs.message import JSON
from agents.programs.task import JOSE, PENDING
from workflows.messages.content_hash import canonical, digest
from workflows.messages.decisions import Outcome, Settlement
from workflows.messages.results import AgentResult
from workflows.messages.turns import Question, ToolDecision
from workflows.task.tool_calls import answers, as_result

CONNECT_SECONDS = 5.0
FIRST_PATIENCE = 30.0
"""Seconds until Signoff has to have taken the question; afterwards it may be away for any time."""
PAUSES = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_log = structlog.get_logger(__name__)


class NobodyAsked(Exception):  # noqa: N818 - the name says what happened
    """No decision can be had; the text is one sentence that says why."""


class AsksPeople(Protocol):
    """Whoever gets decisions of people."""

    async def decide(
        self, key: str, title: str, questions: Sequence[Question]
    ) -> tuple[ToolDecision, ...]:
        """One answer for each question. May take weeks; cancel freely.

        The same key with the same questions is one approval. Raises NobodyAsked.
        """
        ...


class SignoffPeople:
    """Asks at the approval server of `signoff approvals`, as the program `token` belongs to.

    `keys` is the key set that decisions must be signed with; without it, the one the server shows.
    """

    def __init__(self, url: str, token: str, keys: KeySetJson | None = None) -> None:
        self._url = url.rstrip("/")
        self._token = token
        self._keys = keys

    async def decide(
        self, key: str, title: str, questions: Sequence[Question]
    ) -> tuple[ToolDecision, ...]:
        """See `AsksPeople`. An edit is asked again, as a version that somebody else decides."""
        asked, task_id, version = as_result(questions), "", 1
        async with self._connected() as (http, client):
            while True:
                message = _message(f"{_short(key)}.v{version}", task_id, title, asked)
                task = await self._ended(client, message)
                settlement = await self._settlement(http, task, asked)
                sent_on = settlement.outcome is Outcome.CHANGES_REQUESTED
                if not sent_on or settlement.result is None:
                    return answers(questions, asked, settlement)
                asked, task_id, version = settlement.result, task.id, version + 1

    async def _ended(self, client: Client, message: Message) -> Task:
        """Follow the task until nobody is asked any more; repeating a message is harmless."""
        began = asyncio.get_running_loop().time()
        taken, tries = False, 0
        while True:
            try:
                async for task in _states(client.send_message(SendMessageRequest(message=message))):
                    taken, tries = True, 0
                    if task.status.state != PENDING:
                        return task
                reason = "The connection broke off."
            except (httpx.HTTPError, A2AError) as error:
                reason = _refusal(error)
            late = asyncio.get_running_loop().time() - began > FIRST_PATIENCE
            if late and not taken:
                raise NobodyAsked(f"Signoff cannot be reached at {self._url}, so nobody was asked.")
            _log.info("signoff_away", url=self._url, reason=reason, taken=taken)
            await asyncio.sleep(PAUSES[min(tries, len(PAUSES) - 1)])
            tries += 1

    async def _settlement(
        self, http: httpx.AsyncClient, task: Task, asked: AgentResult
    ) -> Settlement:
        """What was decided, signed and about exactly what was asked; raises NobodyAsked."""
        if not task.artifacts:
            parts = task.status.message.parts
            raise NobodyAsked(parts[0].text if parts else "Signoff gave up on the question.")
        try:
            said = verify(_token(task.artifacts[-1]), self._keys or await self._shown_keys(http))
        except (BadSignature, httpx.HTTPError, ValueError) as error:
            raise NobodyAsked(f"The decision cannot be trusted: {error}") from error
        try:
            settlement = _read(said)
        except (ValidationError, LookupError, TypeError) as error:
            raise NobodyAsked("The decision cannot be read.") from error
        if settlement.result_digest != digest(settlement.result or asked):
            raise NobodyAsked("The decision is about something else than what was asked.")
        return settlement

    async def _shown_keys(self, http: httpx.AsyncClient) -> KeySetJson:
        answer = await http.get(self._url + KEYS_PATH)
        answer.raise_for_status()
        keys: KeySetJson = answer.json()
        return keys

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[tuple[httpx.AsyncClient, Client]]:
        """No card is read: nothing a server says sends our token elsewhere."""
        url = self._url + "/"
        interface = AgentInterface(
            url=url, protocol_binding="JSONRPC", protocol_version=PROTOCOL_VERSION_1_0
        )
        card = AgentCard(
            name="signoff",
            supported_interfaces=[interface],
            capabilities=AgentCapabilities(streaming=True),
        )
        async with httpx.AsyncClient(
            headers={
                VERSION_HEADER: PROTOCOL_VERSION_1_0,
                "Authorization": f"Bearer {self._token}",
            },
            timeout=httpx.Timeout(None, connect=CONNECT_SECONDS),
            trust_env=urlsplit(url).hostname not in _LOOPBACK,
        ) as http:
            config = ClientConfig(
                streaming=True,
                httpx_client=http,
                supported_protocol_bindings=[TransportProtocol.JSONRPC],
            )
            yield http, ClientFactory(config).create(card)


def _message(message_id: str, task_id: str, title: str, asked: AgentResult) -> Message:
    draft = {"title": title[:150], "calls": [call.model_dump(mode="json") for call in asked.calls]}
    part = Part(text=canonical(draft).decode(), media_type=JSON)
    return Message(role=Role.ROLE_USER, message_id=message_id, task_id=task_id, parts=[part])


async def _states(events: AsyncIterator[StreamResponse]) -> AsyncIterator[Task]:
    """The task as it grows, one copy after each event."""
    task = Task()
    async for event in events:
        if event.HasField("task"):
            task.CopyFrom(event.task)
        elif event.HasField("artifact_update"):
            task.artifacts.append(event.artifact_update.artifact)
        elif event.HasField("status_update"):
            task.status.CopyFrom(event.status_update.status)
        if task.status.state != TaskState.TASK_STATE_UNSPECIFIED:
            yield task


def _refusal(error: httpx.HTTPError | A2AError) -> str:
    """Why to try again; raises NobodyAsked when trying again changes nothing."""
    cause = error.__cause__
    status = getattr(getattr(cause, "response", None), "status_code", 0)
    if status in {401, 403}:
        raise NobodyAsked("Signoff does not know this program's token, so nobody was asked.")
    if status == 413:
        raise NobodyAsked("The calls are too large to be shown to people.")
    if isinstance(error, A2AError) and not isinstance(error, InternalError) and not status:
        if isinstance(cause, httpx.HTTPError):
            return type(cause).__name__
        raise NobodyAsked(f"Signoff refuses the question: {error}")
    return type(cause or error).__name__


def _token(artifact: Artifact) -> str:
    return next((part.text for part in artifact.parts if part.media_type == JOSE), "")


def _read(said: dict[str, Any]) -> Settlement:
    """The statement as a settlement; see `agents/programs/statement.py` for its keys."""
    edited = said.get("edited_result")
    comments = said.get("feedback") or "\n".join(said.get("comments", ()))
    if said["outcome"] == Outcome.WITHDRAWN:
        comments = comments or "The request was withdrawn."
    return Settlement.model_validate(
        {
            "approval_id": said["approval_id"],
            "outcome": said["outcome"],
            "revision": said["revision"],
            "digest": said["digest"],
            "result_digest": said["result_digest"],
            "at": said["settled_at"],
            "reason": comments,
            "result": {"summary": "", **edited} if edited else None,
            "editor": said.get("editor", ""),
        }
    )


def _short(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()
