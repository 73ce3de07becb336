"""Calls an agent over A2A: one turn in, its outcome out."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from time import monotonic
from urllib.parse import quote, urlsplit

import httpx
from a2a.client import Client, ClientCallContext, ClientConfig, ClientFactory
from a2a.client.card_resolver import A2ACardResolver
from a2a.types.a2a_pb2 import AgentCard, SendMessageRequest, StreamResponse, Task, TaskState
from a2a.utils.constants import PROTOCOL_VERSION_1_0, VERSION_HEADER, TransportProtocol
from a2a.utils.errors import A2AError
from google.protobuf.json_format import MessageToDict

from agents.a2a_card import declared_version
from agents.a2a_errors import MALFORMED, TooLargeError, as_agent_error
from agents.endpoints import Endpoint
from agents.errors import (
    AgentError,
    AgentFailed,
    AgentRefused,
    AgentUnreachable,
    BadAnswer,
    UnusableInput,
)
from agents.wire import (
    INPUT_REQUIRED,
    message_of,
    outcome_of,
    outcome_of_message,
    status_text,
)
from workflows.turns import TurnOutcome, TurnRequest

MOST_BYTES = 20_000_000
MOST_EVENTS = 10_000
CONNECT_SECONDS = 5.0
CARD_SECONDS = 300.0
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_DONE = TaskState.TASK_STATE_COMPLETED
_FAILED = TaskState.TASK_STATE_FAILED


@dataclass
class _Peer:
    """The connection to one endpoint, and its card."""

    http: httpx.AsyncClient
    card: AgentCard | None = None
    read_at: float = field(default=-CARD_SECONDS)


class A2AClient:
    """Calls agents over A2A 1.0. One instance per process; close it at the end.

    An answer larger than `most_bytes` is cut off while it is being read.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._peers: dict[str, _Peer] = {}

    async def run(
        self, request: TurnRequest, files: Sequence[bytes], endpoint: Endpoint
    ) -> TurnOutcome:
        """Run one turn within `endpoint.seconds`; raises an AgentError."""
        try:
            async with asyncio.timeout(endpoint.seconds):
                return await self._call(request, list(files), endpoint)
        except (httpx.HTTPError, TimeoutError, A2AError, AgentError, *MALFORMED) as error:
            raise as_agent_error(endpoint.name, error) from error

    async def status(self, endpoint: Endpoint) -> int:
        """The status of `/health` beside the card; raises what httpx raises."""
        answer = await self._peer(endpoint).http.get(endpoint.url.rstrip("/") + "/health")
        return answer.status_code

    async def card(self, endpoint: Endpoint, *, fresh: bool = False) -> AgentCard:
        """The agent's card, read again after five minutes; raises what httpx and a2a-sdk raise."""
        peer = self._peer(endpoint)
        if fresh or peer.card is None or monotonic() - peer.read_at > CARD_SECONDS:
            resolver = A2ACardResolver(peer.http, endpoint.url.rstrip("/"))
            card = await resolver.get_agent_card()
            _refuse_other_origin(endpoint, card)
            peer.card, peer.read_at = card, monotonic()
        return peer.card

    async def aclose(self) -> None:
        """Close the connections."""
        peers, self._peers = list(self._peers.values()), {}
        for peer in peers:
            await peer.http.aclose()

    async def _call(
        self, request: TurnRequest, files: list[bytes], endpoint: Endpoint
    ) -> TurnOutcome:
        card = await self.card(endpoint)
        client = self._client(endpoint, card)
        context = ClientCallContext(service_parameters=_headers(request))
        message = SendMessageRequest(message=message_of(request, files))
        outcome = await _read(client.send_message(message, context=context), endpoint.name)
        if outcome.version is not None:
            return outcome
        return outcome.model_copy(update={"version": declared_version(card)})

    def _client(self, endpoint: Endpoint, card: AgentCard) -> Client:
        config = ClientConfig(
            streaming=True,
            httpx_client=self._peer(endpoint).http,
            supported_protocol_bindings=[TransportProtocol.JSONRPC],
        )
        return ClientFactory(config).create(card)

    def _peer(self, endpoint: Endpoint) -> _Peer:
        key = f"{endpoint.url} {endpoint.token.get_secret_value()}"
        if key not in self._peers:
            self._peers[key] = _Peer(self._http(endpoint))
        return self._peers[key]

    def _http(self, endpoint: Endpoint) -> httpx.AsyncClient:
        headers = {VERSION_HEADER: PROTOCOL_VERSION_1_0, "Accept-Encoding": "identity"}
        token = endpoint.token.get_secret_value()
        if token:
            headers["Authorization"] = f"Bearer {token}"
        return httpx.AsyncClient(
            headers=headers,
            timeout=httpx.Timeout(None, connect=CONNECT_SECONDS),
            trust_env=urlsplit(endpoint.url).hostname not in _LOOPBACK,
            event_hooks={"response": [self._limit]},
        )

    async def _limit(self, response: httpx.Response) -> None:
        """Bound what is read, and refuse compressed bodies: they unpack to any size."""
        if response.headers.get("content-encoding", "identity") != "identity":
            raise TooLargeError("the answer is compressed")
        assert isinstance(response.stream, httpx.AsyncByteStream)
        response.stream = _Limited(response.stream, self._most_bytes)


