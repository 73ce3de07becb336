"""The MAC of a payload: what it binds, and what happens to what does not verify."""

import base64
import json
import multiprocessing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.converter import (
    ActivitySerializationContext,
    SerializationContext,
    WorkflowSerializationContext,
)

from storage.errors import KeyMissing, MacKeysUnusable
from storage.payloads.codec import AesGcmCodec
from storage.payloads.mac_codec import (
    KEY,
    MAC,
    NO_MAC,
    PURPOSE,
    UNKNOWN_KEY,
    WRONG_MAC,
    MacCodec,
    is_unverified,
    meant_for,
    unwrapped,
    why,
)
from storage.payloads.mac_keys import AT_ONCE, MacKeyFile

PLAIN = Payload(metadata={"encoding": b"json/plain"}, data=b'{"by": "U0GRACE001"}')
HERE = WorkflowSerializationContext(namespace="default", workflow_id="t-1.analysis.v1")


@pytest.fixture
def keys(tmp_path: Path) -> MacKeyFile:
    """Those of a new installation."""
    return MacKeyFile.kept(tmp_path / "payload-mac.json")


async def sealed(codec: MacCodec, purpose: str = "signal decide") -> Payload:
    """What our client sends."""
    with meant_for(purpose):
        [payload] = await codec.encode([PLAIN])
    return payload


async def opened(codec: MacCodec, payload: Payload) -> Payload:
    """What the worker gets."""
    [found] = await codec.decode([payload])
    return found


def activity(workflow: str, namespace: str = "default") -> ActivitySerializationContext:
    """An activity of this workflow."""
    return ActivitySerializationContext(
        namespace, "1", "prepare", "q", workflow, "W", is_local=False
    )


async def test_a_payload_comes_back_with_its_purpose(keys: MacKeyFile) -> None:
    """Readable where it lies, and the same value again."""
    codec = MacCodec(keys).with_context(HERE)
    payload = await sealed(codec)
    assert payload.data == PLAIN.data
    found = await opened(codec, payload)
    assert dict(found.metadata) == {"encoding": b"json/plain", PURPOSE: b"signal decide"}
    assert found.data == PLAIN.data
    assert await sealed(codec) == payload  # a file of a large one is kept once


@pytest.mark.parametrize(
    "place",
    [
        WorkflowSerializationContext(namespace="default", workflow_id="t-1.strategy.v1"),
        WorkflowSerializationContext(namespace="other", workflow_id="t-1.analysis.v1"),
        activity("t-1.analysis.v1"),
    ],
    ids=["workflow", "namespace", "activity"],
)
async def test_it_counts_in_its_place_only(keys: MacKeyFile, place: SerializationContext) -> None:
    """Neither at another workflow, nor in another namespace, nor as an activity's."""
    codec = MacCodec(keys)
    payload = await sealed(codec.with_context(HERE))
    found = await opened(codec.with_context(place), payload)
    assert is_unverified(found)
    assert why(found) == WRONG_MAC
    assert unwrapped(found, 0) is None
    assert is_unverified(await opened(codec, payload))


@pytest.mark.parametrize("change", ["data", "encoding", "more", PURPOSE, KEY, MAC, "no MAC"])
async def test_nothing_of_it_can_be_changed(keys: MacKeyFile, change: str) -> None:
    """Neither bytes nor metadata; what is left out or added shows, too."""
    codec = MacCodec(keys).with_context(HERE)
    payload = await sealed(codec)
    if change == "data":
        payload.data = payload.data.replace(b"GRACE", b"LINUS")
    elif change == "no MAC":
        del payload.metadata[MAC]
    else:
        payload.metadata[change] = b"x" + payload.metadata.get(change, b"")
    found = await opened(codec, payload)
    assert is_unverified(found)
    assert why(found) == {"no MAC": NO_MAC, KEY: UNKNOWN_KEY}.get(change, WRONG_MAC)


async def test_retired_keys_count_for_what_was_before(tmp_path: Path) -> None:
    """So a replay does what was done, and a stolen old key makes nothing new."""
    keys = MacKeyFile.kept(tmp_path / "keys")
    codec = MacCodec(keys).with_context(HERE)
    before = await sealed(codec)
    retired = keys.rotate(AT_ONCE).keys[0].until
    assert retired is not None
    found = await opened(codec, before)
    assert is_unverified(found)
    inside = unwrapped(found, retired.timestamp() - 1)
    assert inside is not None
    assert (inside.data, inside.metadata[PURPOSE]) == (PLAIN.data, b"signal decide")
    assert unwrapped(found, retired.timestamp()) is None
    assert (await opened(codec, await sealed(codec))).data == PLAIN.data


