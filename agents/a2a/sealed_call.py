"""The caller's side of an encrypted A2A call: what is sent, and how the answer is opened."""

from a2a.types.a2a_pb2 import AgentCard, Message, Part

from agents.a2a.codec import progress_of
from agents.a2a.encryption import (
    ANSWER,
    PROGRESS,
    REQUEST,
    NotSealed,
    Seal,
    SealBroken,
    takes_sealed,
)
from agents.a2a.endpoints import Endpoint
from agents.errors import AgentRefused, BadAnswer
from workflows.messages.turns import Progress


class SealedCall:
    """One call; without a key everything goes and comes in the clear."""

    def __init__(self, endpoint: Endpoint, card: AgentCard) -> None:
        """Raises AgentRefused when one side encrypts and the other does not."""
        self._agent = endpoint.name
        key = endpoint.seal.get_secret_value()
        self.seal = _seal(endpoint.name, key) if key else None
        if self.seal is not None and not takes_sealed(card):
            raise AgentRefused(
                f"{endpoint.name} does not say that it takes encrypted messages, and a key for it "
                "is configured. Nothing was sent. Give the agent the key, or take it away here."
            )
        if self.seal is None and takes_sealed(card):
            raise AgentRefused(
                f"{endpoint.name} takes encrypted messages only. Set its key in AGENT_KEYS."
            )
        self._message_id = ""

    def closed(self, message: Message) -> Message:
        """The message to send."""
        self._message_id = message.message_id
        if self.seal is None:
            return message
        part = self.seal.close(message.parts, REQUEST, message.message_id)
        sealed = Message()
        sealed.CopyFrom(message)
        del sealed.parts[:]
        sealed.parts.append(part)
        return sealed

    def heard(self, parts: list[Part]) -> Progress | None:
        """What the agent says that it does; nothing where that is not said as it should be."""
        try:
            opened = self.seal.open(parts, PROGRESS, self._message_id) if self.seal else parts
        except (NotSealed, SealBroken):
            return None
        return progress_of(opened)

    def opened(self, parts: list[Part]) -> list[Part]:
        """The parts of an answer; raises BadAnswer when they are not sealed to this call."""
        if self.seal is None:
            return parts
        try:
            return self.seal.open(parts, ANSWER, self._message_id)
        except NotSealed:
            raise BadAnswer(
                f"{self._agent} answered unencrypted though a key is agreed. Check the agent.",
                retryable=False,
            ) from None
        except SealBroken:
            raise BadAnswer(
                f"The answer of {self._agent} cannot be decrypted: it was changed on its way, or "
                "the keys differ. Check the key on both sides.",
                retryable=False,
            ) from None


def _seal(agent: str, key: str) -> Seal:
    try:
        return Seal.of(key)
    except ValueError as error:
        raise AgentRefused(f"The key of {agent} is no use. {error}") from None