class _Limited(httpx.AsyncByteStream):
    """A response body that raises when it grows beyond the limit."""

    def __init__(self, stream: httpx.AsyncByteStream, most_bytes: int) -> None:
        self._stream = stream
        self._most_bytes = most_bytes

    async def __aiter__(self) -> AsyncIterator[bytes]:
        seen = 0
        async for chunk in self._stream:
            seen += len(chunk)
            if seen > self._most_bytes:
                raise TooLargeError("the answer is too large")
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


async def _read(events: AsyncIterator[StreamResponse], agent: str) -> TurnOutcome:
    """Follow the events of one task to where it ends or asks."""
    task = Task()
    count = 0
    async for event in events:
        count += 1
        if count > MOST_EVENTS:
            raise BadAnswer(f"{agent} sends progress without end.", retryable=False)
        if event.HasField("message"):
            return outcome_of_message(event.message, agent)
        _apply(task, event)
        if task.status.state == _DONE or task.status.state in INPUT_REQUIRED:
            return outcome_of(task, agent)
        _raise_ended(task, agent)
    if task.status.state == TaskState.TASK_STATE_UNSPECIFIED:
        raise BadAnswer(f"The answer of {agent} holds no task and no message.")
    raise AgentUnreachable(f"The connection to {agent} broke off before its answer.")


def _apply(task: Task, event: StreamResponse) -> None:
    if event.HasField("task"):
        task.CopyFrom(event.task)
    elif event.HasField("status_update"):
        task.status.CopyFrom(event.status_update.status)
        task.id = event.status_update.task_id
        task.context_id = event.status_update.context_id
    elif event.HasField("artifact_update"):
        update = event.artifact_update
        there = [a for a in task.artifacts if a.artifact_id == update.artifact.artifact_id]
        if update.append and there:
            there[0].parts.extend(update.artifact.parts)
        else:
            task.artifacts.append(update.artifact)


def _raise_ended(task: Task, agent: str) -> None:
    state = task.status.state
    said = status_text(task)
    if state == _FAILED:
        metadata = MessageToDict(task.status.message.metadata)
        if metadata.get("kind") == UnusableInput.__name__:
            raise UnusableInput(said)
        sentence = said or f"{agent} says that it failed, and not why."
        raise AgentFailed(sentence, retryable=bool(metadata.get("retryable", True)))
    if state == TaskState.TASK_STATE_REJECTED:
        raise AgentRefused(f"{agent} rejected the task. {said}".strip())
    if state == TaskState.TASK_STATE_CANCELED:
        raise AgentRefused(f"{agent} says that the task was canceled. {said}".strip())


def _headers(request: TurnRequest) -> dict[str, str]:
    """Header values are ASCII; anything else is percent-encoded."""
    wanted = {"X-Request-ID": request.key, "X-Workflow-ID": request.workflow_id}
    return {name: quote(value, safe=":/@+=,. ") for name, value in wanted.items()}


def _refuse_other_origin(endpoint: Endpoint, card: AgentCard) -> None:
    """A card must not send our token elsewhere."""
    ours = _origin(endpoint.url)
    for interface in card.supported_interfaces:
        if _origin(interface.url) != ours:
            raise AgentRefused(
                f"The card of {endpoint.name} names another server than {ours[1]}. Check the agent."
            )


def _origin(url: str) -> tuple[str, str, int]:
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return parts.scheme, parts.hostname or "", port
