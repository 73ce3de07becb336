"""Signed decisions: what holds, what does not, and where the key lives."""

import base64
import json
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import OctKey

from agents.http.signature import BadSignature, KeyUnusable, SigningKey, sign, verify

KEY = SigningKey.fresh()
SAID = {"approval_id": "x-1.approve.v1", "outcome": "approved", "comments": ["schön", "ok"]}
TOKEN = sign(SAID, KEY)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


def encoded(value: object) -> str:
    """As in a token."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@given(st.dictionaries(st.text(), json_values))
def test_what_is_signed_is_what_is_verified(said: dict[str, object]) -> None:
    """For any JSON."""
    assert verify(sign(said, KEY), KEY.public()) == said


def test_any_changed_character_is_noticed() -> None:
    """Header, payload and signature; only bits that encode nothing may differ."""
    for index, before in enumerate(TOKEN):
        after = "A" if before != "A" else "Q"
        changed = TOKEN[:index] + after + TOKEN[index + 1 :]
        try:
            assert verify(changed, KEY.public()) == SAID
        except BadSignature:
            continue
        assert index in {TOKEN.index(".") - 1, TOKEN.rindex(".") - 1, len(TOKEN) - 1}


HEADER, PAYLOAD, SIGNATURE = TOKEN.split(".")
FORGED = {
    "nothing": "",
    "no token": "hello",
    "two parts": f"{HEADER}.{PAYLOAD}",
    "no signature": f"{HEADER}.{PAYLOAD}.",
    "no algorithm": f"{encoded({'alg': 'none', 'typ': 'signoff-decision+jws'})}.{PAYLOAD}.",
    "other payload": f"{HEADER}.{encoded({**SAID, 'outcome': 'rejected'})}.{SIGNATURE}",
    "another key": sign(SAID, SigningKey.fresh()),
    "another type": jws.serialize_compact(
        {"alg": "ES256", "kid": KEY.id, "typ": "JWT"},
        json.dumps(SAID),
        KEY._key,
        algorithms=["ES256"],
    ),
    "shared secret": jws.serialize_compact(
        {"alg": "HS256", "kid": KEY.id, "typ": "signoff-decision+jws"},
        json.dumps(SAID),
        OctKey.import_key(json.dumps(KEY.public())),
        algorithms=["HS256"],
    ),
    "no object": KEY.signed(b"[1]"),
    "no JSON": KEY.signed(b"\xff"),
}


@pytest.mark.parametrize("case", FORGED)
def test_a_forged_token_is_refused(case: str) -> None:
    """With one kind of error, whatever is wrong."""
    with pytest.raises(BadSignature):
        verify(FORGED[case], KEY.public())


@pytest.mark.parametrize("keys", [{"keys": []}, {}, {"keys": [{"kty": "EC"}]}])
def test_unusable_keys_verify_nothing(keys: dict[str, list[dict[str, str]]]) -> None:
    """An empty or broken key set is no reason to believe anything."""
    with pytest.raises(BadSignature):
        verify(TOKEN, keys)


def test_the_key_is_made_once_and_stays(tmp_path: Path) -> None:
    """Mode 0600; the next process signs with the same one."""
    path = tmp_path / "new" / "key.pem"
    first = SigningKey.kept(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert SigningKey.kept(path).id == first.id
    assert list(path.parent.iterdir()) == [path]


def test_processes_that_start_at_once_agree(tmp_path: Path) -> None:
    """The first writer wins."""
    path = tmp_path / "key.pem"
    with ThreadPoolExecutor(8) as pool:
        ids = set(pool.map(lambda _: SigningKey.kept(path).id, range(16)))
    assert len(ids) == 1


@pytest.mark.parametrize("content", [b"", b"nonsense", json.dumps({"kty": "oct"}).encode()])
def test_a_broken_key_file_is_a_sentence(tmp_path: Path, content: bytes) -> None:
    """And never replaced by a new key."""
    path = tmp_path / "key.pem"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(KeyUnusable, match=r"key\.pem holds no usable"):
        SigningKey.kept(path)
    assert path.read_bytes() == content


def test_a_key_others_can_read_is_refused(tmp_path: Path) -> None:
    """With the command that mends it."""
    path = tmp_path / "key.pem"
    SigningKey.kept(path)
    path.chmod(0o644)
    with pytest.raises(KeyUnusable, match="chmod 600"):
        SigningKey.kept(path)


def test_only_public_parts_are_published() -> None:
    """The private number stays here."""
    assert set(KEY.public()["keys"][0]) == {"kty", "crv", "x", "y", "kid", "use", "alg"}
