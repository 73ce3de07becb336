"""The A2A card of a local agent."""

from a2a.types.a2a_pb2 import (
    AgentCapabilities,
    AgentCard,
    AgentExtension,
    AgentInterface,
    AgentSkill,
    HTTPAuthSecurityScheme,
    SecurityRequirement,
    SecurityScheme,
    StringList,
)
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.struct_pb2 import Struct

from agents.a2a.codec import REQUEST_TYPE
from agents.a2a.encryption import sealed_extension
from agents.catalogue import LocalAgent
from workflows.messages.results import AgentVersion

VERSION_EXTENSION = "urn:signoff:agent-version:1"
_INPUTS = (
    REQUEST_TYPE,
    "text/plain",
    "text/markdown",
    "text/csv",
    "text/tab-separated-values",
    "application/json",
    "application/x-ndjson",
    "application/vnd.apache.parquet",
)


def card_of(
    about: LocalAgent, url: str, model: str, *, token: bool, sealed: bool = False
) -> AgentCard:
    """The card served for `about` at `url`; calls need a `token`, and have to be `sealed`."""
    extensions = [_version(about, model), *([sealed_extension()] if sealed else [])]
    card = AgentCard(
        name=about.name,
        description=about.description,
        version=about.version,
        supported_interfaces=[
            AgentInterface(url=url, protocol_binding="JSONRPC", protocol_version="1.0")
        ],
        capabilities=AgentCapabilities(streaming=True, extensions=extensions),
        default_input_modes=list(_INPUTS),
        default_output_modes=["text/markdown"],
        skills=[
            AgentSkill(
                id=about.name,
                name=about.title,
                description=about.description,
                tags=list(about.tags),
            )
        ],
    )
    if token:
        bearer = SecurityScheme(http_auth_security_scheme=HTTPAuthSecurityScheme(scheme="bearer"))
        card.security_schemes["bearer"].CopyFrom(bearer)
        card.security_requirements.append(SecurityRequirement(schemes={"bearer": StringList()}))
    return card


def declared_version(card: AgentCard) -> AgentVersion:
    """What a card says about its agent, from our extension where it has one."""
    for extension in card.capabilities.extensions:
        if extension.uri == VERSION_EXTENSION:
            return AgentVersion.model_validate(MessageToDict(extension.params))
    return AgentVersion(name=card.name, version=card.version)


def _version(about: LocalAgent, model: str) -> AgentExtension:
    declared = about.version_running(model).model_dump(mode="json")
    return AgentExtension(
        uri=VERSION_EXTENSION,
        description="name, version, api_version, model_version, prompt_version, capabilities",
        params=ParseDict(declared | {"changelog": list(about.changelog)}, Struct()),
    )
