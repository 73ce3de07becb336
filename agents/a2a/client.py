"""Calls an agent over A2A: one turn in, its outcome out."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import monotonic
from urllib.parse import quote, urlsplit

import httpx
import structlog
from a2a.client import Client, ClientCallContext, ClientConfig, ClientFactory
from a2a.client.card_resolver import A2ACardResolver
from a2a.types.a2a_pb2 import AgentCard, CancelTaskRequest, SendMessageRequest, StreamResponse
from a2a.utils.constants import TransportProtocol
from a2a.utils.errors import A2AError, InvalidParamsError
from pydantic import SecretStr

from agents.a2a.card import declared_version
from agents.a2a.card_signature import CardNotTrusted, verify_card
from agents.a2a.codec import message_of, takes_requests, turn_key
from agents.a2a.encryption import SEALED_EXTENSION
from agents.a2a.endpoints import Endpoint
from agents.a2a.errors import MALFORMED, as_agent_error
from agents.a2a.http import http_client
from agents.a2a.reading import RunningTask, read_outcome
from agents.a2a.sealed_call import SealedCall
from agents.errors import AgentError, AgentRefused, BadAnswer, NotTrusted, WrongVersion
from agents.http.loopback import on_loopback
from workflows.messages.results import AgentVersion
from workflows.messages.turns import TurnOutcome, TurnRequest

MOST_BYTES = 20_000_000
CARD_SECONDS = 300.0
CANCEL_SECONDS = 5.0
_COMPARED = ("version", "api_version", "prompt_version")
_log = structlog.get_logger(__name__)


@dataclass
class _Peer:
    """The connection to one endpoint, and its card."""

    http: httpx.AsyncClient
    card: AgentCard | None = None
    read_at: float = field(default=-CARD_SECONDS)


class A2AClient:
    """Calls agents over A2A 1.0. One instance per process; close it at the end.

    An answer larger than `most_bytes` is cut off while it is being read. A call that is cancelled
    while `unwanted` says that nobody wants its answer any more is cancelled at the agent, too.
    """

    def __init__(
        self, most_bytes: int = MOST_BYTES, unwanted: Callable[[], bool] = lambda: False
    ) -> None:
        self._most_bytes = most_bytes
        self._unwanted = unwanted
        self._peers: dict[Endpoint, _Peer] = {}

    async def run(
        self, request: TurnRequest, files: Sequence[bytes], endpoint: Endpoint
    ) -> TurnOutcome:
        """Run one turn within `endpoint.seconds`; raises an AgentError.

        What the request pins is compared with the card before anything is sent.
        """
        try:
            async with asyncio.timeout(endpoint.seconds):
                return await self._call(request, list(files), endpoint)
        except (httpx.HTTPError, TimeoutError, A2AError, AgentError, *MALFORMED) as error:
            raise as_agent_error(endpoint.name, error) from error

    async def version(self, endpoint: Endpoint) -> AgentVersion:
        """What the agent says it is; raises an AgentError."""
        try:
            async with asyncio.timeout(endpoint.seconds):
                return declared_version(await self.card(endpoint))
        except (httpx.HTTPError, TimeoutError, A2AError, AgentError, *MALFORMED) as error:
            raise as_agent_error(endpoint.name, error) from error

    async def status(self, endpoint: Endpoint) -> int:
        """The status of `/health` beside the card; raises what httpx raises."""
        answer = await self._peer(endpoint).http.get(endpoint.url.rstrip("/") + "/health")
        return answer.status_code

    async def card(self, endpoint: Endpoint, *, fresh: bool = False) -> AgentCard:
        """The agent's card, read again after five minutes; raises what httpx and a2a-sdk raise.

        Raises AgentRefused for a card that names another server, and NotTrusted for one that is
        not signed as the settings ask for.
        """
        peer = self._peer(endpoint)
        if fresh or peer.card is None or monotonic() - peer.read_at > CARD_SECONDS:
            resolver = A2ACardResolver(peer.http, endpoint.url.rstrip("/"))
            card = await resolver.get_agent_card()
            _refuse_unsigned(endpoint, card)
            _call_this_machine_alike(endpoint, card)
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
        card = await self._pinned_card(request, endpoint)
        sealed = SealedCall(endpoint, card)
        client = self._client(endpoint, card)
        context = ClientCallContext(service_parameters=_headers(request, sealed))
        words = message_of(request, files, structured=takes_requests(card))
        message = SendMessageRequest(message=sealed.closed(words))
        running = RunningTask(sealed.heard)
        events = client.send_message(message, context=context)
        try:
            async with _closing(events):
                outcome = await read_outcome(running.of(events), endpoint.name, sealed.opened)
        except asyncio.CancelledError:
            if running.id and self._unwanted():
                await _cancel(client, running.id)
            raise
        except InvalidParamsError as error:
            if sealed.seal is None:
                raise
            raise AgentRefused(
                f"{endpoint.name} refused the encrypted message. Check that both sides have the "
                "same key."
            ) from error
        return await self._with_version(outcome, endpoint)

    async def _pinned_card(self, request: TurnRequest, endpoint: Endpoint) -> AgentCard:
        """The card of an agent that is what is pinned; before it is refused it is asked again."""
        card = await self.card(endpoint)
        if _other_version(request, endpoint.name, declared_version(card)):
            card = await self.card(endpoint, fresh=True)
        if problem := _other_version(request, endpoint.name, declared_version(card)):
            raise WrongVersion(problem)
        return card

    async def _with_version(self, outcome: TurnOutcome, endpoint: Endpoint) -> TurnOutcome:
        """What ran; an answer that contradicts the card, also one read anew, is refused."""
        declared = declared_version(await self.card(endpoint))
        if outcome.version is None:
            return outcome.model_copy(update={"version": declared})
        if _differ(outcome.version, declared):
            declared = declared_version(await self.card(endpoint, fresh=True))
        if differing := _differ(outcome.version, declared):
            said, found = getattr(declared, differing), getattr(outcome.version, differing)
            raise BadAnswer(
                f"{endpoint.name} says in its card that its {differing.replace('_', ' ')} is "
                f"{said}, and in its answer that it is {found}. Check the agent.",
                retryable=False,
            ).after(outcome.ran, outcome.cost)
        return outcome

    def _client(self, endpoint: Endpoint, card: AgentCard) -> Client:
        config = ClientConfig(
            streaming=True,
            httpx_client=self._peer(endpoint).http,
            supported_protocol_bindings=[TransportProtocol.JSONRPC],
        )
        return ClientFactory(config).create(card)

    def _peer(self, endpoint: Endpoint) -> _Peer:
        """One connection per address and credentials; deadline and key do not matter to it."""
        key = endpoint.model_copy(update={"seconds": 1.0, "seal": SecretStr("")})
        if key not in self._peers:
            self._peers[key] = _Peer(http_client(endpoint, self._most_bytes))
        return self._peers[key]


async def _cancel(client: Client, task_id: str) -> None:
    """Tell the agent; whether it listens changes nothing here."""
    try:
        async with asyncio.timeout(CANCEL_SECONDS):
            await client.cancel_task(CancelTaskRequest(id=task_id))
    except (httpx.HTTPError, TimeoutError, A2AError, *MALFORMED) as error:
        _log.warning("a2a_cancel_failed", error=type(error).__name__)


@asynccontextmanager
async def _closing(events: AsyncIterator[StreamResponse]) -> AsyncIterator[None]:
    """Leave the stream when we have our answer, and not when memory is swept."""
    try:
        yield
    finally:
        if isinstance(events, AsyncGenerator):
            await events.aclose()


def _headers(request: TurnRequest, sealed: SealedCall) -> dict[str, str]:
    """Header values are ASCII; anything else is percent-encoded."""
    wanted = {
        "X-Request-ID": request.key,
        "X-Workflow-ID": request.workflow_id,
        "Idempotency-Key": turn_key(request),
    }
    found = {name: quote(value, safe=":/@+=,. ") for name, value in wanted.items()}
    return found | ({"A2A-Extensions": SEALED_EXTENSION} if sealed.seal else {})


def _other_version(request: TurnRequest, agent: str, declared: AgentVersion) -> str:
    """The card names the agent's own model; a request may bring another, judged by the answer."""
    return request.pin.problem(agent, declared, model=not request.model)


