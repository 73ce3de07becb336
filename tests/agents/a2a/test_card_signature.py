"""Signed cards: an agent is who it says, or it is not called."""

import base64
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from a2a.types.a2a_pb2 import AgentCard
from a2a.utils.signing import create_signature_verifier
from aiohttp import web
from google.protobuf.json_format import MessageToDict, ParseDict
from joserfc.jwk import ECKey, RSAKey
from jwt import PyJWK

from agents.a2a.card_signature import CardNotTrusted, KeysUnusable, read_keys, signed, verify_card
from agents.a2a.client import A2AClient
from agents.a2a.endpoints import Endpoint
from agents.errors import NotTrusted
from agents.http.signature import SigningKey
from agents.runtime.health import HealthCheck
from agents.runtime.server import ServerParts
from tests.agents.requests import SALES, request
from tests.agents.runners import CountingRunner
from tests.agents.servers import TOKEN, card_json, peer, signoff_agents
from tests.conftest import free_port
from workflows.messages.health import Health

KEY = SigningKey.fresh()
KEYS = json.dumps(KEY.public())
Json = dict[str, Any]


def a_card() -> AgentCard:
    """A small card, signed."""
    return signed(ParseDict(card_json("http://127.0.0.1:1/"), AgentCard()), KEY)


async def test_our_cards_are_signed_and_the_key_is_published() -> None:
    """Whoever keeps the published key set calls our agents, and nobody else under their name."""
    runner, client = CountingRunner(), A2AClient()
    parts = ServerParts(token=TOKEN, card_key=KEY)
    async with signoff_agents(runner, free_port(), parts=parts) as endpoint:
        async with httpx.AsyncClient(trust_env=False) as http:
            base = endpoint.url.removesuffix("analysis/")
            published = (await http.get(base + ".well-known/jwks.json")).json()
        assert all("d" not in key for key in published["keys"])
        trusting = endpoint.model_copy(update={"card_keys": json.dumps(published)})
        assert (await client.run(request(), [SALES], trusting)).result is not None
        others = endpoint.model_copy(update={"card_keys": json.dumps(SigningKey.fresh().public())})
        with pytest.raises(NotTrusted, match="not signed with the key of the settings"):
            await client.run(request(), [SALES], others)
        health = await HealthCheck(client).agent(others)
    await client.aclose()
    assert len(runner.requests) == 1
    assert health.health is Health.DEGRADED


async def test_an_unsigned_card_is_refused_where_a_key_is_configured() -> None:
    """Before anything of the request is sent."""
    client, runner = A2AClient(), CountingRunner()
    async with signoff_agents(runner, free_port()) as endpoint:
        strict = endpoint.model_copy(update={"card_keys": KEYS})
        with pytest.raises(NotTrusted, match=r"is not signed\. Check the agent") as caught:
            await client.run(request(), [SALES], strict)
        assert not caught.value.retryable
    await client.aclose()
    assert runner.requests == []


def test_the_sdks_own_verifier_takes_our_signature() -> None:
    """So other clients can check it as well."""
    check = create_signature_verifier(lambda kid, jku: PyJWK(KEY.public()["keys"][0]), ["ES256"])
    check(a_card())
    header = json.loads(base64.urlsafe_b64decode(a_card().signatures[0].protected + "=="))
    assert header == {"alg": "ES256", "kid": KEY.id, "typ": "JOSE"}


CHANGES: dict[str, Json] = {
    "another address": {
        "supportedInterfaces": [
            {"url": "http://127.0.0.1:2/", "protocolBinding": "JSONRPC", "protocolVersion": "1.0"}
        ]
    },
    "another version": {"version": "9.9"},
    "another name": {"name": "peer "},
    "a skill more": {"skills": [{"id": "x", "name": "x", "description": "x", "tags": ["x"]}]},
    "no encryption": {"capabilities": {"streaming": False}},
    "no signature": {"signatures": []},
    "a signature of nobody": {"signatures": [{"protected": "e30", "signature": "AAAA"}]},
    "a broken header": {"signatures": [{"protected": "!!", "signature": "AAAA"}]},
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_of_a_signed_card_is_noticed(change: str) -> None:
    """Whatever was changed."""
    card = MessageToDict(a_card())
    verify_card(ParseDict(card, AgentCard()), KEYS)
    with pytest.raises(CardNotTrusted):
        verify_card(ParseDict(card | CHANGES[change], AgentCard()), KEYS)


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_the_card_does_not_choose_the_algorithm(algorithm: str) -> None:
    """Neither `none` nor a secret that is our public key."""
    card = a_card()
    header = json.dumps({"alg": algorithm, "kid": KEY.id, "typ": "JOSE"}).encode()
    card.signatures[0].protected = base64.urlsafe_b64encode(header).rstrip(b"=").decode()
    card.signatures[0].signature = ""
    with pytest.raises(CardNotTrusted):
        verify_card(card, KEYS)


async def test_the_cards_own_key_address_is_not_followed() -> None:
    """A stranger's signature with a `jku` to their keys proves nothing, and nobody asks there."""
    stranger, asked = SigningKey.fresh(), []

    async def keys(request: web.Request) -> web.StreamResponse:
        asked.append(request.path)
        return web.json_response(stranger.public())

    async def card(request: web.Request) -> web.StreamResponse:
        made = ParseDict(card_json(f"http://{request.host}/"), AgentCard())
        return web.json_response(MessageToDict(signed(made, stranger)))

    client = A2AClient()
    async with peer(keys, card) as endpoint:
        with pytest.raises(NotTrusted):
            await client.card(endpoint.model_copy(update={"card_keys": KEYS}))
    await client.aclose()
    assert asked == []


def test_keys_come_from_jwks_or_pem(tmp_path: Path) -> None:
    """Private parts are dropped, one of several keys is enough, and junk is refused."""
    pem, jwks, junk = (tmp_path / name for name in ("key.pem", "keys.json", "junk"))
    key = SigningKey.kept(pem)
    rsa = RSAKey.generate_key(2048).as_dict(private=False, kid="old")
    jwks.write_text(json.dumps({"keys": [rsa, *key.public()["keys"]]}))
    card = signed(ParseDict(card_json("http://127.0.0.1:1/"), AgentCard()), key)
    for file in (pem, jwks):
        keys = read_keys(file)
        verify_card(card, keys)
        assert '"d"' not in keys
    public = tmp_path / "public.pem"
    public.write_bytes(ECKey.import_key(pem.read_bytes()).as_pem(private=False))
    verify_card(card, read_keys(public))
    for text in ("junk", "{}", '{"keys": []}', '{"keys": [{"kty": "oct", "k": "AAAA"}]}'):
        junk.write_text(text)
        with pytest.raises(KeysUnusable, match="junk"):
            read_keys(junk)
    with pytest.raises(KeysUnusable):
        read_keys(tmp_path / "nothing")


async def test_an_endpoint_keeps_its_card_apart(tmp_path: Path) -> None:
    """A card that was read without a key is not taken for a checked one."""
    client = A2AClient()
    async with signoff_agents(CountingRunner(), free_port()) as endpoint:
        await client.card(endpoint)
        strict: Endpoint = endpoint.model_copy(update={"card_keys": KEYS})
        with pytest.raises(NotTrusted):
            await client.card(strict)
    await client.aclose()
