"""Which files tasks may read, and what is said about the others."""

import os
from pathlib import Path

import pytest
from slack_sdk.web.async_client import AsyncWebClient
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from agents.inputs.public_web import PublicWeb
from bot.activities.collect_inputs import InputCollector, InputFolders
from bot.config.errors import BadRequest
from storage.payloads.files import PayloadFiles
from workflows.activities import CollectRequest
from workflows.messages.tasks import Source, SourceKind
from workflows.messages.turns import InputFile


@pytest.fixture
def folders(tmp_path: Path) -> InputFolders:
    """One input folder with a file of each sort."""
    data = tmp_path / "data"
    data.mkdir()
    (data / "sales.csv").write_text("a,b\n1,2\n")
    (data / "empty.csv").write_text("")
    (data / "program.exe").write_bytes(b"MZ")
    (tmp_path / "secret.csv").write_text("a\n1\n")
    (data / "link.csv").symlink_to(tmp_path / "secret.csv")
    with (data / "huge.csv").open("wb") as huge:
        os.truncate(huge.fileno(), 300_000_000)
    return InputFolders(tmp_path, (data,), 20_000_000)


@pytest.mark.parametrize("name", ["data/sales.csv", "sales.csv"])
def test_a_file_is_found(folders: InputFolders, name: str) -> None:
    """By its path from the settings file, or from the input folder."""
    assert folders.locate(name).name == "sales.csv"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("data/sale.csv", "There is no file 'data/sale.csv'. Did you mean 'data/sales.csv'?"),
        ("dta/sales.csv", "There is no file"),
        ("data/zzz.pdf", "There is no file 'data/zzz.pdf'. There is 'data/"),
        ("secret.csv", "outside the input folder ('data')"),
        ("../secret.csv", "outside the input folder"),
        ("/etc/passwd", "outside the input folder"),
        ("data/link.csv", "outside the input folder"),
        ("/nowhere/x.csv", "outside the input folder"),
        ("sales.csv\x00.png", "outside the input folder"),
        ("data/empty.csv", "is empty"),
        ("data/huge.csv", "has 300 MB and at most 20 MB are read"),
        ("data/program.exe", "files of this kind are not read"),
    ],
)
def test_others_are_refused_with_a_sentence(folders: InputFolders, name: str, says: str) -> None:
    """The name, and the way out."""
    with pytest.raises(BadRequest) as caught:
        folders.locate(name)
    assert says in str(caught.value)


async def collected(
    folders: InputFolders, tmp_path: Path, *sources: Source
) -> tuple[InputFile, ...]:
    """What the activity gives."""
    payloads = PayloadFiles(tmp_path / "payloads")
    slack = AsyncWebClient(token="xoxb-unused", base_url="http://127.0.0.1:9/api/")
    activities = InputCollector(folders, payloads, PublicWeb(seconds=2), slack)
    request = CollectRequest(task_id="t", sources=sources)
    return await ActivityEnvironment().run(activities.collect_inputs, request)


async def test_inputs_are_kept_by_checksum(folders: InputFolders, tmp_path: Path) -> None:
    """What later steps read is what was there when the task began."""
    source = Source(kind=SourceKind.FILE, value="sales.csv")
    (kept,) = await collected(folders, tmp_path, source)
    (tmp_path / "data/sales.csv").write_text("changed")
    assert await PayloadFiles(tmp_path / "payloads").get(kept.sha256) == b"a,b\n1,2\n"
    assert (kept.name, kept.media_type, kept.size) == ("sales.csv", "text/csv", 8)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (SourceKind.FILE, "nothing.csv"),
        (SourceKind.TEXT, "  \n "),
        (SourceKind.URL, "http://127.0.0.1:1/x.csv"),
        (SourceKind.URL, "http://169.254.169.254/latest/meta-data"),
        (SourceKind.URL, "file:///etc/passwd"),
    ],
)
async def test_unusable_inputs_are_refused_for_good(
    folders: InputFolders, tmp_path: Path, kind: SourceKind, value: str
) -> None:
    """No retry can mend them, and the sentence names the thing."""
    with pytest.raises(ApplicationError) as caught:
        await collected(folders, tmp_path, Source(kind=kind, value=value))
    assert caught.value.non_retryable
    assert caught.value.type == "input"
    assert "\n" not in caught.value.message


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("page.csv", b"<!DOCTYPE html><html><title>Sign in</title></html>", "is a web page"),
        ("long.csv", b"a,b\n1," + b"x" * 140_000 + b"\n", "line 2: a cell has more than 131,072"),
        ("bad.json", b'{"a": 1,\n oops}', "not valid JSON (line 2)"),
        ("bad.pdf", b"no pdf", "cannot be read"),
    ],
)
async def test_what_nobody_can_read_is_no_task(
    folders: InputFolders, tmp_path: Path, name: str, content: bytes, says: str
) -> None:
    """It ends at once with the sentence, before a step begins or anybody is asked."""
    (tmp_path / "data" / name).write_bytes(content)
    with pytest.raises(ApplicationError) as caught:
        await collected(folders, tmp_path, Source(kind=SourceKind.FILE, value=name))
    assert says in caught.value.message
    assert caught.value.non_retryable
    assert caught.value.type == "input"