def _differ(outcome: AgentVersion, declared: AgentVersion) -> str:
    """The first field in which the two contradict each other."""
    said = ((name, getattr(outcome, name), getattr(declared, name)) for name in _COMPARED)
    return next((name for name, one, other in said if one and other and one != other), "")


def _refuse_unsigned(endpoint: Endpoint, card: AgentCard) -> None:
    if not endpoint.card_keys:
        return
    try:
        verify_card(card, endpoint.card_keys)
    except CardNotTrusted as error:
        raise NotTrusted(
            f"The card of {endpoint.name} {error}. Check the agent, or card_key in its settings."
        ) from None


def _call_this_machine_alike(endpoint: Endpoint, card: AgentCard) -> None:
    """A card's `localhost` becomes the `127.0.0.1` of the settings, or the other way round."""
    ours = urlsplit(endpoint.url)
    for interface in card.supported_interfaces:
        theirs = urlsplit(interface.url)
        same = _origin(interface.url)[::2] == _origin(endpoint.url)[::2]
        if same and on_loopback(interface.url) and on_loopback(endpoint.url):
            interface.url = theirs._replace(netloc=ours.netloc).geturl()


def _refuse_other_origin(endpoint: Endpoint, card: AgentCard) -> None:
    """A card must not send our token elsewhere."""
    ours = _origin(endpoint.url)
    for interface in card.supported_interfaces:
        if _origin(interface.url) != ours:
            raise AgentRefused(
                f"The card of {endpoint.name} names another server, {interface.url}, and not that "
                f"of {endpoint.url}. Correct the url in the settings, or the agent's card."
            )


def _origin(url: str) -> tuple[str, str, int]:
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return parts.scheme, parts.hostname or "", port
