"""The A2A card of the approval server: skill `approve`, and the keys decisions are signed by."""

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
from google.protobuf.json_format import ParseDict
from google.protobuf.struct_pb2 import Struct

from agents.http.signature import KeySetJson
from agents.programs.message import JSON
from agents.programs.task import JOSE

VERSION = "1.0.0"
KEYS_EXTENSION = "urn:signoff:decision-keys:1"
_ABOUT = (
    "Asks people for an approval in Slack and waits, for seconds or for weeks. Send text, or JSON "
    "with title, summary, findings, full_text, context, approvers, risk and timeout."
)


def approval_card(url: str, keys: KeySetJson, *, old_protocol: bool = False) -> AgentCard:
    """The card served at `url` (no slash at its end)."""
    card = AgentCard(
        name="Signoff approvals",
        description="Durable human approval, decided in Slack, with a signed decision.",
        version=VERSION,
        supported_interfaces=list(_interfaces(url, old_protocol=old_protocol)),
        capabilities=AgentCapabilities(
            streaming=True, push_notifications=True, extensions=[_keys(keys)]
        ),
        default_input_modes=["text/plain", "text/markdown", JSON],
        default_output_modes=[JSON, JOSE, "text/plain"],
        skills=[_approve()],
    )
    bearer = SecurityScheme(http_auth_security_scheme=HTTPAuthSecurityScheme(scheme="bearer"))
    card.security_schemes["bearer"].CopyFrom(bearer)
    card.security_requirements.append(SecurityRequirement(schemes={"bearer": StringList()}))
    return card


def _interfaces(url: str, *, old_protocol: bool) -> list[AgentInterface]:
    bindings = {"JSONRPC": f"{url}/", "HTTP+JSON": url}
    versions = ("1.0", "0.3") if old_protocol else ("1.0",)
    return [
        AgentInterface(url=where, protocol_binding=binding, protocol_version=version)
        for version in versions
        for binding, where in bindings.items()
    ]


def _approve() -> AgentSkill:
    return AgentSkill(
        id="approve",
        name="Ask people for an approval",
        description=_ABOUT,
        tags=["approval", "human-in-the-loop", "slack"],
        examples=["Deploy version 2.4.1 to production: all checks passed."],
    )


def _keys(keys: KeySetJson) -> AgentExtension:
    return AgentExtension(
        uri=KEYS_EXTENSION,
        description="The keys (JWKS) that the decisions' signatures are checked with.",
        params=ParseDict({"jwks": keys}, Struct()),
    )