async def test_every_process_sees_a_rotation(tmp_path: Path) -> None:
    """Without being started anew."""
    mine, others = (MacKeyFile.kept(tmp_path / "keys") for _ in range(2))
    mine.rotate()
    assert others.ring() == mine.ring()
    found = await opened(MacCodec(others), await sealed(MacCodec(mine)))
    assert found.data == PLAIN.data


async def test_plain_payloads_count_for_what_was_before_the_keys(tmp_path: Path) -> None:
    """Only where the installation is older than they are."""
    new = MacCodec(MacKeyFile.kept(tmp_path / "new")).with_context(HERE)
    old = MacCodec(MacKeyFile.kept(tmp_path / "old", older=True)).with_context(HERE)
    now = datetime.now(UTC).timestamp()
    assert unwrapped(await opened(new, PLAIN), 0) is None
    assert unwrapped(await opened(old, PLAIN), now - 60) == PLAIN
    assert unwrapped(await opened(old, PLAIN), now + 60) is None


@pytest.mark.parametrize("read_plain", [True, False])
async def test_with_encryption_nothing_plain_counts(keys: MacKeyFile, read_plain: bool) -> None:
    """Whatever `read_plain` says: it is about our own payloads from before encryption."""
    aes = AesGcmCodec({"k": b"k" * 32}, "k", read_plain=read_plain)
    codec = MacCodec(keys, aes).with_context(HERE)
    payload = await sealed(codec)
    assert b"GRACE" not in payload.SerializeToString()
    assert (await opened(codec, payload)).data == PLAIN.data
    [encrypted] = await AesGcmCodec({"k": b"k" * 32}, "k").encode([PLAIN])
    garbage = Payload(metadata={"encoding": b"binary/encrypted"}, data=b"x" * 40)
    for forged in (PLAIN, encrypted, garbage):
        assert is_unverified(await opened(codec, forged))
    ours_from_before = await sealed(MacCodec(keys).with_context(HERE))
    assert is_unverified(await opened(codec, ours_from_before)) is not read_plain


async def test_a_missing_encryption_key_is_an_error_of_ours_alone(keys: MacKeyFile) -> None:
    """A workflow waits for it; what an outsider made up is dropped."""
    theirs = AesGcmCodec({"gone": b"k" * 32}, "gone")
    ours = MacCodec(keys, AesGcmCodec({"k": b"k" * 32}, "k")).with_context(HERE)
    with pytest.raises(KeyMissing):
        await ours.decode([await sealed(MacCodec(keys, theirs).with_context(HERE))])
    assert is_unverified(await opened(ours, (await theirs.encode([PLAIN]))[0]))


async def test_our_own_mark_is_no_way_in(keys: MacKeyFile) -> None:
    """Somebody who sends a payload that looks as if the codec had wrapped it."""
    fake = Payload(
        metadata={"encoding": b"signoff/unverified", "until": b"inf"},
        data=PLAIN.SerializeToString(),
    )
    assert unwrapped(await opened(MacCodec(keys), fake), 0) is None


def test_the_keys_are_for_their_owner(tmp_path: Path) -> None:
    """Made with mode 0600; opened to others they are refused with a sentence."""
    path = tmp_path / "folder" / "keys"
    MacKeyFile.kept(path)
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o640)
    with pytest.raises(MacKeysUnusable, match="run 'chmod 600' on this file"):
        MacKeyFile.kept(path)


@pytest.mark.parametrize(
    "text", ["", "{}", '{"keys": []}', '{"keys": [{"id": "a", "secret": ""}]}']
)
def test_a_file_without_keys_is_no_installation(tmp_path: Path, text: str) -> None:
    """It is not replaced: everything that runs was signed with what stood there."""
    path = tmp_path / "keys"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(MacKeysUnusable, match="holds no keys of ours"):
        MacKeyFile.kept(path)
    assert path.read_text() == text


def test_of_processes_that_start_at_once_one_makes_the_keys(tmp_path: Path) -> None:
    """The others take its."""
    path = str(tmp_path / "keys")
    with multiprocessing.get_context("fork").Pool(8) as pool:
        found = pool.map(_first_key, [path] * 32)
    assert len(set(found)) == 1


def test_rotation_keeps_the_others(tmp_path: Path) -> None:
    """The file holds all of them, and the new one is as long as it has to be."""
    keys = MacKeyFile.kept(tmp_path / "keys")
    first = keys.ring().current
    ring = keys.rotate(timedelta(hours=1))
    assert ring.keys[0].id == first.id
    kept = json.loads((tmp_path / "keys").read_text())
    assert [len(base64.b64decode(key["secret"])) for key in kept["keys"]] == [32, 32]
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o600
    assert not list(tmp_path.glob(".mac-*"))


def _first_key(path: str) -> str:
    return MacKeyFile.kept(Path(path)).ring().current.id
